//! A client asks for summaries, repeats some requests and acknowledges all answers.

use perfkit::{Bench, Case, Units};
use retained_memory::Service;

perfkit::main!(summaries);

const DOCUMENTS: u64 = 8;
const SIZE: usize = 12 * 1024;
const REQUESTS: u64 = 200;

fn summaries(bench: &mut Bench) {
    bench
        .workload("retained-memory")
        .set_up(async |_: &Case| Service::start(DOCUMENTS, SIZE))
        .units(|_| Units::items(REQUESTS))
        .iterate(async |service: &mut Service| service.exchange(REQUESTS).await)
        .check(|service, seen| {
            let expected = service.expected(REQUESTS);
            if *seen == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {seen:?}"))
            }
        });
}
