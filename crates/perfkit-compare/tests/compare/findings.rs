//! Order, gain and smallest effect of findings.

use perfkit_model::category::Category;
use perfkit_model::stacks::FrameKind;

use crate::run_builder::{RunBuilder, check, found, frame, function, moved};

#[test]
fn denied_comes_first_then_multiples_then_cost_then_relative_growth() {
    let run = |factor: f64, workload_b: f64| {
        RunBuilder::new()
            .case("a", "")
            .exact("heap.reallocs", 100.0 * factor)
            .exact("heap.allocs", 100.0 * factor)
            .exact("heap.bytes", 1_000.0 * factor)
            .exact("heap.peak", 10_000.0 * factor)
            .exact("heap.retained", 0.0 + 640.0 * (factor - 1.0))
            .exact("memcpy.calls", 100.0 * factor * factor)
            .exact("memcpy.bytes", 1_000.0 * factor * factor)
            .exact("io.bytes", 1_000.0 * factor)
            .case("b", "")
            .exact("memcpy.bytes", workload_b)
            .build()
    };
    let comparison = check(&run(1.0, 100.0), &run(2.0, 1_000.0));
    let order: Vec<String> = comparison
        .findings
        .iter()
        .map(|finding| format!("{:?} {} {}", finding.level, finding.case, finding.rule))
        .collect();
    insta::assert_snapshot!(order.join("\n"), @r"
    Deny a retained-memory-grew
    Deny b copied-bytes-grew
    Deny a copied-bytes-grew
    Deny a peak-memory-grew
    Deny a allocated-bytes-grew
    Deny a copies-grew
    Deny a allocations-grew
    Warn a io-bytes-grew
    Warn a reallocations-grew
    ");
}

#[test]
fn gain_is_bounded_by_what_the_cpu_does() {
    let builder = |copied, allocated| {
        let mut builder = RunBuilder::new()
            .case("work", "")
            .exact("memcpy.bytes", copied)
            .exact("heap.bytes", allocated)
            .exact("heap.retained", allocated);
        for (category, weight) in [
            (Category::Memcpy, 80),
            (Category::Allocator, 10),
            (Category::App, 910),
        ] {
            let leaf = frame(
                category.as_str(),
                FrameKind::Function,
                category.clone(),
                "",
                0,
            );
            builder = builder.stack(&[leaf], &[("cpu.samples", weight)]);
        }
        builder.build()
    };
    let comparison = check(&builder(4e6, 1e3), &builder(50e6, 2e3));
    let gains: Vec<&str> = comparison
        .findings
        .iter()
        .filter_map(|finding| finding.gain.as_deref())
        .collect();
    insta::assert_snapshot!(gains.join("\n"), @r"
    removing this saves at most 92 % of the copied bytes (46.0 MB per iteration) and at most 8 % of CPU time
    removing this saves at most 50 % of the retained memory (1.00 kB per iteration)
    removing this saves at most 50 % of the allocated bytes (1.00 kB per iteration) and at most 1 % of CPU time
    ");
}

#[test]
fn copied_bytes_come_before_copies() {
    let run = |calls, bytes| {
        RunBuilder::new()
            .case("work", "")
            .exact("memcpy.calls", calls)
            .exact("memcpy.bytes", bytes)
            .build()
    };
    let comparison = check(&run(1.0, 1_000.0), &run(900.0, 1_100.0));
    assert_eq!(found(&comparison), ["copied-bytes-grew", "copies-grew"]);
}

#[test]
fn one_type_inside_many_moved_types_is_named_first() {
    let task = |name: &str, line| {
        frame(
            name,
            FrameKind::Task,
            Category::Runtime,
            "src/store.rs",
            line,
        )
    };
    let run = |sizes: u64| {
        let wrapped = [
            (
                task("task store::put", 40),
                "Poll<Result<SuccessCode, DistriErr>>",
            ),
            (
                task("task store::get", 60),
                "Poll<Result<Fragment, DistriErr>>",
            ),
            (task("task store::get", 60), "Stage<async fn store::get>"),
        ];
        let mut builder = RunBuilder::new()
            .case("work", "")
            .exact("memcpy.bytes", 300.0 * sizes as f64);
        for (index, (task, ty)) in wrapped.into_iter().enumerate() {
            let leaf = moved(
                ty,
                sizes,
                "tokio-1.0.0/src/runtime/task/core.rs",
                300 + index as u32,
            );
            builder = builder.stack(
                &[task, leaf],
                &[("memcpy.bytes", 100 * sizes), ("memcpy.calls", 100)],
            );
        }
        builder.build()
    };
    let comparison = check(&run(500), &run(50_008));
    let finding = &comparison.findings[0];
    insta::assert_snapshot!(format!("{}\n{}", finding.message, finding.remedy.as_deref().unwrap_or_default()), @r"
    copied bytes grew ×100, from 150 kB to 15.0 MB per iteration: 9.90 MB in 200 moves of values that hold `DistriErr`, most of all 4.95 MB more over 100 moves of `Poll<Result<Fragment, DistriErr>>` (50 008 B) at `src/store.rs:60` in `task get`
    `DistriErr` is in what carries 67 % of the growth: box it, or its large variant or field. `Stage<async fn get>` is 50 008 B; box it or its large field
    ");
}

#[test]
fn the_variant_that_makes_an_enum_large_is_named() {
    let run = |size: u64, names: &[&str]| {
        let mut builder = RunBuilder::new()
            .case("work", "")
            .exact("memcpy.bytes", 100.0 * size as f64 * names.len() as f64)
            .enumeration("cured::DistriErr", 24, &[("Corrupt", 24), ("Missing", 16)])
            .enumeration(
                "story::DistriErr",
                50_008,
                &[("Corrupt", 50_008), ("Missing", 16)],
            );
        for (line, name) in names.iter().enumerate() {
            let leaf = moved(name, size, "src/store.rs", 10 + line as u32);
            builder = builder.stack(
                &[
                    function("store::get", "src/store.rs", 10 + line as u32),
                    leaf,
                ],
                &[("memcpy.bytes", 100 * size), ("memcpy.calls", 100)],
            );
        }
        builder.build()
    };
    let said = |head_size, names: &[&str]| {
        let finding = check(&run(40, names), &run(head_size, names))
            .findings
            .remove(0);
        format!(
            "{}\n{}",
            finding.message,
            finding.remedy.unwrap_or_default()
        )
    };
    let two = ["Result<Code, DistriErr>", "Poll<Result<Code, DistriErr>>"];
    for (head_size, names, is_named) in [
        (50_008, &two[..], true),
        (50_008, &two[..1], true),
        // The large enum does not fit into what is moved, and the one that does is not lopsided.
        (4_000, &two[..], false),
        (50_008, &["Result<Code, OtherErr>"], false),
    ] {
        // Thousands are set apart by a space that does not break.
        let said = said(head_size, names).replace(|letter: char| letter.is_whitespace(), " ");
        let variant = said.contains("variant `Corrupt` is 50 008 B, the next 16 B");
        let advice = said.contains("box the payload of `DistriErr::Corrupt`, which takes the enum from 50 008 B to about 16 B");
        assert_eq!((variant, advice), (is_named, is_named), "{said}");
    }
}
