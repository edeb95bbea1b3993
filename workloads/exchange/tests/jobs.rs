//! Every variant computes the same, and what references computed without an exchange say.

use exchange::cluster::Layout;
use exchange::pagerank::{self, Graph};
use exchange::record::{decode, encode, route};
use exchange::shuffle::{self, Shuffle, Tally};
use exchange::slab::SlabPool;
use exchange::switches::UnknownVariant;
use exchange::{Cluster, Switches};

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
    let unknown = Err(UnknownVariant {
        part: "pooled".to_owned(),
    });
    assert_eq!("pooled".parse::<Switches>(), unknown);
}
