//! Every variant computes the same, and what references computed without an exchange say.

use exchange::cluster::Layout;
use exchange::pagerank::{self, Graph};
use exchange::record::{decode, encode, route};
use exchange::shuffle::{self, Shuffle, Tally};
use exchange::slab::SlabPool;
use exchange::switches::{Broadcast, UnknownVariant};
use exchange::{Cluster, Switches};
use std::net::Ipv4Addr;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

const VARIANTS: [&str; 4] = ["story", "cured", "story+typed", "cured+typed"];

fn layout(workers: usize, batch: usize) -> Layout {
    Layout {
        workers,
        batch,
        seed: 7,
        graph: Graph::generate(7, 300, 5),
    }
}

#[test]
fn every_variant_computes_the_reference_on_both_runtimes() {
    let single = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let multi = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for (workers, batch, records) in [(1, 1, 10), (3, 7, 100), (4, 64, 1_000), (5, 64, 0)] {
        let job = Shuffle { rounds: 3, records };
        let tallies = shuffle::reference(job, 7, workers);
        let graph = layout(workers, batch).graph;
        let ranks = pagerank::reference(&graph, 8);
        for variant in VARIANTS {
            for runtime in [&single, &multi] {
                runtime.block_on(async {
                    let mut cluster =
                        Cluster::new(layout(workers, batch), variant.parse().unwrap());
                    // The second run uses memory that the first one has returned.
                    for _ in 0..2 {
                        assert_eq!(cluster.shuffle(job).await.unwrap(), tallies, "{variant}");
                        for (rank, expected) in
                            cluster.pagerank(8).await.unwrap().iter().zip(&ranks)
                        {
                            assert!(
                                (f64::from(*rank) - expected).abs() <= 1e-4 * expected,
                                "{variant}"
                            );
                        }
                    }
                });
            }
        }
    }
}

#[test]
fn every_variant_broadcasts_the_reference() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (workers, batch, records) in [(1, 1, 10), (3, 7, 100), (4, 64, 1_000), (5, 64, 0)] {
        let job = Shuffle { rounds: 3, records };
        let expected = shuffle::broadcast_reference(job, 7, workers);
        for variant in [
            "story",
            "cured",
            "story+one-message",
            "cured+point-to-point",
            "cured+typed",
        ] {
            runtime.block_on(async {
                let mut cluster = Cluster::new(layout(workers, batch), variant.parse().unwrap());
                for _ in 0..2 {
                    let tallies = cluster.broadcast(job).await.unwrap();
                    assert_eq!(tallies, vec![expected; workers], "{variant}");
                }
            });
        }
    }
}

/// Both ends of a bridge, here in one process and over TCP.
#[test]
fn workers_of_two_processes_compute_the_reference() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let (workers, job) = (
        5,
        Shuffle {
            rounds: 4,
            records: 500,
        },
    );
    let tallies = shuffle::reference(job, 7, workers);
    let everything = shuffle::broadcast_reference(job, 7, workers);
    for variant in ["story", "cured", "cured+typed", "story+one-message"] {
        let switches: Switches = variant.parse().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let (there, here) = tokio::join!(TcpStream::connect(address), listener.accept());
            let (there, (here, _)) = (there.unwrap(), here.unwrap());
            let mut left = Cluster::across(layout(workers, 64), switches, 0..2, here);
            let mut right = Cluster::across(layout(workers, 64), switches, 2..workers, there);
            for _ in 0..2 {
                let (of_left, of_right) = tokio::join!(left.shuffle(job), right.shuffle(job));
                let both = [of_left.unwrap(), of_right.unwrap()].concat();
                assert_eq!(both, tallies, "{variant}");
                let (of_left, of_right) = tokio::join!(left.broadcast(job), right.broadcast(job));
                let both = [of_left.unwrap(), of_right.unwrap()].concat();
                assert_eq!(both, vec![everything; workers], "{variant}");
            }
            // A peer that leaves ends the job of the other.
            drop(right);
            assert!(left.shuffle(job).await.is_err(), "{variant}");
        });
    }
}

/// What no peer of this kind sends ends the bridge, and so the job, and nothing else.
#[test]
fn strangers_end_the_job() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let frame = |from: u32, to: u32, length: u32| [from, to, length].map(u32::to_le_bytes).concat();
    // A way that is not here, a message that is too long, and half of a header.
    for bytes in [frame(0, 0, 8), frame(1, 0, 1 << 30), vec![1, 0, 0]] {
        runtime.block_on(async {
            let (here, mut there) = tokio::io::duplex(1_024);
            let mut cluster = Cluster::across(layout(2, 64), Switches::cured(), 0..1, here);
            there.write_all(&bytes).await.unwrap();
            drop(there);
            let job = Shuffle {
                rounds: 1,
                records: 10,
            };
            assert!(cluster.shuffle(job).await.is_err(), "{bytes:?}");
        });
    }
}

#[test]
fn a_reference_counts_everything_once() {
    let tallies = shuffle::reference(
        Shuffle {
            rounds: 2,
            records: 500,
        },
        1,
        4,
    );
    assert_eq!(tallies.iter().map(|tally| tally.count).sum::<u64>(), 4_000);
    assert!(
        tallies.iter().all(|tally| tally.count > 800),
        "hashing spreads the keys: {tallies:?}"
    );
    assert_eq!(
        shuffle::reference(
            Shuffle {
                rounds: 0,
                records: 5
            },
            1,
            2
        ),
        [Tally::default(); 2]
    );
    let ranks = pagerank::reference(&Graph::generate(3, 100, 4), 20);
    assert!((ranks.iter().sum::<f64>() - 100.0).abs() < 1e-6);
}

#[test]
fn records_survive_encoding() {
    let records = [(0, 0.0), (u32::MAX, -1.5), (7, f32::MAX)];
    let mut bytes: Vec<u8> = records.iter().flat_map(|record| encode(*record)).collect();
    bytes.push(1);
    assert_eq!(decode(&bytes).collect::<Vec<_>>(), records);
    assert!((0..1_000).all(|key| route(key, 3) < 3));
}

#[test]
fn a_slab_comes_back_when_its_last_reader_has_gone() {
    let mut pool = SlabPool::new(16, 4);
    let pieces = |pool: &mut SlabPool| -> Vec<_> {
        (0..4_u8)
            .map(|byte| {
                let mut piece = pool.take();
                assert_eq!(piece, [0; 16][..]);
                piece.fill(byte);
                piece.freeze()
            })
            .collect()
    };
    let first = pieces(&mut pool);
    let last_reader = first[2].clone();
    drop(first);
    let second = pieces(&mut pool);
    let third = pieces(&mut pool);
    assert_eq!(pool.allocated(), 3);
    assert_eq!(last_reader, [2; 16][..]);
    drop((last_reader, second, third));
    for _ in 0..10 {
        pieces(&mut pool);
    }
    assert_eq!(pool.allocated(), 3);
}

#[test]
fn variant_names_are_checked() {
    assert_eq!("cured".parse(), Ok(Switches::cured()));
    let unknown = |part: &str| {
        Err(UnknownVariant {
            part: part.to_owned(),
        })
    };
    assert_eq!("pooled".parse::<Switches>(), unknown("pooled"));
    assert_eq!("story+slabs".parse::<Switches>(), unknown("slabs"));
    let one_message = Switches {
        broadcast: Broadcast::OneMessage,
        ..Switches::story()
    };
    assert_eq!("story+one-message".parse(), Ok(one_message));
}
