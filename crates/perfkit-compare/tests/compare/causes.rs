//! What carries a difference.

use perfkit_model::run::Run;
use perfkit_model::stacks::Frame;

use crate::run_builder::{
    RunBuilder, allocator, async_fn, candidate, check, dependency, findings, function, moved,
    std_fn,
};

/// A run whose only metric is the sum of these stacks.
fn run(metric: &str, stacks: &[(&[Frame], u64)]) -> Run {
    let total: u64 = stacks.iter().map(|(_, weight)| weight).sum();
    stacks
        .iter()
        .fold(
            RunBuilder::new()
                .case("work", "")
                .exact(metric, total as f64),
            |builder, (path, weight)| builder.stack(path, &[(metric, *weight)]),
        )
        .build()
}

fn allocated(path: &[Frame]) -> Vec<Frame> {
    [path, &[allocator()]].concat()
}

#[test]
fn lines_that_shift_are_no_cause() {
    let stack = |line, weight: u64| {
        (
            allocated(&[function("app::parse", "src/parse.rs", line)]),
            weight,
        )
    };
    let (a, b) = (stack(10, 100), stack(20, 100));
    let (c, d) = (stack(14, 100), stack(24, 130));
    let base = run("heap.allocs", &[(&a.0, a.1), (&b.0, b.1)]);
    let head = run("heap.allocs", &[(&c.0, c.1), (&d.0, d.1)]);
    insta::assert_snapshot!(findings(&check(&base, &head)), @r"
    Deny allocations-grew in work: allocations grew +15.0 %, from 200 to 230 per iteration: 30 more allocations at `src/parse.rs:24` in `parse`
      100 % 100 → 130: app::parse src/parse.rs:24
    ");
}

#[test]
fn a_function_that_grew_on_many_lines_is_one_cause() {
    let line = |name: &str, line| vec![function(name, "src/parse.rs", line)];
    let moves = |name: &str, line| {
        vec![
            function(name, "src/parse.rs", line),
            moved("app::Token", 4_096, "src/parse.rs", line),
        ]
    };
    let base = run(
        "instructions.count",
        &[
            (&line("app::parse", 10), 600_000),
            (&line("app::parse", 11), 300_000),
            (&line("app::other", 90), 100_000),
        ],
    );
    // Everything moved down by a line, two lines do more, and two that were not there move a value.
    let head = run(
        "instructions.count",
        &[
            (&line("app::parse", 11), 630_000),
            (&line("app::parse", 12), 310_000),
            (&moves("app::parse", 13), 5_000),
            (&line("app::other", 91), 100_000),
            (&moves("app::send", 99), 60_000),
        ],
    );
    insta::assert_snapshot!(findings(&check(&base, &head)), @r"
    Deny instructions-grew in work: instructions grew +10.5 %, from 1.00 M to 1.10 M per iteration: 60.0 k instructions at `src/parse.rs:99` in `send`, where `Token` (4 096 B) is moved
      57 % 0 → 60000: app::send src/parse.rs:99
      43 % 900000 → 945000: app::parse src/parse.rs:12
    ");
}

#[test]
fn a_caller_that_changes_is_no_cause() {
    let leaf = |weight: u64, callers: &[&str]| {
        let mut path: Vec<Frame> = callers
            .iter()
            .map(|name| dependency("hyper", name))
            .collect();
        path.push(function("app::handle", "src/handle.rs", 5));
        path.push(function("app::parse", "src/parse.rs", 10));
        (allocated(&path), weight)
    };
    let old = leaf(1_000, &["hyper::one::serve"]);
    let (new, more) = (
        leaf(600, &["hyper::two::serve"]),
        leaf(400, &["hyper::two::serve", "hyper::two::upgrade"]),
    );
    let extra = (allocated(&[function("app::log", "src/log.rs", 3)]), 50);
    let base = run("heap.allocs", &[(&old.0, old.1)]);
    let head = run(
        "heap.allocs",
        &[(&new.0, new.1), (&more.0, more.1), (&extra.0, extra.1)],
    );
    insta::assert_snapshot!(findings(&check(&base, &head)), @r"
    Deny allocations-grew in work: allocations grew +5.0 %, from 1000 to 1050 per iteration: 50 allocations at `src/log.rs:3` in `log`
      100 % 0 → 50: app::log src/log.rs:3
    ");
}

#[test]
fn shares_go_beyond_one_where_others_shrank() {
    let stack = |name: &str, weight: u64| (allocated(&[function(name, "src/lib.rs", 1)]), weight);
    let (a, b, c) = (
        stack("app::a", 100),
        stack("app::a", 10),
        stack("app::b", 200),
    );
    let base = run("heap.allocs", &[(&a.0, a.1)]);
    let head = run("heap.allocs", &[(&b.0, b.1), (&c.0, c.1)]);
    insta::assert_snapshot!(findings(&check(&base, &head)), @r"
    Deny allocations-grew in work: allocations grew +110.0 %, from 100 to 210 per iteration: 200 allocations at `src/lib.rs:1` in `b`
      182 % 0 → 200: app::b src/lib.rs:1
    ");
}

#[test]
fn a_type_that_grew_is_the_same_move() {
    let stack = |size, line| {
        vec![
            async_fn("app::answer", "src/app.rs", line),
            moved("app::Reply", size, "src/app.rs", line),
        ]
    };
    let run = |size, line| {
        RunBuilder::new()
            .case("work", "")
            .exact("memcpy.calls", 100.0)
            .exact("memcpy.bytes", 100.0 * size as f64)
            .stack(
                &stack(size, line),
                &[("memcpy.calls", 100), ("memcpy.bytes", 100 * size)],
            )
            .build()
    };
    insta::assert_snapshot!(findings(&check(&run(1_024, 7), &run(50_008, 9))), @r"
    Deny copied-bytes-grew in work: copied bytes grew ×48.8, from 102 kB to 5.00 MB per iteration: 4.90 MB more over 100 moves of `Reply` (50 008 B) at `src/app.rs:9` in `async fn answer`
      100 % 102400 → 5000800: app::answer src/app.rs:9 app::Reply 50008 Annotated
    ");
}

#[test]
fn a_guessed_type_is_said_to_be_one() {
    let run = |weight: u64| {
        run(
            "memcpy.bytes",
            &[(
                &[
                    function("app::send", "src/send.rs", 4),
                    candidate("app::Reply", 4_096),
                ],
                weight,
            )],
        )
    };
    let comparison = check(&run(4_096), &run(40_960));
    let remedy = comparison.findings[0].remedy.clone().unwrap_or_default();
    insta::assert_snapshot!(format!("{}\n{remedy}", findings(&comparison)), @r"
    Deny copied-bytes-grew in work: copied bytes grew ×10.0, from 4.10 kB to 41.0 kB per iteration: 36.9 kB more moved as likely `Reply` (4 096 B; a guess by size) at `src/send.rs:4` in `send`
      100 % 4096 → 40960: app::send src/send.rs:4 app::Reply 4096 Candidate
    likely `Reply`, which is 4 096 B; box it or its large field
    ");
}

#[test]
fn moves_without_a_name_on_one_side_are_matched_by_function() {
    let named = [
        function("app::send", "src/send.rs", 4),
        moved("app::Reply", 4_096, "src/send.rs", 4),
    ];
    let bare = [function("app::send", "src/send.rs", 4)];
    let extra = [function("app::log", "src/log.rs", 8)];
    let mut base = run("memcpy.bytes", &[(&bare, 40_960)]);
    base.environment.annotated_moves = false;
    let head = run("memcpy.bytes", &[(&named, 40_960), (&extra, 8_192)]);
    insta::assert_snapshot!(findings(&check(&base, &head)), @r"
    Deny copied-bytes-grew in work: copied bytes grew +20.0 %, from 41.0 kB to 49.2 kB per iteration: 8.19 kB copied at `src/log.rs:8` in `log`
      100 % 0 → 8192: app::log src/log.rs:8
    ");
}

#[test]
fn boxed_futures_are_recognised() {
    let method = "<app::Remote as app::Storage>::get";
    let by_name = allocated(&[function(method, "src/remote.rs", 40)]);
    let polled = allocated(&[async_fn(
        &format!("{method}::{{async block}}"),
        "src/remote.rs",
        41,
    )]);
    let by_pin = allocated(&[
        async_fn("app::recurse", "src/tree.rs", 12),
        std_fn("alloc::boxed::Box<app::recurse::{async_fn_env#0}>::pin"),
    ]);
    let base = run("heap.allocs", &[(&polled, 1)]);
    let head = run(
        "heap.allocs",
        &[(&polled, 1), (&by_name, 500), (&by_pin, 100)],
    );
    let comparison = check(&base, &head);
    let remedy = comparison.findings[0].remedy.clone().unwrap_or_default();
    insta::assert_snapshot!(format!("{}\n{remedy}", findings(&comparison)), @r"
    Deny allocations-grew in work: allocations grew ×601, from 1 to 601 per iteration: 500 allocations at `src/remote.rs:40` in `<Remote as Storage>::get`, likely boxed futures of `#[async_trait]`
      83 % 0 → 500: <app::Remote as app::Storage>::get src/remote.rs:40
      17 % 0 → 100: app::recurse src/tree.rs:12
    boxed future: likely `#[async_trait]` (or `Box::pin` by hand), which allocates one box per call; a native async fn or enum dispatch avoids it
    ");
}

#[test]
fn an_allocation_names_what_is_moved_there() {
    let line = || async_fn("app::send", "src/send.rs", 4);
    let send = || dependency("tokio", "tokio::sync::mpsc::Sender::send");
    let run = |blocks: u64| {
        RunBuilder::new()
            .case("work", "")
            .exact("heap.peak", (blocks * 51_200) as f64)
            .exact("memcpy.bytes", 50_008.0)
            .stack(
                &[line(), send(), allocator()],
                &[("heap.peak", blocks * 51_200)],
            )
            .stack(
                &[line(), moved("app::Error", 50_008, "src/send.rs", 4)],
                &[("memcpy.bytes", 50_008)],
            )
            .build()
    };
    insta::assert_snapshot!(findings(&check(&run(1), &run(32))), @r"
    Deny peak-memory-grew in work: peak memory grew ×32.0, from 51.2 kB to 1.64 MB: 1.59 MB more live at the peak, allocated at `src/send.rs:4` in `async fn send`, where `Error` (50 008 B) is moved
      100 % 51200 → 1638400: app::send src/send.rs:4
    ");
}

#[test]
fn stacks_without_a_frame_of_the_user_name_the_innermost() {
    let path = [
        dependency("hyper", "hyper::server::serve"),
        std_fn("alloc::vec::Vec<u8>::extend"),
        allocator(),
    ];
    let base = run("heap.bytes", &[(&path, 100)]);
    let head = run(
        "heap.bytes",
        &[(&path, 10_000), (&[allocator()], 500), (&[], 0)],
    );
    insta::assert_snapshot!(findings(&check(&base, &head)), @r"
    Deny allocated-bytes-grew in work: allocated bytes grew ×105, from 100 B to 10.5 kB per iteration: 9.90 kB more allocated at `hyper/src/lib.rs:7` in `serve`
      95 % 100 → 10000: hyper::server::serve hyper/src/lib.rs:7
      5 % 0 → 500: malloc
    ");
}

#[test]
fn a_base_without_stacks_leaves_causes_open() {
    let path = allocated(&[function("app::parse", "src/parse.rs", 10)]);
    let mut base = run("heap.allocs", &[(&path, 10)]);
    base.cases[0].stacks = perfkit_model::stacks::Stacks::default();
    let comparison = check(&base, &run("heap.allocs", &[(&path, 50)]));
    insta::assert_snapshot!(
        format!("{}\n{}", findings(&comparison), comparison.remarks.join("\n")),
        @r"
    Deny allocations-grew in work: allocations grew ×5.0, from 10 to 50 per iteration
    `work` in baseline main has no stacks, so causes cannot be told
    "
    );
}

#[test]
fn growth_from_nothing_needs_no_column_in_the_base() {
    let path = allocated(&[function("app::leak", "src/leak.rs", 10)]);
    let comparison = check(
        &run("heap.retained", &[]),
        &run("heap.retained", &[(&path, 64)]),
    );
    insta::assert_snapshot!(findings(&comparison), @r"
    Deny retained-memory-grew in work: retained memory grew from nothing to 64 B per iteration: 64 B left behind, allocated at `src/leak.rs:10` in `leak`
      100 % 0 → 64: app::leak src/leak.rs:10
    ");
}

#[test]
fn eight_causes_are_kept() {
    let paths: Vec<(Vec<Frame>, u64)> = (1..=20)
        .map(|number| {
            let name = format!("app::step_{number:02}");
            (
                allocated(&[function(&name, "src/steps.rs", number)]),
                100 + u64::from(number),
            )
        })
        .collect();
    let stacks: Vec<(&[Frame], u64)> = paths
        .iter()
        .map(|(path, weight)| (path.as_slice(), *weight))
        .collect();
    let comparison = check(&run("heap.allocs", &[]), &run("heap.allocs", &stacks));
    let causes = &comparison.findings[0].causes;
    assert_eq!(causes.len(), 8);
    assert_eq!(causes[0].function, "app::step_20");
}

#[test]
fn damaged_stacks_do_not_panic() {
    let path = allocated(&[function("app::parse", "src/parse.rs", 10)]);
    let base = run("heap.allocs", &[(&path, 10)]);
    let mut head = run("heap.allocs", &[(&path, 50)]);
    let stacks = &mut head.cases[0].stacks;
    stacks.nodes[0].parent = Some(9);
    stacks.nodes[1].frame = 99;
    stacks.columns[0].iterations = 0;
    stacks.columns[0].weights.push((77, 5));
    assert_eq!(check(&base, &head).findings.len(), 1);
}
