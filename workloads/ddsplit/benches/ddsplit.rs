//! Splits three records over six servers and answers 48 queries, in memory and over TCP.

use ddsplit::{Cluster, Input, Shape, Transport};
use perfkit::{Bench, Case, Units};

perfkit::main!(in_memory, over_tcp);

/// The story, its cure, and the cure with one switch back.
const VARIANTS: [&str; 6] = [
    "story",
    "cured",
    "cured+inline-error",
    "cured+inline-query",
    "cured+dynamic-dispatch",
    "cured+unbuffered-io",
];

fn in_memory(bench: &mut Bench) {
    declare(bench, "ddsplit", Transport::Memory);
}

fn over_tcp(bench: &mut Bench) {
    declare(bench, "ddsplit-tcp", Transport::Tcp);
}

fn declare(bench: &mut Bench, name: &str, transport: Transport) {
    let workload = bench.workload(name);
    let workload = match transport {
        Transport::Memory => workload,
        // What a socket delivers depends on the moment.
        Transport::Tcp => workload.on_request(),
    };
    workload
        .variants(VARIANTS)
        .seed(7)
        .set_up(async move |case: &Case| {
            let switches = case
                .variant()
                .parse()
                .expect("variants are named as the library reads them");
            let input = Input::generate(case.seed(), Shape::default());
            Cluster::start(switches, transport, input)
                .await
                .expect("loopback has a free port")
        })
        .units(|cluster: &Cluster| {
            let input = cluster.input();
            Units::items(input.records.len() as u64 + input.questions.len() as u64)
                .and_bytes(input.bytes())
        })
        .iterate(async |cluster: &mut Cluster| cluster.round_trip().await)
        .check(|cluster, answers| match answers {
            Ok(answers) => cluster.check(answers),
            Err(error) => Err(error.to_string()),
        });
}
