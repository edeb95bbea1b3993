//! Schedules graphs of tiny tasks on 1 to 191 workers that answer at once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;

use perfkit::{Bench, Case, Process, Units};
use taskgraph::client::{Client, expected};
use taskgraph::protocol::Done;
use taskgraph::server::Server;
use taskgraph::switches::Table as Kept;
use taskgraph::table::Table;
use taskgraph::{Cluster, Switches, graph, worker};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

perfkit::main!(in_memory, over_tcp, slow_tasks, task_table);

/// Tasks that the last one of the graph needs.
const TASKS: u32 = 2_000;
/// Numbers of workers.
const WORKERS: [u64; 4] = [1, 8, 64, 191];
/// The same over TCP, where the server alone is measured.
const OVER_TCP: Graph = Graph {
    tasks: 10_000,
    micros: 0,
};
/// Tasks that take their time, as those of users do: 50 ms of work for eight workers.
const SLOW: Graph = Graph {
    tasks: 200,
    micros: 2_000,
};
const SLOW_WORKERS: u64 = 8;
/// Tasks of the table alone.
const TABLE_TASKS: u32 = 20_000;

/// The story, its cure, the story with one of them, and the cure with one switch back.
const VARIANTS: [&str; 7] = [
    "story",
    "cured",
    "story+dense-table",
    "story+batched-calls",
    "cured+scan-placement",
    "cured+boxed-table",
    "cured+event-calls",
];

/// What a client submits.
#[derive(Clone, Copy)]
struct Graph {
    tasks: u32,
    micros: u32,
}

impl Graph {
    fn specs(self) -> Vec<graph::TaskSpec> {
        graph::merge_slow(self.tasks, self.micros)
    }
}

/// Those of slow tasks, and how they are spread.
const SLOW_VARIANTS: [&str; 6] = [
    "story",
    "cured",
    "story+dense-table",
    "story+batched-calls",
    "cured+random-placement",
    "cured+stealing-placement",
];

fn in_memory(bench: &mut Bench) {
    bench
        .workload("taskgraph")
        .variants(VARIANTS)
        .args(WORKERS)
        .seed(7)
        .set_up(async |case: &Case| {
            let graph = graph::merge(TASKS);
            Cluster::start(switches(case), case.arg() as u32, graph, case.seed())
        })
        .units(|cluster| Units::items(cluster.graph().len() as u64))
        .before_each(async |cluster: &mut Cluster| {
            cluster
                .renew()
                .await
                .expect("pipes in memory do not break off");
        })
        .iterate(async |cluster: &mut Cluster| cluster.compute().await)
        .check(|cluster, done| match done {
            Ok(done) => cluster.check(done),
            Err(error) => Err(error.to_string()),
        });
}

/// A server whose workers and whose client are other processes.
struct Remote {
    _client: Process,
    answers: tokio::io::BufReader<tokio::net::UnixStream>,
    expected: Done,
    _workers: Process,
    _server: Server,
}

fn over_tcp(bench: &mut Bench) {
    bench.process("workers", |link| drop(be_workers(link)));
    bench.process("client", |link| drop(be_client(link)));
    bench
        .workload("taskgraph-tcp")
        .on_request()
        .variants(VARIANTS)
        .args(WORKERS)
        .seed(7)
        .set_up(async |case: &Case| {
            let remote = start(case, OVER_TCP, case.arg()).await;
            remote.expect("there are free ports and processes")
        })
        .units(|remote| Units::items(remote.expected.tasks))
        .iterate(async |remote: &mut Remote| compute(remote).await)
        .check(check);
}

/// What users wait for: where tasks take their time, the scheduler's is not seen.
fn slow_tasks(bench: &mut Bench) {
    bench
        .workload("taskgraph-slow")
        .on_request()
        .variants(SLOW_VARIANTS)
        .seed(7)
        .set_up(async |case: &Case| {
            let remote = start(case, SLOW, SLOW_WORKERS).await;
            remote.expect("there are free ports and processes")
        })
        .units(|remote| Units::items(remote.expected.tasks))
        .iterate(async |remote: &mut Remote| compute(remote).await)
        .check(check);
}

