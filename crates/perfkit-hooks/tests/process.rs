//! What is decided when a process starts, checked in child processes of this test binary.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test when they fail"
)]
#![expect(
    unsafe_code,
    reason = "the C functions under test are called as C code would call them"
)]

use std::alloc::System;
use std::collections::HashMap;
use std::process::Command;

use perfkit_hooks::allocator::{HookedAllocator, uses_alternate};
use perfkit_hooks::availability::availability;
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};
use perfkit_hooks::{marker, modules, os, random};

#[global_allocator]
static ALLOCATOR: HookedAllocator<System, dhat::Alloc> =
    HookedAllocator::with_alternate(System, dhat::Alloc);

/// Runs one test of this binary as a child, in which `PERFKIT_TEST_CHILD` is set, and returns the line it wrote.
fn child(test: &str, environment: &[(&str, &str)]) -> String {
    let output = std::env::temp_dir().join(format!("perfkit-hooks-{}-{test}", std::process::id()));
    let status = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1"])
        .env_remove("PERFKIT_SEED")
        .env_remove("PERFKIT_ALLOCATOR")
        .env("PERFKIT_TEST_CHILD", &output)
        .envs(environment.iter().copied())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{test} {environment:?}: {status}");
    let text = std::fs::read_to_string(&output).unwrap();
    std::fs::remove_file(output).unwrap();
    text
}

/// In a child: writes what the parent gets back. In the parent: does nothing.
fn answer(text: impl FnOnce() -> String) -> bool {
    let Some(output) = std::env::var_os("PERFKIT_TEST_CHILD") else {
        return false;
    };
    std::fs::write(output, text()).unwrap();
    true
}

unsafe extern "C" {
    // Not in the libc crate for every libc.
    fn getentropy(to: *mut u8, bytes: usize) -> libc::c_int;
}

fn order_of_a_map() -> String {
    let map: HashMap<u32, ()> = (0..100).map(|key| (key, ())).collect();
    let mut bytes = [0_u8; 20];
    // SAFETY: the buffer has the length that is passed.
    unsafe {
        assert_eq!(libc::getrandom(bytes.as_mut_ptr().cast(), 10, 0), 10);
        assert_eq!(
            libc::syscall(libc::SYS_getrandom, bytes.as_mut_ptr().add(10), 5, 0),
            5
        );
        assert_eq!(getentropy(bytes.as_mut_ptr().add(15), 5), 0);
    }
    format!(
        "{:?} {bytes:?} {}",
        map.keys().collect::<Vec<_>>(),
        random::is_seeded()
    )
}

#[test]
fn seed() {
    if answer(order_of_a_map) {
        return;
    }
    let run = |environment: &[(&str, &str)]| child("seed", environment);
    let one = run(&[("PERFKIT_SEED", "42")]);
    assert_eq!(one, run(&[("PERFKIT_SEED", "42")]));
    assert!(one.ends_with("true"));
    assert_ne!(one, run(&[("PERFKIT_SEED", "43")]));
    assert_ne!(run(&[]), run(&[]));
    assert!(run(&[]).ends_with("false"));
}

/// A sequence of allocations whose totals both our counters and dhat's give.
fn workload() -> usize {
    let mut texts = Vec::new();
    for index in 0..1000_usize {
        texts.push("x".repeat(index % 300 + 1));
        if index % 3 == 0 {
            texts.swap_remove(index / 3 % texts.len());
        }
    }
    let mut joined = String::new();
    for text in &texts {
        joined.push_str(text);
    }
    joined.shrink_to_fit();
    let zeroed = vec![0_u64; 10_000];
    joined.len() + zeroed.len()
}

