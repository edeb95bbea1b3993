//! The same shuffle on `timely`.

use exchange::record::route;
use exchange::shuffle::{Shuffle, Tally, records};
use timely::dataflow::InputHandle;
use timely::dataflow::operators::{Exchange as _, Input as _, Inspect as _, Probe as _};
use timely::worker::Worker;

/// Records that `timely` puts in a message: 8 kB.
pub(crate) const BATCH: usize = 1_024;

/// What each worker received.
pub(crate) fn shuffle(job: Shuffle, seed: u64, workers: usize) -> Result<Vec<Tally>, String> {
    let guards = timely::execute(timely::Config::process(workers), move |worker| {
        one(job, seed, workers, worker)
    })?;
    guards.join().into_iter().collect()
}

fn one(job: Shuffle, seed: u64, workers: usize, worker: &mut Worker) -> Tally {
    let tally = std::rc::Rc::new(std::cell::Cell::new(Tally::default()));
    let mut input = InputHandle::new();
    let received = std::rc::Rc::clone(&tally);
    let probe = worker.dataflow(|scope| {
        scope
            .input_from(&mut input)
            .container::<Vec<_>>()
            .exchange(move |record: &(u32, f32)| route(record.0, workers) as u64)
            .inspect_core(move |event| {
                let Ok((_, records)) = event else { return };
                let mut tally = received.get();
                records.iter().for_each(|record| tally.add(*record));
                received.set(tally);
            })
            .probe()
            .0
    });
    for round in 0..job.rounds {
        for record in records(job, seed, worker.index(), round) {
            input.send(record);
        }
        input.advance_to(round + 1);
        while probe.less_than(input.time()) {
            worker.step();
        }
    }
    tally.get()
}