fn check(remote: &Remote, done: &std::io::Result<Done>) -> Result<(), String> {
    match done {
        Ok(done) if *done == remote.expected => Ok(()),
        Ok(done) => Err(format!("expected {:?}, got {done:?}", remote.expected)),
        Err(error) => Err(error.to_string()),
    }
}

async fn start(case: &Case, graph: Graph, workers: u64) -> std::io::Result<Remote> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let mut server = Server::start(switches(case), case.seed());
    let count = workers as u32;
    let workers = Process::start("workers")?;
    writeln!(workers.link(), "{port} {count}")?;
    server.accept(&listener, count).await?;
    let client = Process::start("client")?;
    writeln!(client.link(), "{port} {} {}", graph.tasks, graph.micros)?;
    server.accept(&listener, 1).await?;
    let link = client.link().try_clone()?;
    link.set_nonblocking(true)?;
    Ok(Remote {
        answers: tokio::io::BufReader::new(tokio::net::UnixStream::from_std(link)?),
        expected: expected(&graph.specs()),
        _client: client,
        _workers: workers,
        _server: server,
    })
}

/// Lets the client compute the graph once.
async fn compute(remote: &mut Remote) -> std::io::Result<Done> {
    remote.answers.get_mut().write_all(b"compute\n").await?;
    let mut line = String::new();
    remote.answers.read_line(&mut line).await?;
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    let (Some(tasks), Some(bytes)) = (numbers.next(), numbers.next()) else {
        return Err(std::io::Error::other(format!("the client said {line:?}")));
    };
    Ok(Done { tasks, bytes })
}

/// All workers, in one process.
fn be_workers(link: UnixStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(&link).read_line(&mut line)?;
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    let (Some(port), Some(count)) = (numbers.next(), numbers.next()) else {
        return Ok(());
    };
    runtime()?.block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..count {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            stream.set_nodelay(true)?;
            running.spawn(worker::work(Box::new(stream)));
        }
        while running.join_next().await.is_some() {}
        Ok(())
    })
}

/// A client that computes the graph whenever a line comes.
fn be_client(link: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(link.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut numbers = first.split(' ').filter_map(|word| word.parse().ok());
    let (Some(port), Some(tasks), Some(micros)) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return Ok(());
    };
    let port = u16::try_from(port).map_err(std::io::Error::other)?;
    let graph = Graph { tasks, micros }.specs();
    let runtime = runtime()?;
    let mut client = runtime.block_on(async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        std::io::Result::Ok(Client::new(Box::new(stream)))
    })?;
    for line in lines {
        line?;
        let done = runtime.block_on(client.compute(graph.clone()))?;
        writeln!(&link, "{} {}", done.tasks, done.bytes)?;
    }
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// The table alone: every task is added, looked up, assigned and finished, and nothing is sent.
fn task_table(bench: &mut Bench) {
    bench
        .workload("task-table")
        .variants(["boxed-table", "dense-table"])
        .set_up(async |case: &Case| {
            let kept = if case.is("dense-table") {
                Kept::Dense
            } else {
                Kept::Boxed
            };
            (Table::new(kept), graph::tree(TABLE_TASKS))
        })
        .units(|(_, graph)| Units::items(graph.len() as u64))
        .iterate(async |(table, graph)| go_through(table, graph.clone()))
        .check(|(_, graph), done| match done {
            Some(done) if *done == graph.len() => Ok(()),
            done => Err(format!("{done:?} tasks instead of {}", graph.len())),
        });
}

fn go_through(table: &mut Table, graph: Vec<graph::TaskSpec>) -> Option<usize> {
    table.clear();
    let mut ready = table.add(graph)?;
    let mut done = 0;
    while let Some(task) = ready.pop() {
        table.assign(task, taskgraph::protocol::WorkerId(0));
        std::hint::black_box(table.inputs(task));
        ready.extend(table.finish(task)?);
        done += 1;
    }
    Some(done)
}

fn switches(case: &Case) -> Switches {
    let switches = case.variant().parse();
    switches.expect("variants are named as the library reads them")
}
