//! What follows from a different place.

use perfkit_compare::policy::Policy;
use perfkit_compare::{SideKind, compare};
use perfkit_model::environment::Environment;

use crate::run_builder::{RunBuilder, rows, side};

fn outcome(kind: SideKind, change: impl FnOnce(&mut Environment)) -> String {
    let run = |change: &mut dyn FnMut(&mut Environment), value| {
        RunBuilder::new()
            .environment(change)
            .case("work", "")
            .exact("heap.allocs", value)
            .case("other", "")
            .exact("heap.allocs", 1.0)
            .build()
    };
    let mut packages = |environment: &mut Environment| {
        for (name, version) in [("bytes", "1.9.0"), ("foo", "0.4.13"), ("gone", "1.0.0")] {
            environment
                .packages
                .insert(name.to_owned(), version.to_owned());
        }
        environment.libc = "glibc 2.36".to_owned();
        let variable = ("MALLOC_ARENA_MAX".to_owned(), "1".to_owned());
        environment.variables.extend([variable]);
    };
    let base = run(&mut packages, 10.0);
    let mut change = Some(change);
    let head = run(
        &mut |environment| {
            packages(environment);
            if let Some(change) = change.take() {
                change(environment);
            }
        },
        20.0,
    );
    let comparison = compare(
        &side("main", kind, &base),
        &side("this run", SideKind::Measured, &head),
        &Policy::default(),
    );
    format!(
        "{}\n{:?}\n{}",
        rows(&comparison),
        comparison.verdict,
        comparison.context.join("\n")
    )
}

#[test]
fn another_compiler_is_not_judged() {
    insta::assert_snapshot!(outcome(SideKind::Baseline, |environment| {
        environment.rustc = "rustc 1.96.0".to_owned();
    }), @r#"
    other heap.allocs 1 → 1: not judged, the machine code is not comparable: rustc differs: `rustc 1.95.0` → `rustc 1.96.0`
    work heap.allocs 10 → 20: not judged, the machine code is not comparable: rustc differs: `rustc 1.95.0` → `rustc 1.96.0`
    NotJudged { reason: "the machine code is not comparable: rustc differs: `rustc 1.95.0` → `rustc 1.96.0`" }
    rustc differs: `rustc 1.95.0` → `rustc 1.96.0`
    "#);
}

#[test]
fn two_builds_of_one_session_are_judged_all_the_same() {
    insta::assert_snapshot!(outcome(SideKind::Measured, |environment| {
        environment.rustc = "rustc 1.96.0".to_owned();
    }), @r"
    other heap.allocs 1 → 1: same (from 2 up)
    work heap.allocs 10 → 20: worse (from 2 up)
    Regressed
    rustc differs: `rustc 1.95.0` → `rustc 1.96.0`
    ");
}

#[test]
fn other_build_settings_are_named() {
    insta::assert_snapshot!(outcome(SideKind::RunFile, |environment| {
        environment.build = vec!["lto=fat".to_owned(), "profile=release".to_owned()];
    }), @r#"
    other heap.allocs 1 → 1: not judged, the machine code is not comparable: build setting `lto` fat is new; build setting `profile` bench → release
    work heap.allocs 10 → 20: not judged, the machine code is not comparable: build setting `lto` fat is new; build setting `profile` bench → release
    NotJudged { reason: "the machine code is not comparable: build setting `lto` fat is new; build setting `profile` bench → release" }
    build setting `lto` fat is new
    build setting `profile` bench → release
    "#);
}

#[test]
fn what_may_be_a_cause_is_said_and_judged() {
    insta::assert_snapshot!(outcome(SideKind::Baseline, |environment| {
        environment.packages.insert("foo".to_owned(), "0.4.15".to_owned());
        environment.packages.insert("new".to_owned(), "2.0.0".to_owned());
        environment.packages.remove("gone");
        environment.lockfile = "abc".to_owned();
        environment.libc = "glibc 2.41".to_owned();
        environment.processor = "not recorded on the other side".to_owned();
        environment.variables.insert("MALLOC_ARENA_MAX".to_owned(), "2".to_owned());
    }), @r"
    other heap.allocs 1 → 1: same (from 2 up)
    work heap.allocs 10 → 20: worse (from 2 up)
    Regressed
    `foo` 0.4.13 → 0.4.15
    `gone` 1.0.0 is gone
    `new` 2.0.0 is new
    variable `MALLOC_ARENA_MAX` 1 → 2
    the C library differs: `glibc 2.36` → `glibc 2.41`
    ");
}

#[test]
fn annotated_moves_are_no_reason() {
    insta::assert_snapshot!(outcome(SideKind::Baseline, |environment| {
        environment.annotated_moves = false;
        environment.build.push("annotate-moves=false".to_owned());
    }), @r"
    other heap.allocs 1 → 1: same (from 2 up)
    work heap.allocs 10 → 20: worse (from 2 up)
    Regressed
    moves are annotated with their type on one side only, so copies are matched by function
    ");
}

#[test]
fn many_packages_are_cut() {
    let text = outcome(SideKind::Baseline, |environment| {
        for number in 0..30 {
            environment
                .packages
                .insert(format!("package-{number:02}"), "1.0.0".to_owned());
        }
    });
    insta::assert_snapshot!(text.lines().last().unwrap_or_default(), @"and 10 more packages differ");
}
