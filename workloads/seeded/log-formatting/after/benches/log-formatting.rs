//! Reads and changes settings.

use std::collections::BTreeMap;

use log_formatting::{Seen, Store, serve};
use perfkit::{Bench, Case, Units};

perfkit::main!(settings);

const REQUESTS: u64 = 10_000;
const SETTINGS: u64 = 1_200;

struct Clients {
    lines: Vec<String>,
    store: Store,
    values: u64,
    digest: u64,
}

fn settings(bench: &mut Bench) {
    bench
        .workload("log-formatting")
        .set_up(async |case: &Case| clients(case.seed()))
        .units(|_| Units::items(REQUESTS))
        .iterate(async |clients| serve(clients.store.clone(), &clients.lines).await)
        .check(|clients, seen| {
            let expected = Seen {
                answers: REQUESTS,
                values: clients.values,
                refused: 0,
                digest: clients.digest,
            };
            if *seen == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {seen:?}"))
            }
        });
}

/// Writes requests, and what has to be answered.
fn clients(seed: u64) -> Clients {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let name = |number: u64| format!("service{}.section{}.key{number}", number % 30, number % 7);
    let settings: Vec<_> = (0..SETTINGS)
        .map(|number| (name(number), format!("value {number} as it was delivered")))
        .collect();
    let mut now: BTreeMap<String, String> = settings.iter().cloned().collect();
    let mut clients = Clients {
        lines: Vec::new(),
        store: Store::new(settings),
        values: 0,
        digest: 0,
    };
    for request in 0..REQUESTS {
        let name = name(next(SETTINGS));
        match next(10) {
            0..7 => {
                clients.values += 1;
                clients.digest = mix(clients.digest, now[&name].as_bytes());
                clients.lines.push(format!("get {name}"));
            }
            7..9 => {
                let value = format!("value of request {request} at {}", next(1_000_000));
                clients.lines.push(format!("set {name} {value}"));
                clients.values += 1;
                let old = now.insert(name, value).unwrap_or_default();
                clients.digest = mix(clients.digest, old.as_bytes());
            }
            _ => {
                let (prefix, _) = name.rsplit_once('.').unwrap_or_default();
                let count = now.keys().filter(|name| name.starts_with(prefix)).count();
                clients.digest = mix(clients.digest, &count.to_le_bytes());
                clients.lines.push(format!("count {prefix}"));
            }
        }
    }
    clients
}

fn mix(digest: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(digest, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
