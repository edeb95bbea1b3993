//! A prediction service under requests, beside a feature store behind TLS; and its model alone.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use perfkit::load::{Latencies, Step, open_loop};
use perfkit::{Bench, Case, Process, Units};
use predict::catalogue::Catalogue;
use predict::certificate::Certificate;
use predict::client::{Client, features};
use predict::message::{Features, ITEMS_OF_REQUEST, Request, requests};
use predict::model::Model;
use predict::service::Service;
use predict::store;
use predict::switches::{Library, Switches};
use predict::tls::Clients;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[cfg(feature = "mimalloc")]
perfkit::main!(allocator = mimalloc::MiMalloc, service, scoring);
#[cfg(all(feature = "jemalloc", not(feature = "mimalloc")))]
perfkit::main!(allocator = tikv_jemallocator::Jemalloc, service, scoring);
#[cfg(not(any(feature = "jemalloc", feature = "mimalloc")))]
perfkit::main!(service, scoring);

const VARIANTS: [&str; 4] = ["cured", "cured+new-client", "story", "story+pooled-client"];
const SEED: u64 = 7;
/// Different requests.
const DIFFERENT: u32 = 16;
/// Requests of one iteration, one after the other.
const REQUESTS: u64 = 16;
/// Requests per second at which a load begins.
const LOWEST: f64 = 5.0;

/// The service, whose store and whose client are other processes.
struct Remote {
    answers: tokio::io::BufReader<tokio::net::UnixStream>,
    _service: Service,
    _store: Process,
    _client: Process,
}

fn service(bench: &mut Bench) {
    bench.process("store", |link| drop(be_store(link)));
    bench.process("client", |link| drop(be_client(link)));
    bench
        .workload("predict")
        .on_request()
        .variants(VARIANTS)
        .seed(SEED)
        .set_up(async |case: &Case| {
            let switches: Switches = case
                .variant()
                .parse()
                .expect("variants are named as the library reads them");
            if switches.tls == Library::OpenSsl && cfg!(not(feature = "openssl")) {
                perfkit::not_available(
                    "this build has no OpenSSL: install libssl-dev and pkg-config, and add `--features predict/openssl`",
                );
            }
            let remote = start(switches).await;
            remote.expect("there are free ports and processes")
        })
        .units(|_| Units::items(REQUESTS))
        .iterate(async |remote: &mut Remote| say(remote, &format!("ask {REQUESTS}")).await)
        .load(LOWEST, async |remote: &mut Remote, step: Step| {
            let line = say(remote, &format!("offer {step}")).await;
            let line = line.map_err(|error| error.to_string())?;
            line.parse::<Latencies>().map_err(|_| format!("the client said {line:?}"))
        })
        .check(|_, done| match done {
            Ok(good) if *good == REQUESTS.to_string() => Ok(()),
            Ok(good) => Err(format!("{good} of {REQUESTS} answers were right")),
            Err(error) => Err(error.to_string()),
        });
}

async fn start(switches: Switches) -> std::io::Result<Remote> {
    let certificate = Certificate::generate().map_err(std::io::Error::other)?;
    let clients = Clients::new(switches, &certificate.pem).map_err(std::io::Error::other)?;
    let store = Process::start("store")?;
    let words = serde_json::to_string(&(&certificate.pem, &certificate.key))?;
    writeln!(store.link(), "{words}")?;
    let mut port = [0; 2];
    store.link().read_exact(&mut port)?;
    let model = Model::trained(SEED);
    let service = Service::start(clients, model, u16::from_le_bytes(port)).await?;
    let client = Process::start("client")?;
    writeln!(client.link(), "{}", service.address())?;
    let link = client.link().try_clone()?;
    link.set_nonblocking(true)?;
    Ok(Remote {
        answers: tokio::io::BufReader::new(tokio::net::UnixStream::from_std(link)?),
        _service: service,
        _store: store,
        _client: client,
    })
}

