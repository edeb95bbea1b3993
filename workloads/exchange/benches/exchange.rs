//! Shuffles records between workers of one process and of two, sends them to all, runs PageRank over the same exchange, and
//! does a shuffle with `timely` beside it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;

use exchange::cluster::Layout;
use exchange::pagerank::{self, Graph};
use exchange::shuffle::{self, Shuffle, Tally};
use exchange::{Cluster, Switches};
use perfkit::{Bench, Case, Process, Runtime, Units};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

mod beside;

perfkit::main!(shuffled, ranked, sent_to_all, across, paired);

const SEED: u64 = 7;
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
        .variants([
            "story",
            "cured",
            "story+typed",
            "cured+typed",
            "cured+fresh",
        ])
        .seed(SEED)
        .set_up(async |case: &Case| {
            let mut exchange = start(case);
            for _ in 0..SETTLING {
                let settled = exchange.cluster.shuffle(JOB).await;
                settled.expect("no worker has left");
            }
            exchange
        })
        .units(|_| units(JOB, WORKERS))
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
        .seed(SEED)
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

/// Every worker's records go to all workers.
fn sent_to_all(bench: &mut Bench) {
    const JOB: Shuffle = Shuffle {
        rounds: 16,
        records: 4_096,
    };
    bench
        .workload("broadcast")
        .variants([
            "story",
            "cured",
            "story+one-message",
            "cured+point-to-point",
        ])
        .seed(SEED)
        .set_up(async |case: &Case| {
            let mut cluster = Cluster::new(layout(case.seed(), WORKERS, 64), switches(case));
            for _ in 0..SETTLING {
                let settled = cluster.broadcast(JOB).await;
                settled.expect("no worker has left");
            }
            let tally = shuffle::broadcast_reference(JOB, case.seed(), WORKERS);
            (cluster, vec![tally; WORKERS])
        })
        .units(|_| units(JOB, WORKERS * WORKERS))
        .iterate(async |(cluster, _): &mut (Cluster, _)| cluster.broadcast(JOB).await)
        .check(|(_, expected), tallies| match tallies {
            Ok(tallies) if tallies == expected => Ok(()),
            Ok(tallies) => Err(format!("expected {expected:?}, got {tallies:?}")),
            Err(error) => Err(error.to_string()),
        });
}

/// Half of the workers are in another process.
struct Across {
    cluster: Cluster,
    tallies: Vec<Tally>,
    answers: tokio::io::BufReader<tokio::net::UnixStream>,
    _other: Process,
}

fn across(bench: &mut Bench) {
    bench.process("other", |link| drop(be_other(link)));
    bench
        .workload("exchange-tcp")
        .on_request()
        .variants(["story", "cured"])
        .seed(SEED)
        .set_up(async |case: &Case| {
            let across = start_across(case).await;
            across.expect("there are free ports and processes")
        })
        .units(|_| units(JOB, WORKERS / 2))
        .iterate(async |across: &mut Across| run_across(across).await)
        .check(|across, done| match done {
            Ok((tallies, other)) if *tallies == across.tallies && other == "right" => Ok(()),
            Ok((tallies, other)) => Err(format!(
                "expected {:?}, got {tallies:?}; the other half is {other}",
                across.tallies
            )),
            Err(error) => Err(error.to_string()),
        });
}

async fn start_across(case: &Case) -> std::io::Result<Across> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let other = Process::start("other")?;
    let port = listener.local_addr()?.port();
    writeln!(other.link(), "{port} {} {}", case.seed(), case.variant())?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    let layout = layout(case.seed(), WORKERS, 64);
    let mut tallies = shuffle::reference(JOB, case.seed(), WORKERS);
    tallies.truncate(WORKERS / 2);
    let link = other.link().try_clone()?;
    link.set_nonblocking(true)?;
    Ok(Across {
        cluster: Cluster::across(layout, switches(case), 0..WORKERS / 2, stream),
        tallies,
        answers: tokio::io::BufReader::new(tokio::net::UnixStream::from_std(link)?),
        _other: other,
    })
}

