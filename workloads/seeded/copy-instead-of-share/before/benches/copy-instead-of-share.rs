//! Answers requests for objects.

use copy_instead_of_share::{CHUNK, CHUNKS, Connection, Received, Store, digest, serve};
use perfkit::{Bench, Case, Units};

perfkit::main!(objects);

const OBJECTS: u64 = 20;
const REQUESTS: u64 = 2_000;

struct Clients {
    store: Store,
    connection: Connection,
    requests: Vec<usize>,
    expected: Received,
}

fn objects(bench: &mut Bench) {
    bench
        .workload("copy-instead-of-share")
        .set_up(async |case: &Case| clients(case.seed()))
        .units(|clients| Units::items(REQUESTS).and_bytes(clients.expected.bytes))
        .iterate(async |clients| {
            serve(&clients.store, &mut clients.connection, &clients.requests).await
        })
        .check(|clients, received| {
            if *received == clients.expected && received.chunks >= REQUESTS {
                Ok(())
            } else {
                Err(format!("expected {:?}, got {received:?}", clients.expected))
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
    let mut store = Store::default();
    for _ in 0..OBJECTS {
        let whole = next(CHUNKS as u64);
        let mut lengths = vec![CHUNK as u64; whole as usize];
        lengths.push(1 + next(CHUNK as u64));
        let mut chunk =
            |length: &u64| -> Vec<u8> { (0..*length).map(|_| next(256) as u8).collect() };
        store
            .objects
            .push(lengths.iter().map(|length| chunk(length).into()).collect());
    }
    let requests: Vec<usize> = (0..REQUESTS).map(|_| next(OBJECTS) as usize).collect();
    let mut expected = Received::default();
    for chunk in requests.iter().flat_map(|object| &store.objects[*object]) {
        expected.chunks += 1;
        expected.bytes += chunk.len() as u64;
        expected.digest = expected.digest.wrapping_add(digest(chunk));
    }
    Clients {
        store,
        connection: Connection::open(),
        requests,
        expected,
    }
}
