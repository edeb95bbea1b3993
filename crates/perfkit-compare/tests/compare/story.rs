//! The story that must work: a status-quo service against its cured baseline, named without reading source.

use perfkit_compare::policy::Policy;
use perfkit_compare::{SideKind, compare, examine};
use perfkit_model::category::Category;
use perfkit_model::run::Run;
use perfkit_model::stacks::{Frame, FrameKind};

use crate::run_builder::{
    RunBuilder, allocator, async_fn, check, dependency, frame, function, moved, side, std_fn,
};

const RESULT: &str = "core::result::Result<ddsplit::SuccessCode, ddsplit::DistriErr>";
const GET: &str = "ddsplit::remote::Remote::get";

fn task() -> Frame {
    frame(
        "task ddsplit::server::serve",
        FrameKind::Task,
        Category::Runtime,
        "",
        0,
    )
}

fn reassemble(line: u32) -> Frame {
    async_fn("ddsplit::store::reassemble", "src/store.rs", line)
}

fn samples(memcpy: u64, malloc: u64, app: u64) -> [(Category, u64); 3] {
    [
        (Category::Memcpy, memcpy),
        (Category::Allocator, malloc),
        (Category::App, app),
    ]
}

fn cpu(mut builder: RunBuilder, samples: [(Category, u64); 3]) -> RunBuilder {
    for (category, weight) in samples {
        let leaf = frame(
            category.as_str(),
            FrameKind::Function,
            category.clone(),
            "",
            0,
        );
        builder = builder.stack(&[task(), reassemble(80), leaf], &[("cpu.samples", weight)]);
    }
    builder
}

fn cured() -> Run {
    let builder = RunBuilder::new()
        .case("ddsplit", "cured")
        .exact("heap.allocs", 2_410.0)
        .exact("heap.reallocs", 11.0)
        .exact("heap.bytes", 1_204_224.0)
        .exact("heap.peak", 402_000.0)
        .exact("memcpy.calls", 1_300.0)
        .exact("memcpy.bytes", 4_180_000.0)
        .exact("io.calls", 380.0)
        .exact("io.bytes", 8_000_000.0)
        .stack(
            &[
                task(),
                reassemble(71),
                function("ddsplit::codec::decode", "src/codec.rs", 31),
                allocator(),
            ],
            &[
                ("heap.allocs", 2_410),
                ("heap.bytes", 1_204_224),
                ("heap.peak", 402_000),
            ],
        )
        .stack(
            &[
                task(),
                reassemble(71),
                function("ddsplit::codec::decode", "src/codec.rs", 33),
            ],
            &[("memcpy.calls", 1_300), ("memcpy.bytes", 4_180_000)],
        )
        .stack(
            &[
                task(),
                reassemble(75),
                dependency("tokio", "tokio::io::BufWriter::flush"),
            ],
            &[("io.calls", 380), ("io.bytes", 8_000_000)],
        );
    cpu(builder, samples(5, 8, 987)).build()
}

fn story() -> Run {
    let builder = RunBuilder::new()
        .case("ddsplit", "story")
        .exact("heap.allocs", 3_372.0)
        .exact("heap.reallocs", 23.0)
        .exact("heap.bytes", 1_896_864.0)
        .exact("heap.peak", 402_100.0)
        .exact("memcpy.calls", 2_462.0)
        .exact("memcpy.bytes", 55_647_296.0)
        .exact("io.calls", 4_900.0)
        .exact("io.bytes", 8_000_000.0)
        // The same code as before, four lines further down.
        .stack(
            &[
                task(),
                reassemble(75),
                function("ddsplit::codec::decode", "src/codec.rs", 35),
                allocator(),
            ],
            &[
                ("heap.allocs", 2_410),
                ("heap.bytes", 1_204_224),
                ("heap.peak", 402_100),
            ],
        )
        .stack(
            &[
                task(),
                reassemble(75),
                function("ddsplit::codec::decode", "src/codec.rs", 37),
            ],
            &[("memcpy.calls", 1_300), ("memcpy.bytes", 4_180_000)],
        )
        // One box per call of the storage trait.
        .stack(
            &[
                task(),
                reassemble(84),
                function(GET, "src/remote.rs", 40),
                allocator(),
            ],
            &[("heap.allocs", 950), ("heap.bytes", 494_000)],
        )
        .stack(
            &[
                task(),
                reassemble(84),
                async_fn(GET, "src/remote.rs", 44),
                dependency("tokio", "tokio::net::TcpStream::write"),
            ],
            &[("io.calls", 4_900), ("io.bytes", 8_000_000)],
        )
        // The 50 kB error travels with every answer.
        .stack(
            &[
                task(),
                reassemble(88),
                dependency("tokio", "tokio::sync::mpsc::Sender::send"),
                moved(RESULT, 50_008, "src/store.rs", 88),
            ],
            &[("memcpy.calls", 962), ("memcpy.bytes", 962 * 50_008)],
        )
        // Large queries pushed by value.
        .stack(
            &[
                task(),
                async_fn("ddsplit::query::collect", "src/query.rs", 29),
                moved("ddsplit::DistriQuery", 16_798, "src/query.rs", 29),
            ],
            &[("memcpy.calls", 200), ("memcpy.bytes", 3_359_600)],
        )
        .stack(
            &[
                task(),
                async_fn("ddsplit::query::collect", "src/query.rs", 29),
                std_fn("alloc::vec::Vec::push"),
                allocator(),
            ],
            &[("heap.allocs", 12), ("heap.bytes", 198_640)],
        );
    cpu(builder, samples(82, 12, 906)).build()
}

#[test]
fn status_quo_story_against_its_cure() {
    let comparison = compare(
        &side("baseline cured", SideKind::Baseline, &cured()),
        &side("this run", SideKind::Measured, &story()),
        &Policy::default(),
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&comparison).unwrap());
}

#[test]
fn messages_of_the_story() {
    let comparison = check(&cured(), &story());
    let lines: Vec<String> = comparison
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{}: {}\n  remedy: {}\n  gain: {}",
                finding.rule,
                finding.message,
                finding.remedy.as_deref().unwrap_or("-"),
                finding.gain.as_deref().unwrap_or("-")
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_run_on_its_own() {
    let comparison = examine(&side("this run", SideKind::Measured, &story()));
    insta::assert_snapshot!(serde_json::to_string_pretty(&comparison).unwrap());
}
