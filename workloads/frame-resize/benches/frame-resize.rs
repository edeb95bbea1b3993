//! Sends one raw 1080p frame through the pipeline.

use frame_resize::video::FULL_HD;
use frame_resize::{Pipeline, Video};
use perfkit::{Bench, Case, Units};

perfkit::main!(frame_resize);

/// What the story's demo reads at a time.
const BATCH: usize = 1;

fn frame_resize(bench: &mut Bench) {
    bench
        .workload("frame-resize")
        .variants(["story", "cured"])
        .seed(7)
        .set_up(async |case: &Case| {
            let switches = case
                .variant()
                .parse()
                .expect("variants are named as the library reads them");
            let video = Video::generate(case.seed(), 1, FULL_HD);
            Pipeline::start(video, BATCH, switches)
                .await
                .expect("functions answer the handshake")
        })
        .units(|pipeline: &Pipeline| {
            let frames = pipeline.video().frames() as u64;
            Units::items(frames).and_bytes(frames * FULL_HD.bytes() as u64)
        })
        .iterate(async |pipeline: &mut Pipeline| pipeline.run().await)
        .check(|pipeline, text| match text {
            Ok(text) => pipeline.check(text),
            Err(error) => Err(error.to_string()),
        });
}
