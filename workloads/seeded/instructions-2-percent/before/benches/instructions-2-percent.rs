//! Answers requests of a shop's clients.

use instructions_2_percent::{Routes, Served, serve};
use perfkit::{Bench, Case, Units};

perfkit::main!(requests);

const REQUESTS: u64 = 12_000;
const PATHS: [&str; 9] = [
    "/",
    "/products",
    "/products/{product}",
    "/products/{product}/reviews",
    "/products/{product}/reviews/{review}",
    "/customers/{customer}/orders",
    "/customers/{customer}/orders/{order}",
    "/customers/{customer}/orders/{order}/invoice",
    "/search/{phrase}",
];

struct Clients {
    routes: Routes,
    requests: Vec<String>,
    hits: Vec<u64>,
    missed: u64,
    first: Served,
}

fn requests(bench: &mut Bench) {
    bench
        .workload("instructions-2-percent")
        .set_up(async |case: &Case| {
            let mut clients = clients(case.seed());
            clients.first = serve(&clients.routes, &clients.requests).await;
            clients
        })
        .units(|_| Units::items(REQUESTS))
        .iterate(async |clients| serve(&clients.routes, &clients.requests).await)
        .check(|clients, served| {
            let is_right = served.hits == clients.hits
                && served.missed == clients.missed
                && served.refused == 0
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
    let mut clients = Clients {
        routes: Routes::new(PATHS),
        requests: Vec::new(),
        hits: vec![0; PATHS.len()],
        missed: 0,
        first: Served::default(),
    };
    for _ in 0..REQUESTS {
        let route = next(PATHS.len() as u64 + 1) as usize;
        let mut target = String::new();
        match PATHS.get(route) {
            Some(path) => clients.hits[route] += u64::from(!path.is_empty()),
            None => clients.missed += 1,
        }
        let path = PATHS
            .get(route)
            .copied()
            .unwrap_or("/baskets/{basket}/items");
        for segment in path.split_inclusive('/') {
            match segment.trim_end_matches('/') {
                "{phrase}" => target.push_str("garden%20chair%20%26%20table%20set"),
                segment if segment.starts_with('{') => {
                    target.push_str(&next(1_000_000).to_string())
                }
                segment => target.push_str(segment),
            }
            if segment.ends_with('/') {
                target.push('/');
            }
        }
        let (page, limit) = (next(40), 20 * (1 + next(5)));
        let method = if next(8) == 0 { "HEAD" } else { "GET" };
        clients.requests.push(format!(
            "{method} {target}?page={page}&limit={limit}&sort=price&fields=name,price,stock&session={}",
            next(1_000_000_000)
        ));
    }
    clients
}
