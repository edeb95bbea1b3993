//! What a pass looks through, and which pass carries it.

use serde::{Deserialize, Serialize};

/// One row of the lens catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lens {
    /// Public id, as in `--lens heap`.
    pub id: &'static str,
    /// The pass that carries it; none for what is read from the binary. Lenses of one pass share a process.
    pub pass: Option<Pass>,
    /// Taken by default, or only when asked for.
    pub default: bool,
    /// How it sees.
    pub how: &'static str,
    /// What it cannot see. Reports repeat this.
    pub blind: &'static str,
    /// Where it works.
    pub platforms: &'static str,
}

/// One instrumentation of one child process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Pass {
    /// No instrumentation.
    Time,
    /// Allocator, copy and I/O hooks.
    Count,
    /// Sampling profiler.
    Cpu,
    /// `dhat` as the allocator.
    Dhat,
    /// Under valgrind's callgrind.
    Instructions,
    /// Requests at rising rates.
    Load,
    /// A subscriber of `tracing`.
    Stages,
}

impl Pass {
    /// Every pass, in the order a run takes them.
    pub const ALL: [Self; 7] = [
        Self::Time,
        Self::Count,
        Self::Cpu,
        Self::Dhat,
        Self::Instructions,
        Self::Load,
        Self::Stages,
    ];

    /// The word in files and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Count => "count",
            Self::Cpu => "cpu",
            Self::Dhat => "dhat",
            Self::Instructions => "instructions",
            Self::Load => "load",
            Self::Stages => "stages",
        }
    }
}

/// Every lens.
pub const LENSES: &[Lens] = &[
    Lens {
        id: "time",
        pass: Some(Pass::Time),
        default: true,
        how: "no instrumentation: process CPU time and wall time around each iteration",
        blind: "CPU time does not see sleeping and waiting; wall time depends on the machine",
        platforms: "Linux, macOS",
    },
    Lens {
        id: "heap",
        pass: Some(Pass::Count),
        default: true,
        how: "a global allocator that counts calls and bytes by call stack and forwards to yours",
        blind: "memory mapped behind the allocator, and C libraries that do not use it",
        platforms: "Linux, macOS",
    },
    Lens {
        id: "memcpy",
        pass: Some(Pass::Count),
        default: true,
        how: "memcpy and memmove defined in the executable, counted by call stack from 256 B up",
        blind: "copies that the compiler inlines (up to 128 B on x86-64), memset, and copies inside libc",
        platforms: "Linux x86-64 and aarch64",
    },
    Lens {
        id: "io",
        pass: Some(Pass::Count),
        default: true,
        how: "libc's read, write, send, receive and wait functions defined in the executable",
        blind: "system calls made without libc, and io_uring",
        platforms: "Linux x86-64 and aarch64",
    },
    Lens {
        id: "cpu",
        pass: Some(Pass::Cpu),
        default: true,
        how: "pprof samples the running threads on a CPU-time signal and unwinds with framehop",
        blind: "time off the CPU; the share of the kernel is what the signal interrupts on its way out",
        platforms: "Linux",
    },
    Lens {
        id: "dhat",
        pass: Some(Pass::Dhat),
        default: false,
        how: "the dhat allocator in a pass of its own; its JSON opens in DHAT's viewer",
        blind: "the same as heap; about 2 µs per allocation, so nothing else is measured beside it",
        platforms: "Linux, macOS",
    },
    Lens {
        id: "instructions",
        pass: Some(Pass::Instructions),
        default: false,
        how: "valgrind's callgrind counts every instruction of the measured region by call stack; about 50 times slower",
        blind: "the kernel, waiting, caches and branches; code that picks its instructions at run time takes other paths than on the bare processor",
        platforms: "Linux x86-64 and aarch64, with valgrind, on current_thread runtimes",
    },
    Lens {
        id: "load",
        pass: Some(Pass::Load),
        default: false,
        how: "no instrumentation: requests at fixed, rising rates until the workload no longer keeps up; latency counts from the moment a request was due",
        blind: "what the workload's own load generator cannot offer; latencies differ between machines and are never judged",
        platforms: "Linux, macOS; workloads that declare a load",
    },
    Lens {
        id: "stages",
        pass: Some(Pass::Stages),
        default: false,
        how: "a tracing subscriber: every span of level INFO and above goes through the stage that is named after it; how many, their fields items and bytes, waiting, processing and busy time, over time",
        blind: "code without spans; the subscriber itself takes about a microsecond per span, so times are shown and never judged",
        platforms: "Linux, macOS; workloads that install no subscriber of their own",
    },
    Lens {
        id: "types",
        pass: None,
        default: true,
        how: "debug info of the built binary: every type and future with its fields, and what lives across which await",
        blind: "types that no built program uses, and async functions that none of them calls",
        platforms: "ELF binaries with debug = 2; Mach-O as far as its debug info lies in the binary",
    },
];

/// The row with this id.
#[must_use]
pub fn lens(id: &str) -> Option<&'static Lens> {
    LENSES.iter().find(|lens| lens.id == id)
}
