//! Declare async workloads; `cargo perfkit` measures, explains and judges them.
//!
//! ```no_run
//! use perfkit::{Bench, Case, Units};
//!
//! perfkit::main!(checksums);
//!
//! fn checksums(bench: &mut Bench) {
//!     bench
//!         .workload("checksums")
//!         .set_up(async |case: &Case| vec![case.seed() as u8; 1 << 16])
//!         .units(|data| Units::bytes(data.len() as u64))
//!         .iterate(async |data| data.iter().map(|byte| u64::from(*byte)).sum::<u64>())
//!         .check(|_, sum| if *sum > 0 { Ok(()) } else { Err("the sum is 0".to_owned()) });
//! }
//! ```
//!
//! That is the whole of a bench target (with `harness = false` in `Cargo.toml`). The same function serves
//! every lens: it is run once per pass in a process of its own, and knows nothing of what watches it.
//!
//! # What it costs
//!
//! The hooks are off but for the measured body of a counting pass. Disarmed, a copy or an allocation costs
//! under a nanosecond more than without perfkit. The `time` pass arms nothing.
//!
//! # What it cannot see
//!
//! Each lens says so itself: `cargo perfkit doctor` prints the list.
//!
//! # Without the command
//!
//! `cargo bench --features perfkit/criterion` runs the same workloads under criterion.

mod bench;
mod busy;
mod case;
mod child;
mod drive;
mod histogram;
pub mod load;
mod passes;
mod plain;
mod process;
#[cfg(feature = "stages")]
mod stages;
mod start;

pub use bench::{Bench, Iterated, Prepared, Workload};
pub use case::{Case, Runtime, Units};
pub use drive::not_available;
pub use process::Process;

/// What [`main!`] expands to. Not for direct use.
#[doc(hidden)]
pub mod private {
    pub use crate::start::{Origin, start};

    /// The allocator a second process image switches to for the `dhat` pass.
    #[cfg(feature = "dhat")]
    pub type Alternate = dhat::Alloc;
    /// Without the `dhat` feature nothing ever switches.
    #[cfg(not(feature = "dhat"))]
    pub type Alternate = std::alloc::System;

    /// A counting allocator around `inner`.
    #[must_use]
    pub const fn allocator<A>(inner: A) -> Allocator<A> {
        #[cfg(feature = "dhat")]
        return perfkit_hooks::allocator::HookedAllocator::with_alternate(inner, dhat::Alloc);
        #[cfg(not(feature = "dhat"))]
        return perfkit_hooks::allocator::HookedAllocator::with_alternate(
            inner,
            std::alloc::System,
        );
    }

    /// The type of [`allocator`].
    pub type Allocator<A> = perfkit_hooks::allocator::HookedAllocator<A, Alternate>;
}

/// The allocator of a perfkit bench, for a program that has to declare `#[global_allocator]` itself.
///
/// A program has one global allocator, and [`main!`] declares it. Where another crate of the program does so
/// already, the compiler says "conflicts with global allocator". Either switch that one off for benches, or
/// let it wrap itself in this type and tell the macro with `allocator = none`:
///
/// ```
/// # mod service { // in a service that wants its own allocator
/// #[global_allocator]
/// static ALLOCATOR: perfkit::Allocator<std::alloc::System> = perfkit::allocator(std::alloc::System);
/// # }
/// ```
pub type Allocator<A> = private::Allocator<A>;

/// Wraps an allocator, see [`Allocator`].
#[must_use]
pub const fn allocator<A>(inner: A) -> Allocator<A> {
    private::allocator(inner)
}

/// Declares the bench target's `main` and its global allocator.
///
/// Takes the functions that declare workloads, each `fn(&mut Bench)`:
///
/// - `main!(reads, writes);` counts on the system allocator,
/// - `main!(allocator = mimalloc::MiMalloc, reads);` counts on the one you ship (a unit struct),
/// - `main!(allocator = none, reads);` declares none, see [`Allocator`]; without one the `heap` lens is not
///   available.
///
/// ```no_run
/// #![forbid(unsafe_code)]
/// # use perfkit::Bench;
/// # fn reads(_: &mut Bench) {}
/// # fn writes(_: &mut Bench) {}
/// perfkit::main!(reads, writes);
/// ```
///
/// ```no_run
/// #![forbid(unsafe_code)]
/// # use perfkit::Bench;
/// # fn reads(_: &mut Bench) {}
/// # mod mimalloc { pub use std::alloc::System as MiMalloc; }
/// perfkit::main!(allocator = mimalloc::MiMalloc, reads);
/// ```
///
/// ```no_run
/// #![forbid(unsafe_code)]
/// # use perfkit::Bench;
/// # fn reads(_: &mut Bench) {}
/// perfkit::main!(allocator = none, reads);
/// ```
#[macro_export]
macro_rules! main {
    (allocator = none, $($declare:path),+ $(,)?) => {
        $crate::main!(@main "none"; $($declare),+);
    };
    (allocator = $allocator:path, $($declare:path),+ $(,)?) => {
        #[global_allocator]
        static PERFKIT_ALLOCATOR: $crate::Allocator<$allocator> = $crate::allocator($allocator);
        $crate::main!(@main stringify!($allocator); $($declare),+);
    };
    (@main $allocator:expr; $($declare:path),+) => {
        fn main() -> ::std::process::ExitCode {
            $crate::private::start(
                &[$($declare),+],
                &$crate::private::Origin {
                    allocator: $allocator,
                    target: ::core::env!("CARGO_CRATE_NAME"),
                },
            )
        }
    };
    ($($declare:path),+ $(,)?) => {
        #[global_allocator]
        static PERFKIT_ALLOCATOR: $crate::Allocator<::std::alloc::System> =
            $crate::allocator(::std::alloc::System);
        $crate::main!(@main "System"; $($declare),+);
    };
}
