//! Load in an open loop: requests at a given rate, whether the one before was answered or not.
//!
//! A workload declares it with [`Iterated::load`](crate::Iterated::load), and `cargo perfkit run --lens load` measures it:
//! the rate rises from step to step until the workload no longer keeps up, which reports call the knee.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::time::{Duration, Instant};

use perfkit_model::load::{LoadStep, MOST_STEPS};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};

use crate::busy::Watch;
use crate::histogram::Durations;

/// How long answers are waited for after the last request of a step was due.
const PATIENCE: Duration = Duration::from_secs(3);

/// The rate doubles in two steps.
const RISE: f64 = std::f64::consts::SQRT_2;

/// Steps beyond the knee, to show what happens there.
const BEYOND: u32 = 2;

/// Requests to offer. Goes as one line of text to the process that sends them, if that is another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Requests per second.
    pub rate: f64,
    /// For how long.
    pub duration: Duration,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.rate, self.duration.as_secs_f64())
    }
}

impl FromStr for Step {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let mut words = text.split_whitespace().map(str::parse::<f64>);
        let (Some(Ok(rate)), Some(Ok(seconds)), None) = (words.next(), words.next(), words.next())
        else {
            return Err(NotUnderstood);
        };
        let duration = Duration::try_from_secs_f64(seconds).map_err(|_| NotUnderstood)?;
        let is_rate = rate.is_finite() && rate > 0.0;
        is_rate
            .then_some(Self { rate, duration })
            .ok_or(NotUnderstood)
    }
}

/// How the requests of one step went. Comes back as one line of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latencies(LoadStep);

impl fmt::Display for Latencies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(&self.0).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

impl FromStr for Latencies {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| NotUnderstood)
    }
}

/// Text that is neither a step nor latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is neither a step of a load nor its latencies")]
pub struct NotUnderstood;

/// Sends the requests of one step, each at its time, and waits for their answers.
///
/// `request` is called once for each and says whether it was answered well. Its future runs on the current tokio runtime. A
/// request is due at a fixed distance from the one before (as in wrk2); its latency counts from then, so what waits for
/// a connection, or for this process to have time, waits visibly. What is not answered three seconds after the last request
/// was due has failed and counts with the time until then.
///
/// A thread of its own keeps the time, because timers of tokio are as coarse as a millisecond.
pub async fn open_loop<F, R>(step: Step, request: F) -> Latencies
where
    F: Fn() -> R,
    R: Future<Output = bool> + Send + 'static,
{
    let count = (step.rate * step.duration.as_secs_f64()).round().max(1.0) as u64;
    let start = Instant::now();
    let (clock, mut due) = mpsc::unbounded_channel();
    let moment = move |index: u64| start + Duration::from_secs_f64(index as f64 / step.rate);
    let pacing = std::thread::Builder::new()
        .name("pace".to_owned())
        .spawn(move || {
            for moment in (0..count).map(moment) {
                std::thread::sleep(moment.saturating_duration_since(Instant::now()));
                if clock.send(moment).is_err() {
                    break;
                }
            }
        });
    let mut tally = Tally::default();
    if pacing.is_err() {
        tally.failed = count;
        return tally.finish(step, 0);
    }
    let end = start + step.duration;
    let mut running = JoinSet::new();
    let mut sent = 0;
    let mut waiting: HashMap<Id, Instant> = HashMap::new();
    while let Some(moment) = due.recv().await {
        let answer = request();
        sent += 1;
        let task = running.spawn(async move {
            let is_good = answer.await;
            (Instant::now(), is_good)
        });
        waiting.insert(task.id(), moment);
    }
    let patience = tokio::time::sleep_until((end + PATIENCE).into());
    let mut patience = std::pin::pin!(patience);
    while !waiting.is_empty() {
        let next = std::future::poll_fn(|context| match running.poll_join_next_with_id(context) {
            std::task::Poll::Ready(next) => std::task::Poll::Ready(next),
            std::task::Poll::Pending => patience.as_mut().poll(context).map(|()| None),
        });
        let (task, answered, is_good) = match next.await {
            Some(Ok((task, (answered, is_good)))) => (task, answered, is_good),
            // A request that panicked.
            Some(Err(error)) => (error.id(), Instant::now(), false),
            None => break,
        };
        if let Some(moment) = waiting.remove(&task) {
            tally.add(answered - moment, is_good, answered <= end);
        }
    }
    for moment in waiting.into_values() {
        tally.add(end + PATIENCE - moment, false, false);
    }
    tally.finish(step, sent)
}

/// Counts answers.
#[derive(Default)]
struct Tally {
    latencies: Durations,
    done: u64,
    failed: u64,
}

impl Tally {
    fn add(&mut self, latency: Duration, is_good: bool, in_time: bool) {
        self.latencies.add(latency);
        match (is_good, in_time) {
            (false, _) => self.failed += 1,
            (true, true) => self.done += 1,
            (true, false) => {}
        }
    }

