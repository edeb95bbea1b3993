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
pub struct Quota {
    /// Tokens at most.
    pub burst: u32,
    /// Tokens for a second.
    pub rate: u32,
}

/// Reads plans such as `10/4,40/25`: burst and rate.
#[must_use]
pub fn plans(text: &str) -> Vec<Quota> {
    let plan = |plan: &str| {
        let (burst, rate) = plan.split_once('/')?;
        Some(Quota {
            burst: burst.parse().ok()?,
            rate: rate.parse().ok()?,
        })
    };
    text.split(',').filter_map(plan).collect()
}

/// The tokens that a client has left.
#[derive(Debug)]
struct TokenBucket {
    milli_tokens: u64,
    last_refill: u64,
    plan: Quota,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass; that many tokens are left.
    Allowed(u32),
    /// It may come again after so many milliseconds.
    RetryAfter {
        /// How long.
        millis: u64,
    },
    /// It costs more than the client ever has.
    Refused,
}

impl TokenBucket {
    fn new(plan: Quota, now: u64) -> Self {
        Self {
            milli_tokens: u64::from(plan.burst) * 1_000,
            last_refill: now,
            plan,
        }
    }

    fn take(&mut self, now: u64, cost: u32) -> Verdict {
        let gained = now.saturating_sub(self.last_refill) * u64::from(self.plan.rate);
        self.milli_tokens = (self.milli_tokens + gained).min(u64::from(self.plan.burst) * 1_000);
        self.last_refill = now;
        let needed = u64::from(cost) * 1_000;
        if cost > self.plan.burst {
            Verdict::Refused
        } else if let Some(left) = self.milli_tokens.checked_sub(needed) {
            self.milli_tokens = left;
            Verdict::Allowed((left / 1_000) as u32)
        } else {
            let missing = needed - self.milli_tokens;
            Verdict::RetryAfter {
                millis: missing.div_ceil(u64::from(self.plan.rate)),
            }
        }
    }
}

struct Question {
    request: Request,
    reply: oneshot::Sender<Verdict>,
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
pub async fn gateway(requests: &[Request], plans: &[Quota]) -> Totals {
    let (asks, asked) = mpsc::channel(4);
    tokio::join!(limit(asked, plans), pass(requests, asks)).1
}

async fn limit(mut asked: mpsc::Receiver<Question>, plans: &[Quota]) {
    let mut buckets = FxHashMap::<u32, TokenBucket>::default();
    while let Some(Question { request, reply }) = asked.recv().await {
        let plan = plans[request.client as usize % plans.len()];
        let bucket = buckets
            .entry(request.client)
            .or_insert_with(|| TokenBucket::new(plan, request.at));
        // The gateway may have given up on the request.
        let _ = reply.send(bucket.take(request.at, request.cost));
    }
}

async fn pass(requests: &[Request], asks: mpsc::Sender<Question>) -> Totals {
    let mut totals = Totals::default();
    for request in requests {
        let (reply, answer) = oneshot::channel();
        if asks
            .send(Question {
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
            Verdict::Allowed(_) => totals.passed += 1,
            Verdict::RetryAfter { .. } | Verdict::Refused => totals.held += 1,
        }
        let line = access_line(request, &decision);
        totals.digest = line.bytes().fold(totals.digest, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
    totals
}

fn access_line(request: &Request, decision: &Verdict) -> String {
    let mut line = String::with_capacity(80);
    let Request { client, at, cost } = request;
    let written = match decision {
        Verdict::Allowed(left) => {
            write!(line, "{at:>10} client={client:05} cost={cost} left={left}")
        }
        Verdict::RetryAfter { millis } => write!(
            line,
            "{at:>10} client={client:05} cost={cost} wait={millis}"
        ),
        Verdict::Refused => write!(line, "{at:>10} client={client:05} cost={cost} refused"),
    };
    debug_assert!(written.is_ok());
    line
}
