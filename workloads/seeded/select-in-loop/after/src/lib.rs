//! A dispatcher that takes jobs from many feeds until every feed has run dry.

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};

/// What has to be done.
#[derive(Debug)]
pub struct Job {
    /// Who wants it.
    pub feed: u64,
    /// What with.
    pub payload: Vec<u8>,
}

/// Where jobs come from, seen from here.
#[derive(Debug)]
pub struct Feed {
    dry: watch::Receiver<bool>,
}

impl Feed {
    /// Ends when no more jobs come from here.
    async fn run_dry(&self) {
        let mut dry = self.dry.clone();
        // A feed that is gone has run dry as well.
        dry.wait_for(|dry| *dry).await.ok();
    }
}

/// What has been done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs.
    pub jobs: u64,
    /// Their digests in one number.
    pub digests: u64,
}

impl Tally {
    fn add(&mut self, job: &Job) {
        self.jobs += 1;
        self.digests = self.digests.rotate_left(5) ^ digest(job);
    }
}

/// Does the jobs of so many feeds.
pub async fn serve(feeds: u64, jobs_each: u64) -> Tally {
    let (sender, jobs) = mpsc::channel(8);
    let start = |number| {
        let (is_dry, dry) = watch::channel(false);
        tokio::spawn(feed(number, jobs_each, sender.clone(), is_dry));
        Feed { dry }
    };
    let feeds: Vec<Feed> = (0..feeds).map(start).collect();
    dispatch(jobs, &feeds).await
}

/// Takes jobs until no feed has any.
async fn dispatch(mut jobs: mpsc::Receiver<Job>, feeds: &[Feed]) -> Tally {
    let mut tally = Tally::default();
    loop {
        tokio::select! {
            biased;
            Some(job) = jobs.recv() => tally.add(&job),
            // Whether a feed is dry can be asked at any time, so nothing is kept from turn to turn.
            _ = join_all(feeds.iter().map(Feed::run_dry)) => return tally,
        }
    }
}

async fn feed(number: u64, count: u64, jobs: mpsc::Sender<Job>, is_dry: watch::Sender<bool>) {
    for at in 0..count {
        let job = Job {
            feed: number,
            payload: vec![(number * 31 + at) as u8; 1_000],
        };
        if jobs.send(job).await.is_err() {
            break;
        }
    }
    is_dry.send_replace(true);
}

/// FNV-1a.
fn digest(job: &Job) -> u64 {
    let start = job.feed ^ 0xcbf2_9ce4_8422_2325;
    job.payload.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
