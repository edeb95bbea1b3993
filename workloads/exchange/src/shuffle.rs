//! The plain job: every worker makes up records, and their owners count and sum them.

use crate::plane::{Gone, Plane};
use crate::record::{Random, Record, route};

/// How much is shuffled.
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    /// Rounds, each of which ends with every worker having all its records.
    pub rounds: u32,
    /// Records that each worker sends per round.
    pub records: u32,
}

/// What one worker received.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Records.
    pub count: u64,
    /// Sum of their keys.
    pub keys: u64,
    /// Sum of their values, in the order of rounds, senders and sending.
    pub sum: f64,
}

/// One worker's part.
///
/// # Errors
/// When another worker has gone.
pub async fn shuffle(
    job: Shuffle,
    seed: u64,
    worker: usize,
    plane: &mut Plane,
) -> Result<Tally, Gone> {
    let mut tally = Tally::default();
    for round in 0..job.rounds {
        for record in records(job, seed, worker, round) {
            plane.send(record)?;
        }
        plane.finish_round(|record| tally.add(record)).await?;
    }
    Ok(tally)
}

/// One worker's part of a broadcast: its records go to all workers.
///
/// # Errors
/// When another worker has gone.
pub async fn broadcast(
    job: Shuffle,
    seed: u64,
    worker: usize,
    plane: &mut Plane,
) -> Result<Tally, Gone> {
    let mut tally = Tally::default();
    for round in 0..job.rounds {
        for record in records(job, seed, worker, round) {
            plane.send_to_all(record)?;
        }
        plane.finish_round(|record| tally.add(record)).await?;
    }
    Ok(tally)
}

/// What each of `workers` workers must have received of a broadcast.
pub fn broadcast_reference(job: Shuffle, seed: u64, workers: usize) -> Tally {
    let mut tally = Tally::default();
    for round in 0..job.rounds {
        for sender in 0..workers {
            records(job, seed, sender, round).for_each(|record| tally.add(record));
        }
    }
    tally
}

/// What `workers` workers must have received, computed without exchanging anything.
pub fn reference(job: Shuffle, seed: u64, workers: usize) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); workers];
    for round in 0..job.rounds {
        for sender in 0..workers {
            for record in records(job, seed, sender, round) {
                tallies[route(record.0, workers)].add(record);
            }
        }
    }
    tallies
}

/// The records that one worker sends in one round.
pub fn records(job: Shuffle, seed: u64, worker: usize, round: u32) -> impl Iterator<Item = Record> {
    let mut random = Random::new(seed ^ ((worker as u64) << 32) ^ u64::from(round));
    (0..job.records).map(move |_| {
        let word = random.next();
        (word as u32, (word >> 40) as f32)
    })
}

impl Tally {
    /// One record more.
    pub fn add(&mut self, (key, value): Record) {
        self.count += 1;
        self.keys += u64::from(key);
        self.sum += f64::from(value);
    }
}
