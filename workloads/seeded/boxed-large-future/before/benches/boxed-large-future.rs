//! Serves sealed documents.

use std::sync::Arc;

use boxed_large_future::{BLOCK, Documents, Served, serve};
use perfkit::{Bench, Case, Units};

perfkit::main!(requests);

const DOCUMENTS: u64 = 200;
const REQUESTS: u64 = 4_000;

struct Clients {
    documents: Arc<Documents>,
    requests: Vec<usize>,
    bytes: u64,
    first: Served,
}

fn requests(bench: &mut Bench) {
    bench
        .workload("boxed-large-future")
        .set_up(async |case: &Case| {
            let mut clients = clients(case.seed());
            clients.first = serve(&clients.documents, &clients.requests).await;
            clients
        })
        .units(|clients| Units::items(REQUESTS).and_bytes(clients.bytes))
        .iterate(async |clients| serve(&clients.documents, &clients.requests).await)
        .check(|clients, served| {
            let is_right = served.requests == REQUESTS
                && served.bytes == clients.bytes
                && *served == clients.first;
            if is_right {
                Ok(())
            } else {
                Err(format!("expected {:?}, got {served:?}", clients.first))
            }
        });
}

fn clients(seed: u64) -> Clients {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let texts: Vec<Vec<u8>> = (0..DOCUMENTS)
        .map(|_| {
            // Most are small.
            let most = if next(10) == 0 { 2 * BLOCK as u64 } else { 900 };
            (0..100 + next(most)).map(|_| next(256) as u8).collect()
        })
        .collect();
    let requests: Vec<usize> = (0..REQUESTS).map(|_| next(DOCUMENTS) as usize).collect();
    Clients {
        bytes: requests.iter().map(|at| texts[*at].len() as u64).sum(),
        documents: Arc::new(Documents { texts }),
        requests,
        first: Served::default(),
    }
}
