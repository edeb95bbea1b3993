//! What the hooks cost per copy and per allocation, against the limits that perfkit promises.
//!
//! `RUSTFLAGS=-Cforce-frame-pointers=yes cargo bench -p perfkit-hooks`. Every value is a difference to the unhooked
//! function measured in the same process, in rounds that take turns; the median over the rounds counts, and the
//! spread between the quartiles is the noise. Exits with 1 when a limit is missed by more than that.

#![expect(
    unsafe_code,
    reason = "the functions are called as compiled code calls them"
)]
#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::availability::frame_pointers;
use perfkit_hooks::modules::known_functions;
use perfkit_hooks::os::pin_to_cpus;
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};
use perfkit_hooks::stacks::stacks;

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

type Copy = unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *mut c_void;

/// Calls per round; one round is well below a scheduler's time slice.
const CALLS: u32 = 20_000;
const ROUNDS: usize = 151;
/// The depth for which the limits are stated.
const FRAMES: usize = 24;
/// Bytes of one copy, above the stack threshold of the recording below.
const COPY: usize = 64;
const BLOCK: usize = 64;

/// One row of the table.
struct Case {
    name: &'static str,
    /// What is recorded while it runs, if anything.
    recording: Option<Recording>,
    /// Most nanoseconds over the first case of its group.
    limit: f64,
    run: fn(),
}

#[inline(never)]
fn copies(copy: Copy) {
    let source = black_box([1_u8; COPY]);
    let mut target = black_box([0_u8; COPY]);
    for _ in 0..CALLS {
        // SAFETY: both arrays have that many bytes.
        unsafe {
            copy(
                target.as_mut_ptr().cast(),
                black_box(source.as_ptr().cast()),
                black_box(COPY),
            )
        };
    }
    black_box(&target);
}

fn real_copies() {
    let address = known_functions()
        .iter()
        .find(|(name, _)| *name == "memcpy")
        .map(|(_, address)| *address);
    let Some(address) = address else { return };
    // SAFETY: the address is that of libc's memcpy.
    copies(unsafe { std::mem::transmute::<usize, Copy>(address) });
}

fn hooked_copies() {
    copies(black_box(libc::memcpy as Copy));
}

#[inline(never)]
fn blocks(allocator: &impl GlobalAlloc) {
    let layout = Layout::new::<[u64; BLOCK / 8]>();
    for _ in 0..CALLS {
        // SAFETY: the block is freed with the layout it was allocated with.
        unsafe {
            let block = black_box(allocator.alloc(black_box(layout)));
            allocator.dealloc(block, black_box(layout));
        }
    }
}

fn system_blocks() {
    blocks(black_box(&System));
}

fn hooked_blocks() {
    blocks(black_box(&ALLOCATOR));
}

/// Runs `work` under `depth` more frames.
#[inline(never)]
fn nested(depth: usize, work: &mut dyn FnMut()) {
    if black_box(depth) == 0 {
        work()
    } else {
        nested(depth - 1, work)
    }
    // Not a tail call, which would leave no frame.
    black_box(depth);
}

/// Nanoseconds per call, under a stack of `depth` extra frames.
fn round(case: &Case, depth: usize) -> f64 {
    let mut elapsed = 0.0;
    nested(depth, &mut || {
        (case.run)();
        if case.recording.is_some() {
            begin();
        }
        let start = Instant::now();
        (case.run)();
        elapsed = start.elapsed().as_secs_f64();
        if case.recording.is_some() {
            end();
        }
    });
    elapsed * 1e9 / f64::from(CALLS)
}

/// Frames of the deepest stack that was recorded for every call of a round.
fn deepest() -> usize {
    let all = stacks();
    let complete = all.iter().filter(|record| record.calls >= u64::from(CALLS));
    complete
        .map(|record| record.frames.len())
        .max()
        .unwrap_or(0)
}

struct Measured {
    median: f64,
    noise: f64,
}

fn summary(mut values: Vec<f64>) -> Measured {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    // The quartiles of the rounds, narrowed to what the median of that many rounds is uncertain by.
    Measured {
        median: at(0.5),
        noise: (at(0.75) - at(0.25)) / (values.len() as f64).sqrt() * 3.0,
    }
}