#[test]
fn alternate() {
    let answered = answer(|| {
        if uses_alternate() {
            let _profiler = dhat::Profiler::builder().testing().build();
            let before = dhat::HeapStats::get();
            std::hint::black_box(workload());
            let after = dhat::HeapStats::get();
            format!(
                "{} {} {}",
                after.total_blocks - before.total_blocks,
                after.total_bytes - before.total_bytes,
                after.max_bytes - before.curr_bytes
            )
        } else {
            prepare(Recording {
                heap: true,
                ..Recording::default()
            });
            begin();
            std::hint::black_box(workload());
            let heap = end().heap;
            finish();
            format!(
                "{} {} {}",
                heap.allocs,
                heap.bytes,
                heap.peak - heap.live_at_begin
            )
        }
    });
    if !answered {
        // The test harness may allocate in its own thread while it begins to wait for ours, which dhat counts too. What
        // the hooks did wrong would be there each time.
        let compared = (0..5).map(|_| {
            let alternate = child("alternate", &[("PERFKIT_ALLOCATOR", "alternate")]);
            (alternate, child("alternate", &[]))
        });
        let differing: Vec<_> = compared.take_while(|(dhat, own)| dhat != own).collect();
        assert!(differing.len() < 5, "{differing:?}");
    }
}

#[test]
fn layout() {
    let answered = answer(|| {
        // A container may forbid it; then there is an error and the program goes on.
        let restarted = os::restart_with_fixed_layout();
        assert_eq!(
            restarted.is_ok(),
            os::layout_is_fixed() == Some(true),
            "{restarted:?}"
        );
        let local = 0_u8;
        format!(
            "{} {:?}",
            restarted.is_ok(),
            restarted
                .is_ok()
                .then_some((&raw const local, layout as *const ()))
        )
    });
    if !answered {
        assert_eq!(child("layout", &[]), child("layout", &[]));
    }
}

#[test]
fn limits() {
    let answered = answer(|| {
        os::end_with_parent().unwrap();
        let chosen = os::pin_to_cpus(1).unwrap();
        assert_eq!(chosen.len(), 1);
        std::thread::available_parallelism().unwrap().to_string()
    });
    if !answered {
        assert_eq!(child("limits", &[]), "1");
    }
}

#[test]
fn what_is_loaded() {
    let all = modules::modules();
    let program = std::env::current_exe().unwrap();
    let here = what_is_loaded as *const () as usize;
    let own = all
        .iter()
        .find(|module| (module.start..module.end).contains(&here))
        .unwrap();
    assert_eq!(own.path, program);
    assert!(own.bias <= own.start && own.start < own.end);
    assert!(
        own.build_id
            .as_ref()
            .is_none_or(|id| id.len() == 40 || id.len() == 16),
        "{own:?}"
    );
    assert!(
        all.iter().any(|module| module.path.as_os_str() == "[vdso]"),
        "{all:?}"
    );
    for (name, address) in modules::known_functions() {
        let module = all
            .iter()
            .find(|module| (module.start..module.end).contains(&address));
        assert!(
            module.is_some_and(|module| module != own),
            "{name} at {address:#x} in {module:?}"
        );
    }
    // A static program has its own, with symbols.
    let expected = !cfg!(target_feature = "crt-static");
    let found = modules::known_functions()
        .iter()
        .any(|(name, _)| *name == "memcpy");
    assert_eq!(found, expected);
}

#[test]
fn usage() {
    let usage = os::resource_usage().unwrap();
    assert!(usage.minor_faults > 0 && usage.peak_resident_bytes > 100_000);
    assert!(os::process_cpu_time().unwrap() > std::time::Duration::ZERO);
}

#[test]
fn the_marker_is_in_the_file() {
    marker::keep();
    let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let text = format!("perfkit\0{}\0", marker::TEXT);
    assert!(
        file.windows(text.len())
            .any(|window| window == text.as_bytes())
    );
    let parsed: serde_json::Value = serde_json::from_str(marker::TEXT).unwrap();
    assert_eq!(parsed["protocol"], marker::PROTOCOL);
    assert_eq!(parsed["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn everything_but_stacks_is_available() {
    for row in availability() {
        assert!(row.name == "stacks" || row.missing.is_none(), "{row:?}");
    }
}
