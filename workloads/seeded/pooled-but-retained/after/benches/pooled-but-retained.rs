//! Reads series of measurements in several sessions.

use perfkit::{Bench, Case, Units};
use pooled_but_retained::{Received, Request, Server};

perfkit::main!(sessions);

const SESSIONS: u64 = 16;
const REQUESTS: u64 = 450;
const SERIES: u64 = 50;
const VALUES: u64 = 4_000;

struct Clients {
    server: Server,
    requests: Vec<Vec<Request>>,
    expected: Vec<Received>,
}

fn sessions(bench: &mut Bench) {
    bench
        .workload("pooled-but-retained")
        .set_up(async |case: &Case| clients(case.seed()).await)
        .units(|_| Units::items(SESSIONS * REQUESTS))
        .iterate(async |clients| {
            let mut received = [Received::default(); SESSIONS as usize];
            for (received, requests) in received.iter_mut().zip(&clients.requests) {
                *received = clients.server.serve(requests).await;
            }
            received
        })
        .check(|clients, received| {
            let is_right = received.iter().all(|session| session.answers == REQUESTS)
                && received.as_slice() == clients.expected;
            if is_right {
                Ok(())
            } else {
                Err(format!("expected {:?}, got {received:?}", clients.expected))
            }
        });
}

async fn clients(seed: u64) -> Clients {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut series = Vec::new();
    for _ in 0..SERIES {
        let mut value = next(20_000) as i32;
        let mut step = || {
            value += next(120) as i32 - 60;
            value
        };
        series.push((0..VALUES).map(|_| step()).collect());
    }
    let mut fetch = |_| Request::Fetch {
        series: next(SERIES) as usize,
        from: next(VALUES - 250) as usize,
        count: 100 + next(150) as usize,
    };
    let requests: Vec<Vec<_>> = (0..SESSIONS)
        .map(|_| (0..REQUESTS).map(&mut fetch).collect())
        .collect();
    let mut other = Server::new(series.clone());
    let mut expected = Vec::new();
    for requests in &requests {
        expected.push(other.serve(requests).await);
    }
    Clients {
        server: Server::new(series),
        requests,
        expected,
    }
}
