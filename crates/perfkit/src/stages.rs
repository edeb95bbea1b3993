//! Spans of `tracing`, added up by stage.
//!
//! A span waits from when it is made until it is entered for the first time, is busy while it is entered, and done when its
//! last handle and the last span within it are gone. A stage is what all spans of one name at one place of the span tree are
//! called. All of it is told in measured time, which stands still between iterations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use perfkit_model::stage::{Slice, Stage, Stages, Times};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::histogram::Durations;

/// Most slices of the measured time. When there are more, pairs of them become one.
const MOST_SLICES: usize = 128;

/// Length of the first slices.
const FIRST_SLICE: Duration = Duration::from_micros(100);

/// The subscriber's end in the harness.
pub(crate) struct Watch(Arc<Mutex<Tally>>);

impl Watch {
    /// Becomes the subscriber of this process. It sees spans of level INFO and above; libraries use the ones below for what
    /// happens inside of them, thousands of times per request.
    pub(crate) fn install() -> Result<Self, SetGlobalDefaultError> {
        let tally = Arc::new(Mutex::new(Tally::default()));
        tracing::subscriber::set_global_default(subscriber(&tally))?;
        Ok(Self(tally))
    }

    pub(crate) fn begin(&self) {
        lock(&self.0).begun = Some(Instant::now());
    }

    pub(crate) fn end(&self) {
        let mut tally = lock(&self.0);
        tally.measured = tally.now();
        tally.begun = None;
        tally.iterations += 1;
    }

    /// Everything that ended. A stage without an end is left out. Spans that are still there are of no account from now on.
    pub(crate) fn finish(self) -> Stages {
        let tally = std::mem::take(&mut *lock(&self.0));
        Stages {
            iterations: tally.iterations,
            seconds: tally.measured.as_secs_f64(),
            slice_seconds: tally.slice.as_secs_f64(),
            stages: tally.in_order(),
        }
    }
}

fn subscriber(tally: &Arc<Mutex<Tally>>) -> impl Subscriber + Send + Sync + use<> {
    Registry::default()
        .with(StageLayer(Arc::clone(tally)))
        .with(LevelFilter::INFO)
}

/// A panic elsewhere leaves sums that are as good as they were.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sums over all spans.
struct Tally {
    /// When the current iteration began; `None` between iterations.
    begun: Option<Instant>,
    /// Time of all iterations before.
    measured: Duration,
    iterations: u32,
    slice: Duration,
    stages: Vec<Sums>,
    /// Stages by the one they are within, and their name.
    places: HashMap<(Option<usize>, &'static str), usize>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            begun: None,
            measured: Duration::ZERO,
            iterations: 0,
            slice: FIRST_SLICE,
            stages: Vec::new(),
            places: HashMap::new(),
        }
    }
}

/// Sums over the spans of one stage.
#[derive(Default)]
struct Sums {
    stage: Stage,
    within: Option<usize>,
    queueing: Durations,
    processing: Durations,
    /// Spans that wait now.
    pending: u64,
}

impl Tally {
    /// The measured time that has passed. It stands still between iterations.
    fn now(&self) -> Duration {
        let current = self.begun.map(|begun| begun.elapsed());
        self.measured + current.unwrap_or_default()
    }

    /// The stage of a name within another. A function that calls itself goes through one stage and not through one per call.
    fn place(&mut self, within: Option<usize>, metadata: &'static Metadata<'static>) -> usize {
        let mut outer = within;
        while let Some(sums) = outer.and_then(|place| self.stages.get(place)) {
            if sums.stage.label == metadata.name() {
                return outer.unwrap_or_default();
            }
            outer = sums.within;
        }
        let key = (within, metadata.name());
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let outer = within.and_then(|within| self.stages.get(within));
        let (name, depth) = match outer {
            Some(outer) => (
                format!("{}/{}", outer.stage.name, metadata.name()),
                outer.stage.depth + 1,
            ),
            None => (metadata.name().to_owned(), 0),
        };
        self.stages.push(Sums {
            stage: Stage {
                name,
                label: metadata.name().to_owned(),
                depth,
                file: metadata.file().unwrap_or_default().to_owned(),
                line: metadata.line().unwrap_or_default(),
                ..Stage::default()
            },
            within,
            ..Sums::default()
        });
        let place = self.stages.len() - 1;
        self.places.insert(key, place);
        place
    }

