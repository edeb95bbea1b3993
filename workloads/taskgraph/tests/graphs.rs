//! Every form computes every graph, and what is no graph or no message does no harm.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::BytesMut;
use taskgraph::client::{Client, expected};
use taskgraph::graph::{self, TaskId, TaskSpec};
use taskgraph::protocol::{Done, Messages, ToServer, WorkerId, encode};
use taskgraph::server::Server;
use taskgraph::stealing::Stealing;
use taskgraph::{Cluster, Switches};
use tokio::io::AsyncWriteExt as _;

const FORMS: [&str; 8] = [
    "story",
    "cured",
    "story+dense-table",
    "story+batched-calls",
    "story+random-placement",
    "story+least-placement",
    "cured+stealing-placement",
    "cured+boxed-table+event-calls",
];

fn on_one_thread<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

#[test]
fn every_form_computes_every_graph() {
    for form in FORMS {
        for (name, graph) in [
            ("merge", graph::merge(50)),
            ("tree", graph::tree(33)),
            ("slow", graph::merge_slow(12, 500)),
            ("one", graph::tree(1)),
            ("nothing", Vec::new()),
        ] {
            for workers in [1, 5] {
                on_one_thread(async {
                    let switches: Switches = form.parse().unwrap();
                    let mut cluster = Cluster::start(switches, workers, graph.clone(), 3);
                    for _ in 0..2 {
                        let done = cluster.compute().await.unwrap();
                        assert_eq!(done, expected(&graph), "{form} {name} {workers}");
                    }
                });
            }
        }
    }
}

#[test]
fn graphs_that_are_none_are_answered_as_empty() {
    let task = |id, inputs: &[u32]| TaskSpec {
        id: TaskId(id),
        key: String::new(),
        micros: 0,
        inputs: inputs.iter().copied().map(TaskId).collect(),
    };
    for graph in [
        vec![task(1, &[])],
        vec![task(0, &[0])],
        vec![task(0, &[]), task(1, &[7])],
    ] {
        let done = on_one_thread(async {
            let mut cluster = Cluster::start(Switches::cured(), 1, graph.clone(), 3);
            cluster.compute().await.unwrap()
        });
        assert_eq!(done, Done::default(), "{graph:?}");
    }
}

#[test]
fn what_is_no_message_ends_its_connection_alone() {
    on_one_thread(async {
        let mut server = Server::start(Switches::cured(), 3);
        let connect = |server: &mut Server| {
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            server.connect(Box::new(ours));
            theirs
        };
        let mut joined = BytesMut::new();
        encode(&ToServer::Join, &mut joined).unwrap();
        let mut garbage = [&joined[..], &[9, 0, 0, 0, 0xc1][..]].concat();
        garbage.extend([0xff; 64]);
        for noise in [&[0xff; 64][..], &garbage] {
            let mut stranger = connect(&mut server);
            stranger.write_all(noise).await.unwrap();
            let nothing = Messages::new(stranger).next::<Done>().await.unwrap();
            assert_eq!(nothing, None);
        }
        let mut client = Client::new(Box::new(connect(&mut server)));
        assert_eq!(client.compute(Vec::new()).await.unwrap(), Done::default());
    });
}

#[test]
fn names_of_variants() {
    assert_eq!("cured".parse(), Ok(Switches::cured()));
    assert_eq!(
        "story+least-placement+dense-table+batched-calls".parse(),
        Ok(Switches::cured())
    );
    assert!("cured+quantum-table".parse::<Switches>().is_err());
    assert!("".parse::<Switches>().is_err());
}

/// A worker that had all the tasks gives half of them to one that had none, and only those that it has not begun.
#[test]
fn tasks_are_stolen() {
    let mut stealing = Stealing::new(3);
    stealing.join();
    for task in 0..6 {
        assert_eq!(stealing.place(TaskId(task)), Some(WorkerId(0)));
    }
    assert_eq!(stealing.balance(), [], "there is nobody else");
    stealing.join();
    let asked = stealing.balance();
    let tasks: Vec<u32> = asked.iter().map(|steal| steal.task.0).collect();
    assert_eq!(tasks, [5, 4, 3]);
    assert!(asked.iter().all(|steal| steal.from == WorkerId(0)));
    assert_eq!(stealing.balance(), [], "all of it is under way");
    assert_eq!(
        stealing.stolen(TaskId(5), WorkerId(0), true),
        Some(WorkerId(1))
    );
    // Begun, and done before the answer came.
    assert_eq!(stealing.stolen(TaskId(4), WorkerId(0), false), None);
    stealing.finish(TaskId(3), WorkerId(0));
    assert_eq!(
        stealing.stolen(TaskId(3), WorkerId(1), false),
        None,
        "nobody asked this one"
    );
    assert_eq!(stealing.stolen(TaskId(3), WorkerId(0), false), None);
    // The second worker has one task and the first one four.
    stealing.finish(TaskId(5), WorkerId(1));
    assert_eq!(stealing.balance().len(), 2);
}
