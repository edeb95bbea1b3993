//! Lets requests through a gate.

use async_trait_hot_path::{Gate, InMemory, Member, Request, Tally, sign};
use perfkit::{Bench, Case, Units};

perfkit::main!(requests);

const MEMBERS: u64 = 500;
const REQUESTS: u64 = 20_000;

fn requests(bench: &mut Bench) {
    bench
        .workload("async-trait-hot-path")
        .set_up(async |_: &Case| {
            let directory = InMemory::new((0..MEMBERS).map(|id| (id, member(id))));
            let requests: Vec<Request> = (0..REQUESTS).map(request).collect();
            (Gate::new(directory), requests)
        })
        .units(|_| Units::items(REQUESTS))
        .iterate(async |(gate, requests)| gate.admit_all(requests).await)
        .check(|_, tally| {
            // Every 50th is by a member that is none, every 100th of the others is forged.
            let expected = Tally {
                admitted: 19_400,
                forged: 200,
                unknown: 400,
            };
            if *tally == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {tally:?}"))
            }
        });
}

fn member(id: u64) -> Member {
    Member {
        key: id.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        active: true,
    }
}

fn request(number: u64) -> Request {
    let stranger = if number % 50 == 0 { MEMBERS } else { 0 };
    let id = number * 7 % MEMBERS + stranger;
    let body: Vec<u8> = (0..240_u64).map(|at| (number + at * 31) as u8).collect();
    let key = member(id).key ^ u64::from(number % 100 == 1);
    Request {
        member: id,
        signature: sign(key, id, &body),
        body,
    }
}