    fn finish(self, step: Step, sent: u64) -> Latencies {
        Latencies(LoadStep {
            rate: step.rate,
            seconds: step.duration.as_secs_f64(),
            sent,
            done: self.done,
            failed: self.failed,
            latency: self.latencies.percentiles(),
            histogram: self.latencies.counts(),
            busy: Vec::new(),
        })
    }
}

/// What a workload does in one step, with its types erased but for the state.
pub(crate) type Body<S> =
    Box<dyn for<'a> Fn(&'a mut S, Step) -> Pin<Box<dyn Future<Output = Said> + 'a>>>;

/// How a step went, or why there was none.
pub(crate) type Said = Result<Latencies, String>;

/// Offers rising rates until the knee is passed.
pub(crate) fn climb(
    lowest: f64,
    duration: Duration,
    mut offer: impl FnMut(Step) -> Said,
) -> Result<Vec<LoadStep>, String> {
    // Connections are made, caches filled.
    offer(Step {
        rate: lowest,
        duration: duration / 2,
    })?;
    let mut steps: Vec<LoadStep> = Vec::new();
    let mut beyond = 0;
    let mut rate = lowest;
    for _ in 0..MOST_STEPS {
        let mut watch = Watch::new();
        watch.prepare();
        watch.begin();
        let Latencies(mut step) = offer(Step { rate, duration })?;
        watch.end();
        step.busy = watch.finish();
        let lowest = steps.first().unwrap_or(&step);
        beyond += u32::from(!step.keeps_up(lowest));
        steps.push(step);
        if beyond == BEYOND {
            break;
        }
        rate *= RISE;
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use perfkit_model::load::Latency;

    use super::*;

    fn step(rate: f64, milliseconds: u64) -> Step {
        Step {
            rate,
            duration: Duration::from_millis(milliseconds),
        }
    }

    fn on_runtime<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(future)
    }

    #[test]
    fn steps_and_latencies_are_lines() {
        let sent = step(70.7, 1_500);
        assert_eq!(sent.to_string().parse(), Ok(sent));
        for text in ["", "1", "1 x", "0 1", "inf 1", "1 -1", "1 1 1"] {
            assert_eq!(text.parse::<Step>(), Err(NotUnderstood), "{text}");
        }
        let latencies = on_runtime(open_loop(step(1_000.0, 20), async || true));
        let line = latencies.to_string();
        assert!(!line.contains('\n'));
        assert_eq!(line.parse(), Ok(latencies));
        assert_eq!("{".parse::<Latencies>(), Err(NotUnderstood));
    }

    /// The requests of a server that answers one at a time wait for one another, and that is seen although nobody waited
    /// before sending.
    #[test]
    fn latency_counts_from_the_intended_start() {
        let server = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        let request = || {
            let server = std::sync::Arc::clone(&server);
            async move {
                let Ok(_permit) = server.acquire().await else {
                    return false;
                };
                tokio::time::sleep(Duration::from_millis(20)).await;
                true
            }
        };
        let Latencies(step) = on_runtime(open_loop(step(100.0, 500), request));
        assert_eq!((step.sent, step.failed), (50, 0));
        // At 20 ms each, less than half are answered in time, and the last waits for half of the 50.
        assert!(step.done <= 25, "{step:?}");
        assert!(step.latency.max >= 450e6, "{step:?}");
        assert!(step.latency.p50 >= 200e6, "{step:?}");
        let all: u64 = step.histogram.iter().map(|(_, count)| count).sum();
        assert_eq!(all, 50);
    }

    #[test]
    fn failures_are_counted() {
        let Latencies(step) = on_runtime(open_loop(step(100.0, 100), async || false));
        assert_eq!((step.sent, step.done, step.failed), (10, 0, 10));
    }

    /// A system that answers 500 requests per second, whatever it is offered.
    #[test]
    fn the_rate_rises_past_the_knee() {
        let mut offered = Vec::new();
        let steps = climb(100.0, Duration::from_secs(1), |step| {
            offered.push(step.rate);
            let keeps_up = step.rate <= 500.0;
            let p99 = if keeps_up { 1e6 } else { 1e9 };
            Ok(Latencies(LoadStep {
                rate: step.rate,
                seconds: 1.0,
                sent: step.rate as u64,
                done: step.rate.min(500.0) as u64,
                latency: Latency {
                    p99,
                    ..Latency::default()
                },
                ..LoadStep::default()
            }))
        });
        let steps = steps.unwrap();
        let rates: Vec<f64> = steps.iter().map(|step| step.rate.round()).collect();
        assert_eq!(rates, [100.0, 141.0, 200.0, 283.0, 400.0, 566.0, 800.0]);
        assert_eq!(offered.len(), rates.len() + 1);
        assert_eq!(perfkit_model::load::knee(&steps), Some(4));
    }
}
