//! A rate limiter: a task owns a bucket of tokens for every client and answers each request with what it may do.

use std::fmt::Write;

use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};

/// A request as the gateway sees it.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Who asks.
    pub client: u32,
    /// When, in milliseconds.
    pub at: u64,
    /// How many tokens it takes.
    pub cost: u32,
}

/// How much a client may do.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Tokens at most.
    pub burst: u32,
    /// Tokens for a second.
    pub rate: u32,
}

/// Reads plans such as `10/4,40/25`: burst and rate.
#[must_use]
pub fn plans(text: &str) -> Vec<Plan> {
    let plan = |plan: &str| {
        let (burst, rate) = plan.split_once('/')?;
        Some(Plan {
            burst: burst.parse().ok()?,
            rate: rate.parse().ok()?,
        })
    };
    text.split(',').filter_map(plan).collect()
}

/// What a client has left.
#[derive(Debug)]
struct Bucket {
    thousandths: u64,
    refilled: u64,
    plan: Plan,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may pass; that many tokens are left.
    Allowed(u32),
    /// It may come again after so many milliseconds.
    Delayed {
        /// How long.
        millis: u64,
    },
    /// It costs more than the client ever has.
    Refused,
}

impl Bucket {
    fn new(plan: Plan, now: u64) -> Self {
        Self {
            thousandths: u64::from(plan.burst) * 1_000,
            refilled: now,
            plan,
        }
    }

    fn take(&mut self, now: u64, cost: u32) -> Decision {
        let gained = now.saturating_sub(self.refilled) * u64::from(self.plan.rate);
        self.thousandths = (self.thousandths + gained).min(u64::from(self.plan.burst) * 1_000);
        self.refilled = now;
        let needed = u64::from(cost) * 1_000;
        if cost > self.plan.burst {
            Decision::Refused
        } else if let Some(left) = self.thousandths.checked_sub(needed) {
            self.thousandths = left;
            Decision::Allowed((left / 1_000) as u32)
        } else {
            let missing = needed - self.thousandths;
            Decision::Delayed {
                millis: missing.div_ceil(u64::from(self.plan.rate)),
            }
        }
    }
}

struct Ask {
    request: Request,
    reply: oneshot::Sender<Decision>,
}

/// What the gateway wrote down.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Requests that passed.
    pub passed: u64,
    /// Requests that did not.
    pub held: u64,
    /// Digest of the access log.
    pub digest: u64,
}

/// Sends all requests past the limiter.
pub async fn gateway(requests: &[Request], plans: &[Plan]) -> Totals {
    let (asks, asked) = mpsc::channel(4);
    tokio::join!(limit(asked, plans), pass(requests, asks)).1
}

async fn limit(mut asked: mpsc::Receiver<Ask>, plans: &[Plan]) {
    let mut buckets = FxHashMap::<u32, Bucket>::default();
    while let Some(Ask { request, reply }) = asked.recv().await {
        let plan = plans[request.client as usize % plans.len()];
        let bucket = buckets
            .entry(request.client)
            .or_insert_with(|| Bucket::new(plan, request.at));
        // The gateway may have given up on the request.
        let _ = reply.send(bucket.take(request.at, request.cost));
    }
}

async fn pass(requests: &[Request], asks: mpsc::Sender<Ask>) -> Totals {
    let mut totals = Totals::default();
    for request in requests {
        let (reply, answer) = oneshot::channel();
        if asks
            .send(Ask {
                request: *request,
                reply,
            })
            .await
            .is_err()
        {
            break;
        }
        let Ok(decision) = answer.await else { break };
        match decision {
            Decision::Allowed(_) => totals.passed += 1,
            Decision::Delayed { .. } | Decision::Refused => totals.held += 1,
        }
        let line = access_line(request, &decision);
        totals.digest = line.bytes().fold(totals.digest, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
    totals
}

fn access_line(request: &Request, decision: &Decision) -> String {
    let mut line = String::with_capacity(80);
    let Request { client, at, cost } = request;
    let written = match decision {
        Decision::Allowed(left) => {
            write!(line, "{at:>10} client={client:05} cost={cost} left={left}")
        }
        Decision::Delayed { millis } => write!(
            line,
            "{at:>10} client={client:05} cost={cost} wait={millis}"
        ),
        Decision::Refused => write!(line, "{at:>10} client={client:05} cost={cost} refused"),
    };
    debug_assert!(written.is_ok());
    line
}
