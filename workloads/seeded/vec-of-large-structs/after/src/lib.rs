//! Puts windows of telemetry, which come in a little out of order, back into the order of time.

use tokio::sync::mpsc;

/// Samples of one window.
pub const SAMPLES: usize = 240;

/// What one source measured in a while.
#[derive(Debug, Clone)]
pub struct Window {
    /// When it began.
    pub start: u64,
    /// Who measured.
    pub source: u32,
    /// What was measured.
    pub samples: [u32; SAMPLES],
}

/// Windows that wait for those before them, in the order of time and side by side in memory.
#[derive(Debug, Default)]
pub struct Reorder {
    pending: Vec<Window>,
}

impl Reorder {
    /// Takes a window in.
    pub fn push(&mut self, window: Box<Window>) {
        let later = |other: &Window| other.start <= window.start;
        let position = self.pending.partition_point(later);
        self.pending.insert(position, *window);
    }

    /// Gives away what began before this time.
    pub fn release(&mut self, time: u64) -> impl Iterator<Item = Window> + '_ {
        let due = self.pending.partition_point(|window| window.start < time);
        self.pending.drain(..due)
    }
}

/// What came out at the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Windows.
    pub windows: u64,
    /// Windows that came out before an earlier one.
    pub misplaced: u64,
    /// The start of the last one.
    pub last: u64,
    /// Changes as the order of time makes them, in one number.
    pub trace: u64,
}

/// Records windows in the order in which they are given to it.
#[derive(Debug, Default)]
struct Recorder {
    series: Series,
    recent: Vec<u32>,
}

impl Recorder {
    fn add(&mut self, window: &Window) {
        self.series.windows += 1;
        self.series.misplaced += u64::from(window.start < self.series.last);
        self.series.last = window.start;
        self.recent.push(window.source);
        self.recent.extend_from_slice(&window.samples);
    }

    /// Traces what is recent; changes between two windows count as well.
    fn flush(&mut self) {
        for pair in self.recent.windows(2) {
            let change = u64::from(pair[1].abs_diff(pair[0]));
            self.series.trace = (self.series.trace ^ change).wrapping_mul(0x0100_0000_01b3);
        }
        self.recent.clear();
    }
}

/// How far a window may be late.
const LATENESS: u64 = 16;
/// Windows are given away in bunches of this many.
const BUNCH: u64 = 8;

/// Brings `count` windows into order.
pub async fn reorder(count: u64) -> Series {
    let (sender, mut receiver) = mpsc::channel(16);
    let receive_all = async move {
        for number in 0..count {
            if sender.send(receive(number)).await.is_err() {
                break;
            }
        }
    };
    let put_in_order = async move {
        let mut recorder = Recorder::default();
        let mut reorder = Reorder::default();
        let mut seen = 0;
        while let Some(window) = receiver.recv().await {
            reorder.push(window);
            seen += 1;
            if seen % BUNCH == 0 {
                let time = u64::saturating_sub(seen, LATENESS);
                reorder
                    .release(time)
                    .for_each(|window| recorder.add(&window));
                recorder.flush();
            }
        }
        reorder
            .release(u64::MAX)
            .for_each(|window| recorder.add(&window));
        recorder.flush();
        recorder.series
    };
    tokio::join!(receive_all, put_in_order).1
}

/// The window that comes in as this one: some of its neighbours come first.
fn receive(number: u64) -> Box<Window> {
    let start = (number / BUNCH * BUNCH) + (number % BUNCH * 5 % BUNCH);
    let mut noise = start.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut window = Box::new(Window {
        start,
        source: (start % 11) as u32,
        samples: [0; SAMPLES],
    });
    for sample in &mut window.samples {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        *sample = (noise >> 40) as u32;
    }
    window
}