/// Both halves run the job at once.
async fn run_across(across: &mut Across) -> std::io::Result<(Vec<Tally>, String)> {
    across.answers.get_mut().write_all(b"shuffle\n").await?;
    let tallies = across.cluster.shuffle(JOB).await;
    let mut line = String::new();
    if across.answers.read_line(&mut line).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let tallies = tallies.map_err(std::io::Error::other)?;
    Ok((tallies, line.trim_end().to_owned()))
}

/// The other half of the workers, which runs the job whenever a line comes.
fn be_other(link: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(link.try_clone()?).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(());
    };
    let words: Vec<&str> = first.split(' ').collect();
    let [port, seed, variant] = words.as_slice() else {
        return Ok(());
    };
    let (Ok(port), Ok(seed), Ok(switches)) = (
        port.parse::<u16>(),
        seed.parse(),
        variant.parse::<Switches>(),
    ) else {
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut cluster = runtime.block_on(async {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let here = WORKERS / 2..WORKERS;
        std::io::Result::Ok(Cluster::across(
            layout(seed, WORKERS, 64),
            switches,
            here,
            stream,
        ))
    })?;
    let expected = shuffle::reference(JOB, seed, WORKERS).split_off(WORKERS / 2);
    for line in lines {
        line?;
        let is_right = runtime
            .block_on(cluster.shuffle(JOB))
            .is_ok_and(|tallies| tallies == expected);
        writeln!(&link, "{}", if is_right { "right" } else { "wrong" })?;
    }
    Ok(())
}

/// Two workers on two threads: this exchange, and `timely`.
fn paired(bench: &mut Bench) {
    const PAIR: usize = 2;
    const JOB: Shuffle = Shuffle {
        rounds: 16,
        records: 131_072,
    };
    struct Pair {
        /// None where `timely` runs.
        cluster: Option<Cluster>,
        seed: u64,
        tallies: Vec<Tally>,
    }
    bench
        .workload("exchange-pair")
        .on_request()
        .variants(["cured+typed", "timely", "cured", "story"])
        .runtimes([Runtime::MultiThread(PAIR)])
        .seed(SEED)
        .set_up(async |case: &Case| Pair {
            cluster: (!case.is("timely")).then(|| {
                // As many bytes as timely puts in a message.
                Cluster::new(layout(case.seed(), PAIR, beside::BATCH), switches(case))
            }),
            seed: case.seed(),
            tallies: shuffle::reference(JOB, case.seed(), PAIR),
        })
        .units(|_| units(JOB, PAIR))
        .iterate(async |pair: &mut Pair| match &mut pair.cluster {
            Some(cluster) => {
                let tallies = cluster.shuffle(JOB).await;
                tallies.map_err(|error| error.to_string())
            }
            None => beside::shuffle(JOB, pair.seed, PAIR),
        })
        .check(|pair, tallies| match tallies {
            // Sums of these values are whole numbers, and exact in any order.
            Ok(tallies) if *tallies == pair.tallies => Ok(()),
            Ok(tallies) => Err(format!("expected {:?}, got {tallies:?}", pair.tallies)),
            Err(error) => Err(error.clone()),
        });
}

fn units(job: Shuffle, workers: usize) -> Units {
    let records = workers as u64 * u64::from(job.rounds) * u64::from(job.records);
    Units::items(records).and_bytes(records * exchange::record::RECORD_BYTES as u64)
}

fn switches(case: &Case) -> Switches {
    let switches = case.variant().parse();
    switches.expect("variants are named as the library reads them")
}

/// Without a graph.
fn layout(seed: u64, workers: usize, batch: usize) -> Layout {
    Layout {
        workers,
        batch,
        seed,
        graph: Graph::generate(seed, 1, 1),
    }
}

fn start(case: &Case) -> Exchange {
    let switches = switches(case);
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