/// Measures a group and prints it; whether all limits are kept.
fn check(title: &str, cases: &[Case]) -> bool {
    // The compiler may have unrolled the recursion, so that one more level is not always one more frame.
    let mut depths = vec![0; cases.len()];
    for (case, depth) in cases.iter().zip(&mut depths) {
        let Some(recording) = case.recording.filter(|recording| recording.stacks) else {
            continue;
        };
        while *depth < 4 * FRAMES {
            prepare(recording);
            round(case, *depth);
            finish();
            if deepest() >= FRAMES {
                break;
            }
            *depth += 1;
        }
    }
    let mut differences = vec![Vec::new(); cases.len()];
    let mut frames = vec![0; cases.len()];
    let mut firsts = Vec::new();
    for _ in 0..ROUNDS {
        for (index, case) in cases.iter().enumerate().skip(1) {
            let first = round(&cases[0], depths[index]);
            if let Some(recording) = case.recording {
                prepare(recording);
            }
            // The first round after `prepare` maps tables; those are not paid per call.
            round(case, depths[index]);
            let value = round(case, depths[index]);
            finish();
            frames[index] = deepest();
            firsts.push(first);
            differences[index].push(value - first);
        }
    }
    println!("{title}, {:.2} ns without hooks", summary(firsts).median);
    let mut kept = true;
    for ((case, values), frames) in cases.iter().zip(differences).zip(frames).skip(1) {
        let measured = summary(values);
        let missed = measured.median > case.limit + measured.noise;
        kept &= !missed;
        let stacks = case.recording.is_some_and(|recording| recording.stacks);
        let frames = if stacks {
            format!(", {frames} frames")
        } else {
            String::new()
        };
        println!(
            "  {:<34} {:>+8.2} ns ± {:<5.2} limit {:>4} ns  {}",
            format!("{}{frames}", case.name),
            measured.median,
            measured.noise,
            case.limit,
            if missed { "MISSED" } else { "kept" },
        );
    }
    kept
}

fn main() -> ExitCode {
    if !frame_pointers() {
        println!("built without frame pointers: set RUSTFLAGS=-Cforce-frame-pointers=yes");
        return ExitCode::FAILURE;
    }
    // On one processor no migration falls into a round. Where that is not allowed the noise is larger.
    drop(pin_to_cpus(1));
    let none = Recording {
        stack_threshold: 0,
        ..Recording::default()
    };
    let memcpy = Recording {
        memcpy: true,
        ..none
    };
    let heap = Recording { heap: true, ..none };
    let stacks = true;
    let copies = check(
        "memcpy of 64 B",
        &[
            Case {
                name: "none",
                recording: None,
                limit: 0.0,
                run: real_copies,
            },
            Case {
                name: "disarmed",
                recording: None,
                limit: 1.0,
                run: hooked_copies,
            },
            Case {
                name: "counting",
                recording: Some(memcpy),
                limit: 5.0,
                run: hooked_copies,
            },
            Case {
                name: "stack",
                recording: Some(Recording { stacks, ..memcpy }),
                limit: 70.0,
                run: hooked_copies,
            },
        ],
    );
    let live_map = Recording {
        stacks,
        live_map: true,
        ..heap
    };
    let blocks = check(
        "alloc + free of 64 B",
        &[
            Case {
                name: "none",
                recording: None,
                limit: 0.0,
                run: system_blocks,
            },
            Case {
                name: "disarmed",
                recording: None,
                limit: 1.0,
                run: hooked_blocks,
            },
            Case {
                name: "counting",
                recording: Some(heap),
                limit: 3.0,
                run: hooked_blocks,
            },
            Case {
                name: "stack",
                recording: Some(Recording { stacks, ..heap }),
                limit: 70.0,
                run: hooked_blocks,
            },
            Case {
                name: "stack + live map",
                recording: Some(live_map),
                limit: 150.0,
                run: hooked_blocks,
            },
        ],
    );
    if copies && blocks {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