    /// A span is made and waits.
    fn wait(&mut self, place: usize, now: Duration) {
        self.reach(place, now);
        let Some(sums) = self.stages.get_mut(place) else {
            return;
        };
        sums.pending += 1;
        sums.stage.most_pending = sums.stage.most_pending.max(sums.pending);
        if let Some(slice) = sums.stage.over_time.last_mut() {
            slice.pending = slice.pending.max(sums.pending);
        }
    }

    /// A span waits no longer.
    fn take(&mut self, place: usize, waited: Duration, now: Duration) {
        self.reach(place, now);
        if let Some(sums) = self.stages.get_mut(place) {
            sums.pending = sums.pending.saturating_sub(1);
            sums.queueing.add(waited);
            sums.stage.queueing.total += waited.as_nanos() as f64;
        }
    }

    /// A span was worked on from one moment to another, and so long of it on spans within.
    fn work(&mut self, place: usize, (from, to): (Duration, Duration), within: Duration) {
        self.reach(place, to);
        let length = self.slice.as_nanos();
        let Some(sums) = self.stages.get_mut(place) else {
            return;
        };
        let worked = to.saturating_sub(from);
        sums.stage.busy += worked.as_nanos() as f64;
        sums.stage.busy_by_itself += worked.saturating_sub(within).as_nanos() as f64;
        let (from, to) = (from.as_nanos(), to.as_nanos());
        let slices = sums.stage.over_time.iter_mut().enumerate();
        for (index, slice) in slices.skip((from / length) as usize) {
            let begin = index as u128 * length;
            let part = to.min(begin + length).saturating_sub(from.max(begin));
            slice.busy += part as f64;
        }
    }

    fn done(&mut self, place: usize, span: &Span, now: Duration) {
        self.reach(place, now);
        let Some(sums) = self.stages.get_mut(place) else {
            return;
        };
        if let Some(slice) = sums.stage.over_time.last_mut() {
            slice.items = slice.items.saturating_add(span.items);
            slice.bytes = slice.bytes.saturating_add(span.bytes);
        }
        sums.stage.spans += 1;
        sums.stage.items = sums.stage.items.saturating_add(span.items);
        sums.stage.bytes = sums.stage.bytes.saturating_add(span.bytes);
        let Some(first_entered) = span.first_entered else {
            // Nobody worked on it.
            sums.pending = sums.pending.saturating_sub(1);
            return;
        };
        let processed = now.saturating_sub(first_entered);
        sums.processing.add(processed);
        sums.stage.processing.total += processed.as_nanos() as f64;
    }

    /// Makes the last slice of a stage the one of this moment. What waited before waits in all that come.
    fn reach(&mut self, place: usize, now: Duration) {
        let now = now.as_nanos();
        while now / self.slice.as_nanos() >= MOST_SLICES as u128 {
            self.slice *= 2;
            for sums in &mut self.stages {
                merge_pairs(&mut sums.stage.over_time);
            }
        }
        let count = (now / self.slice.as_nanos()) as usize + 1;
        if let Some(sums) = self.stages.get_mut(place) {
            sums.extend(count);
        }
    }

    /// Each stage before those within it, in the order in which they were first seen.
    fn in_order(mut self) -> Vec<Stage> {
        for place in 0..self.stages.len() {
            self.reach(place, self.measured.saturating_sub(Duration::from_nanos(1)));
        }
        let within: Vec<Option<usize>> = self.stages.iter().map(|sums| sums.within).collect();
        let way = |mut place: usize| {
            let mut way = vec![place];
            while let Some(outer) = within[place] {
                way.insert(0, outer);
                place = outer;
            }
            way
        };
        let mut stages: Vec<(Vec<usize>, Stage)> = Vec::new();
        for (place, sums) in self.stages.into_iter().enumerate() {
            if sums.stage.spans > 0 {
                stages.push((way(place), sums.finish()));
            }
        }
        stages.sort_by(|(left, _), (right, _)| left.cmp(right));
        stages.into_iter().map(|(_, stage)| stage).collect()
    }
}

impl Sums {
    fn extend(&mut self, count: usize) {
        let slices = &mut self.stage.over_time;
        if slices.len() < count {
            let waiting = Slice {
                pending: self.pending,
                ..Slice::default()
            };
            slices.resize(count, waiting);
        }
    }

    fn finish(self) -> Stage {
        let times = |times: Times, durations: &Durations| Times {
            percentiles: durations.percentiles(),
            histogram: durations.counts(),
            ..times
        };
        Stage {
            queueing: times(self.stage.queueing, &self.queueing),
            processing: times(self.stage.processing, &self.processing),
            ..self.stage
        }
    }
}

