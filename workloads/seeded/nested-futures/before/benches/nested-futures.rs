//! Answers a mix of commands, of which few are imports.

use std::sync::Arc;

use nested_futures::{Command, Store, answer_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(commands);

const COMMANDS: u64 = 3_000;

fn commands(bench: &mut Bench) {
    bench
        .workload("nested-futures")
        .set_up(async |_: &Case| {
            let commands: Vec<Command> = (0..COMMANDS).map(command).collect();
            let store = Arc::<Store>::default();
            // What is kept once is overwritten later, so that every iteration finds the same store.
            answer_all(&store, &commands).await;
            (store, commands)
        })
        .units(|_| Units::items(COMMANDS))
        .iterate(async |(store, commands)| answer_all(store, commands).await)
        .check(|_, sum| {
            if *sum == 0x7cf4_6bcd_7f0e_3c06 {
                Ok(())
            } else {
                Err(format!("the answers sum up to {sum:#x}"))
            }
        });
}

fn command(number: u64) -> Command {
    let id = number % 400;
    match number % 60 {
        0 => Command::Import {
            first: 1_000 + id,
            archive: (0..4).map(|document| packed(number + document)).collect(),
        },
        part if part % 3 == 1 => Command::Put {
            id,
            text: (0..1_200).map(|at| (number * 3 + at) as u8).collect(),
        },
        _ => Command::Digest { id },
    }
}

fn packed(seed: u64) -> Vec<(u8, u8)> {
    let run = |at: u64| (((seed + at) % 60) as u8 + 1, (seed * at) as u8);
    (0..40).map(run).collect()
}
