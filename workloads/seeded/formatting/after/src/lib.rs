//! A scheduler of jobs: specifications are read, jobs wait in a queue by urgency, and workers run what is due.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use tokio::sync::mpsc;

/// Why a specification is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// A part is missing.
    Missing,
    /// A part that should be a number is none.
    NotANumber,
    /// There is no such kind of job.
    UnknownKind,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sends a letter.
    Mail,
    /// Sums up a day.
    Report,
    /// Removes what is old.
    Sweep,
}

/// A job that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    kind: Kind,
    due: u64,
    weight: u32,
    subject: String,
}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_due = other.due.cmp(&self.due);
        let by_weight = self.weight.cmp(&other.weight);
        by_due
            .then(by_weight)
            .then_with(|| other.subject.cmp(&self.subject))
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What was run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Jobs that were run.
    pub run: u64,
    /// Specifications that were refused.
    pub refused: u64,
    /// Digest of the results, in the order of the runs.
    pub digest: u64,
}

/// Reads all specifications and runs their jobs, most urgent first.
pub async fn run_all(specifications: &[String]) -> Outcome {
    let (jobs, queued) = mpsc::channel(16);
    let (read, outcome) = tokio::join!(read_all(specifications, jobs), work(queued));
    Outcome {
        refused: read,
        ..outcome
    }
}

async fn read_all(specifications: &[String], jobs: mpsc::Sender<Job>) -> u64 {
    let mut refused = 0;
    for specification in specifications {
        let Ok(job) = parse(specification) else {
            refused += 1;
            continue;
        };
        if jobs.send(job).await.is_err() {
            break;
        }
    }
    refused
}

async fn work(mut queued: mpsc::Receiver<Job>) -> Outcome {
    let mut heap = BinaryHeap::new();
    let mut outcome = Outcome::default();
    let mut now = 0;
    while let Some(job) = queued.recv().await {
        now += 1;
        heap.push(job);
        while heap.peek().is_some_and(|job: &Job| job.due <= now) {
            let Some(job) = heap.pop() else { break };
            run(&job, &mut outcome);
        }
    }
    while let Some(job) = heap.pop() {
        run(&job, &mut outcome);
    }
    outcome
}

/// Reads a specification such as `mail:120:3:weekly news`: kind, due time, weight and subject.
fn parse(specification: &str) -> Result<Job, Malformed> {
    let mut parts = specification.splitn(4, ':');
    let kind = match parts.next() {
        Some("mail") => Kind::Mail,
        Some("report") => Kind::Report,
        Some("sweep") => Kind::Sweep,
        Some(_) => return Err(Malformed::UnknownKind),
        None => return Err(Malformed::Missing),
    };
    let due = number(parts.next())?;
    let weight = number(parts.next())? as u32;
    let subject = parts.next().ok_or(Malformed::Missing)?.to_owned();
    Ok(Job {
        kind,
        due,
        weight,
        subject,
    })
}

fn number(part: Option<&str>) -> Result<u64, Malformed> {
    let part = part.ok_or(Malformed::Missing)?;
    part.parse().map_err(|_| Malformed::NotANumber)
}

fn run(job: &Job, outcome: &mut Outcome) {
    let Job {
        kind,
        due,
        weight,
        subject,
    } = job;
    let result = match kind {
        Kind::Mail => format!("to {weight}: {subject} ({due})"),
        Kind::Report => format!("{due:>8} {weight:>4} {}", subject.to_uppercase()),
        Kind::Sweep => format!("swept {subject}"),
    };
    outcome.run += 1;
    outcome.digest = result.bytes().fold(outcome.digest, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
}
