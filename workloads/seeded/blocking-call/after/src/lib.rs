//! Surveys a set of sensors, each on a task of its own: switch a range on, let it settle, take a reading.

use std::thread;
use std::time::Duration;

use tokio::task::JoinSet;

/// How long a sensor takes until its readings are steady.
const SETTLE: Duration = Duration::from_millis(1);

/// Points of one reading.
const POINTS: u64 = 512;

/// A sensor that can measure in several ranges.
#[derive(Debug)]
pub struct Sensor {
    id: u64,
    range: u64,
}

impl Sensor {
    /// The sensor with this id, in its first range.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self { id, range: 0 }
    }

    fn switch_to(&mut self, range: u64) {
        self.range = range;
    }

    /// The points as they come from the sensor.
    fn points(&self) -> impl Iterator<Item = u64> + '_ {
        (0..POINTS).map(|at| {
            let noise = (self.id << 40 | self.range << 20 | at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (noise >> 48) + (self.range << 16)
        })
    }
}

/// What a survey has found, over all sensors.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Readings.
    pub readings: u64,
    /// Sum of their medians.
    pub medians: u64,
    /// The widest spread.
    pub spread: u64,
}

/// Surveys so many sensors in so many ranges.
pub async fn survey_all(sensors: u64, ranges: u64) -> Survey {
    let mut surveys = JoinSet::new();
    for id in 0..sensors {
        surveys.spawn(survey(Sensor::new(id), ranges));
    }
    let mut total = Survey::default();
    while let Some(survey) = surveys.join_next().await {
        let survey = survey.expect("no survey panics");
        total.readings += survey.readings;
        total.medians += survey.medians;
        total.spread = total.spread.max(survey.spread);
    }
    total
}

/// Surveys one sensor.
async fn survey(mut sensor: Sensor, ranges: u64) -> Survey {
    let mut survey = Survey::default();
    for range in 0..ranges {
        sensor.switch_to(range);
        // The runtime's timer is often late by a millisecond, and this has to be exact.
        thread::sleep(SETTLE);
        let mut points: Vec<u64> = sensor.points().collect();
        points.sort_unstable();
        survey.readings += 1;
        survey.medians += points[points.len() / 2];
        survey.spread = survey.spread.max(points[points.len() - 1] - points[0]);
    }
    survey
}