/// Halves the slices.
fn merge_pairs(slices: &mut Vec<Slice>) {
    *slices = slices
        .chunks(2)
        .map(|pair| {
            pair.iter().fold(Slice::default(), |sum, slice| Slice {
                items: sum.items.saturating_add(slice.items),
                bytes: sum.bytes.saturating_add(slice.bytes),
                busy: sum.busy + slice.busy,
                pending: sum.pending.max(slice.pending),
            })
        })
        .collect();
}

/// What is kept with each span. Moments are those of the measured time.
struct Span {
    place: usize,
    /// Whether it was made in an iteration, or else is none of what is measured.
    is_measured: bool,
    made: Duration,
    first_entered: Option<Duration>,
    /// When it was entered the last time, while it is; and by how many threads.
    entered: Option<Duration>,
    depth: u32,
    /// What was worked on spans within since then.
    within: Duration,
    items: u64,
    bytes: u64,
}

/// Reads the fields that say how much a span processes.
impl Visit for Span {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "items" => self.items = value,
            "bytes" => self.bytes = value,
            _ => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, value.try_into().unwrap_or_default());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Locks what belongs to spans before the tally, and never the other way round.
struct StageLayer(Arc<Mutex<Tally>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for StageLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let outer = span.parent().and_then(|outer| {
            let extensions = outer.extensions();
            extensions.get::<Span>().map(|outer| outer.place)
        });
        let mut tally = lock(&self.0);
        let place = tally.place(outer, attributes.metadata());
        let made = tally.now();
        let mut kept = Span {
            place,
            is_measured: tally.begun.is_some(),
            made,
            first_entered: None,
            entered: None,
            depth: 0,
            within: Duration::ZERO,
            items: 1,
            bytes: 0,
        };
        attributes.record(&mut kept);
        if kept.is_measured {
            tally.wait(place, made);
        }
        drop(tally);
        span.extensions_mut().insert(kept);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(kept) = span.extensions_mut().get_mut::<Span>() {
            values.record(kept);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(kept) = extensions.get_mut::<Span>() else {
            return;
        };
        kept.depth += 1;
        if kept.depth > 1 || !kept.is_measured {
            return;
        }
        let mut tally = lock(&self.0);
        let now = tally.now();
        if kept.first_entered.is_none() {
            kept.first_entered = Some(now);
            tally.take(kept.place, now.saturating_sub(kept.made), now);
        }
        kept.entered = Some(now);
        kept.within = Duration::ZERO;
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let now = lock(&self.0).now();
        let Some(span) = context.span(id) else { return };
        let worked = {
            let mut extensions = span.extensions_mut();
            let Some(kept) = extensions.get_mut::<Span>() else {
                return;
            };
            kept.depth = kept.depth.saturating_sub(1);
            let Some(entered) = kept.entered.filter(|_| kept.depth == 0) else {
                return;
            };
            kept.entered = None;
            lock(&self.0).work(kept.place, (entered, now), kept.within);
            now.saturating_sub(entered)
        };
        // The span that this thread is in now is the one that it was worked on within.
        if let Some(outer) = context.lookup_current()
            && let Some(kept) = outer.extensions_mut().get_mut::<Span>()
        {
            kept.within += worked;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let extensions = span.extensions();
        if let Some(kept) = extensions.get::<Span>().filter(|kept| kept.is_measured) {
            let mut tally = lock(&self.0);
            let now = tally.now();
            tally.done(kept.place, kept, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;

    use super::*;

    fn watched(watch: impl FnOnce(&Watch)) -> Stages {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let subscriber = subscriber(&tally);
        let under_test = Watch(tally);
        with_default(subscriber, || watch(&under_test));
        under_test.finish()
    }

    #[test]
    fn spans_wait_work_and_end() {
        const SHORT: Duration = Duration::from_millis(2);
        let stages = watched(|watch| {
            drop(tracing::info_span!("frame", items = 100_u64));
            watch.begin();
            let frame = tracing::info_span!("frame", items = 2_u64, bytes = tracing::field::Empty);
            let other = tracing::info_span!("frame");
            std::thread::sleep(SHORT);
            {
                let _entered = frame.enter();
                drop(tracing::debug_span!("unseen"));
                tracing::info_span!("map").in_scope(|| std::thread::sleep(SHORT));
                frame.record("bytes", 70_u64);
            }
            std::thread::sleep(SHORT);
            other.in_scope(|| ());
            drop((frame, other));
            watch.end();
        });
        assert_eq!(stages.iterations, 1);
        let names: Vec<&str> = stages.stages.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["frame", "frame/map"]);
        let (frame, map) = (&stages.stages[0], &stages.stages[1]);
        // The one that was made before the iteration is none of what is measured.
        assert_eq!((frame.spans, frame.items, frame.bytes), (2, 3, 70));
        assert_eq!((map.spans, map.items), (1, 1));
        assert_eq!(frame.most_pending, 2);
        let short = SHORT.as_nanos() as f64;
        // The second one waits for all three pauses.
        assert!(frame.queueing.total >= 4.0 * short, "{frame:?}");
        assert!(
            frame.busy >= short && frame.busy < frame.processing.total,
            "{frame:?}"
        );
        assert!(frame.processing.percentiles.max >= 2.0 * short, "{frame:?}");
        assert!(map.busy >= short, "{map:?}");
        let counted = |times: &Times| times.histogram.iter().map(|(_, count)| count).sum::<u64>();
        assert_eq!(
            (counted(&frame.queueing), counted(&frame.processing)),
            (2, 2)
        );
        let over_time = |of: fn(&Slice) -> u64| frame.over_time.iter().map(of).sum::<u64>();
        assert_eq!(
            (over_time(|it| it.items), over_time(|it| it.bytes)),
            (3, 70)
        );
        assert!(frame.over_time.len() <= MOST_SLICES);
        let length = stages.slice_seconds * frame.over_time.len() as f64;
        assert!(length >= stages.seconds, "{length} of {}", stages.seconds);
    }

    #[test]
    fn slices_become_longer() {
        let stages = watched(|watch| {
            for _ in 0..40 {
                watch.begin();
                tracing::info_span!("step")
                    .in_scope(|| std::thread::sleep(Duration::from_millis(1)));
                watch.end();
                // Cut out.
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let step = &stages.stages[0];
        assert_eq!((stages.iterations, step.spans), (40, 40));
        assert!(
            step.over_time.len() <= MOST_SLICES,
            "{}",
            step.over_time.len()
        );
        assert_eq!(step.over_time.iter().map(|it| it.items).sum::<u64>(), 40);
        let busy: f64 = step.over_time.iter().map(|it| it.busy).sum();
        assert!(
            (busy - step.busy).abs() < 1.0,
            "{busy} is not {}",
            step.busy
        );
        assert!(stages.busy_share(step) <= 1.0);
    }

    /// What lies between iterations is no time, and what is left at the end harms nobody.
    #[test]
    fn spans_that_live_on() {
        const LONG: Duration = Duration::from_millis(20);
        let mut left = None;
        let stages = watched(|watch| {
            watch.begin();
            let span = tracing::info_span!("across");
            let endless = tracing::info_span!("endless");
            span.in_scope(|| ());
            watch.end();
            std::thread::sleep(LONG);
            watch.begin();
            {
                let _entered = span.enter();
                tracing::info_span!("within").in_scope(|| std::thread::sleep(LONG));
            }
            drop(span);
            watch.end();
            left = Some(endless);
        });
        let left: Option<tracing::Span> = left;
        left.iter().for_each(|span| span.in_scope(|| ()));
        let names: Vec<&str> = stages.stages.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["across", "across/within"]);
        let (across, within) = (&stages.stages[0], &stages.stages[1]);
        let long = LONG.as_nanos() as f64;
        let taken = across.processing.total;
        assert!(
            taken >= long && taken <= stages.seconds * 1e9 + 1.0,
            "{taken}"
        );
        let apart = across.busy_by_itself + within.busy - across.busy;
        assert!(apart.abs() < 1.0, "{across:?} {within:?}");
        // It is spread over the slices in which it was busy.
        let most = stages.slice_seconds * 1e9;
        assert!(
            within.over_time.iter().all(|it| it.busy <= most),
            "{within:?}"
        );
        let sum: f64 = within.over_time.iter().map(|it| it.busy).sum();
        assert!((sum - within.busy).abs() < 1.0, "{sum}");
    }

    #[test]
    fn what_calls_itself_is_one_stage() {
        fn dig(depth: u32) {
            let _span = tracing::info_span!("dig").entered();
            if depth > 0 {
                tracing::info_span!("step").in_scope(|| dig(depth - 1));
            }
        }
        let stages = watched(|watch| {
            watch.begin();
            dig(100);
            watch.end();
        });
        let names: Vec<&str> = stages.stages.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["dig", "dig/step"]);
        assert_eq!(stages.stages[0].spans, 101);
    }
}
