//! Shuffles records between four workers, and runs PageRank over the same exchange.

use exchange::Cluster;
use exchange::cluster::Layout;
use exchange::pagerank::{self, Graph};
use exchange::shuffle::{self, Shuffle, Tally};
use perfkit::{Bench, Case, Units};

perfkit::main!(shuffled, ranked);

const WORKERS: usize = 4;
const JOB: Shuffle = Shuffle {
    rounds: 64,
    records: 4_096,
};
const PAGERANK_ROUNDS: u32 = 10;
/// Jobs until no channel takes another block: one that has never been as full as it can get grows once more.
const SETTLING: u32 = 4;

struct Exchange {
    cluster: Cluster,
    tallies: Vec<Tally>,
    ranks: Vec<f64>,
}

fn shuffled(bench: &mut Bench) {
    bench
        .workload("exchange")
        .variants(["story", "cured", "story+typed", "cured+typed"])
        .seed(7)
        .set_up(async |case: &Case| {
            let mut exchange = start(case);
            for _ in 0..SETTLING {
                let settled = exchange.cluster.shuffle(JOB).await;
                settled.expect("no worker has left");
            }
            exchange
        })
        .units(|_| {
            let records = WORKERS as u64 * u64::from(JOB.rounds) * u64::from(JOB.records);
            Units::items(records).and_bytes(records * exchange::record::RECORD_BYTES as u64)
        })
        .iterate(async |exchange: &mut Exchange| exchange.cluster.shuffle(JOB).await)
        .check(|exchange, tallies| match tallies {
            Ok(tallies) if *tallies == exchange.tallies => Ok(()),
            Ok(tallies) => Err(format!("expected {:?}, got {tallies:?}", exchange.tallies)),
            Err(error) => Err(error.to_string()),
        });
}

fn ranked(bench: &mut Bench) {
    bench
        .workload("pagerank")
        .variants(["story", "cured"])
        .seed(7)
        .set_up(async |case: &Case| {
            let mut exchange = start(case);
            for _ in 0..SETTLING {
                let settled = exchange.cluster.pagerank(PAGERANK_ROUNDS).await;
                settled.expect("no worker has left");
            }
            exchange
        })
        .units(|exchange: &Exchange| {
            Units::items(exchange.cluster.graph().edges() as u64 * u64::from(PAGERANK_ROUNDS))
        })
        .iterate(async |exchange: &mut Exchange| exchange.cluster.pagerank(PAGERANK_ROUNDS).await)
        .check(|exchange, ranks| {
            let ranks = ranks.as_ref().map_err(ToString::to_string)?;
            // Single precision, summed in another order than the reference.
            let wrong = |(rank, expected): &(&f32, &f64)| {
                (f64::from(**rank) - **expected).abs() > 1e-4 * **expected
            };
            match ranks
                .iter()
                .zip(&exchange.ranks)
                .enumerate()
                .find(|(_, pair)| wrong(pair))
            {
                Some((node, (rank, expected))) => {
                    Err(format!("node {node} has rank {rank} instead of {expected}"))
                }
                None => Ok(()),
            }
        });
}

fn start(case: &Case) -> Exchange {
    let switches = case
        .variant()
        .parse()
        .expect("variants are named as the library reads them");
    let graph = Graph::generate(case.seed(), 4_000, 8);
    Exchange {
        tallies: shuffle::reference(JOB, case.seed(), WORKERS),
        ranks: pagerank::reference(&graph, PAGERANK_ROUNDS),
        cluster: Cluster::new(
            Layout {
                workers: WORKERS,
                batch: 64,
                seed: case.seed(),
                graph,
            },
            switches,
        ),
    }
}