/// Asks something of the client.
async fn say(remote: &mut Remote, question: &str) -> std::io::Result<String> {
    let question = format!("{question}\n");
    remote
        .answers
        .get_mut()
        .write_all(question.as_bytes())
        .await?;
    let mut line = String::new();
    if remote.answers.read_line(&mut line).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn be_store(link: UnixStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(&link).read_line(&mut line)?;
    let (pem, key): (String, String) = serde_json::from_str(&line)?;
    runtime()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        (&link).write_all(&port.to_le_bytes())?;
        store::run(
            listener,
            &Certificate { pem, key },
            Catalogue::generate(SEED),
        )
        .await
    })
}

fn be_client(link: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(link.try_clone()?).lines();
    let address = lines.next().transpose()?.and_then(|line| line.parse().ok());
    let Some(address) = address else {
        return Ok(());
    };
    let requests = requests(SEED, DIFFERENT);
    let client = Client::new(
        address,
        &requests,
        &Catalogue::generate(SEED),
        &Model::trained(SEED),
    )?;
    let runtime = runtime()?;
    let asked = AtomicUsize::new(0);
    let ask = || client.clone().ask(asked.fetch_add(1, Ordering::Relaxed));
    for line in lines {
        let line = line?;
        let answer = match line.split_once(' ') {
            Some(("ask", count)) => runtime.block_on(async {
                let mut good = 0_u64;
                for _ in 0..count.parse().unwrap_or(0) {
                    good += u64::from(ask().await);
                }
                good.to_string()
            }),
            Some(("offer", step)) => match step.parse() {
                Ok(step) => runtime.block_on(open_loop(step, ask)).to_string(),
                Err(error) => error.to_string(),
            },
            _ => String::new(),
        };
        writeln!(&link, "{answer}")?;
    }
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// What the service does between its sockets: JSON in, the model, JSON out.
fn scoring(bench: &mut Bench) {
    struct Scoring {
        model: Model,
        inputs: Vec<(Vec<u8>, Vec<u8>)>,
        expected: usize,
    }
    bench
        .workload("scoring")
        .seed(SEED)
        .set_up(async |case: &Case| {
            let catalogue = Catalogue::generate(case.seed());
            let model = Model::trained(case.seed());
            let input = |request: &Request| {
                let features = features(request, &catalogue)?;
                Some((
                    serde_json::to_vec(request).ok()?,
                    serde_json::to_vec(&features).ok()?,
                ))
            };
            let inputs: Vec<_> = requests(case.seed(), DIFFERENT)
                .iter()
                .filter_map(input)
                .collect();
            let expected = inputs
                .iter()
                .filter_map(|input| score(&model, input))
                .map(|answer| answer.len())
                .sum();
            Scoring {
                model,
                inputs,
                expected,
            }
        })
        .units(|scoring| Units::items((scoring.inputs.len() * ITEMS_OF_REQUEST) as u64))
        .iterate(async |scoring: &mut Scoring| {
            let inputs = scoring.inputs.iter();
            inputs
                .map(|input| score(&scoring.model, input))
                .collect::<Option<Vec<_>>>()
        })
        .check(|scoring, answers| {
            let answers = answers.as_ref().ok_or("an input is not understood")?;
            let bytes: usize = answers.iter().map(Vec::len).sum();
            if answers.len() == DIFFERENT as usize && bytes == scoring.expected {
                Ok(())
            } else {
                Err(format!(
                    "{bytes} B of answers instead of {}",
                    scoring.expected
                ))
            }
        });
}

fn score(model: &Model, (request, features): &(Vec<u8>, Vec<u8>)) -> Option<Vec<u8>> {
    let request: Request = serde_json::from_slice(request).ok()?;
    let features: Features = serde_json::from_slice(features).ok()?;
    serde_json::to_vec(&model.predict(&request, &features)).ok()
}
