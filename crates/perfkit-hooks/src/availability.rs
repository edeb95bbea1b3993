//! What this build can record on this machine, and why not the rest.

use std::hint::black_box;

/// Whether one thing can be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// What: `heap`, `memcpy`, `io`, `stacks`, `randomness` or `modules`.
    pub name: &'static str,
    /// Why it cannot be recorded, or `None` when it can.
    pub missing: Option<&'static str>,
}

/// One row for everything this crate can record.
///
/// The `heap` row takes for granted that the program's global allocator is a
/// [`crate::allocator::HookedAllocator`]; recording one allocation shows whether it is.
pub fn availability() -> [Availability; 6] {
    const PLATFORM: &str = "libc functions are interposed on Linux on x86-64 and AArch64 only";
    let interposed = cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ));
    let row = |name, missing| Availability { name, missing };
    let interposer = |name, linked, reason| {
        row(
            name,
            if !interposed {
                Some(PLATFORM)
            } else if linked {
                None
            } else {
                Some(reason)
            },
        )
    };
    [
        row("heap", None),
        interposer(
            "memcpy",
            copies_linked(),
            "another definition of memcpy was linked into the program",
        ),
        interposer("io", true, PLATFORM),
        row(
            "stacks",
            (!frame_pointers())
                .then_some("the program was built without -Cforce-frame-pointers=yes"),
        ),
        interposer(
            "randomness",
            randomness_linked(),
            "another definition of getrandom was linked into the program",
        ),
        row(
            "modules",
            (!cfg!(all(target_os = "linux", not(miri))))
                .then_some("modules are listed on Linux only"),
        ),
    ]
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
fn copies_linked() -> bool {
    crate::interpose_copies::is_linked()
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
)))]
fn copies_linked() -> bool {
    false
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
fn randomness_linked() -> bool {
    crate::random::is_linked()
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
)))]
fn randomness_linked() -> bool {
    false
}

/// Whether functions of this build keep frame pointers, found out by looking for a known caller in the frame of its
/// callee. Without them only the innermost frame of a stack is right.
pub fn frame_pointers() -> bool {
    black_box(outer(black_box(1))) & FOUND != 0
}

/// Set in the probe's result when the return address was where a frame pointer puts it.
const FOUND: usize = 1 << 8;
/// Machine code of [`outer`] is shorter than this.
const CODE: usize = 256;

#[inline(never)]
fn outer(value: usize) -> usize {
    // The addition keeps the call from being a tail call, which would leave no frame.
    black_box(inner(black_box(value))).wrapping_add(black_box(value) & 1)
}

#[inline(never)]
fn inner(value: usize) -> usize {
    let caller = caller_by_frame_pointer();
    let start = outer as *const () as usize;
    let found = (start..start + CODE).contains(&caller);
    black_box(value) | if found { FOUND } else { 0 }
}

/// The return address of the function this is inlined into, if that function has a frame.
#[inline(always)]
fn caller_by_frame_pointer() -> usize {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), unix, not(miri)))]
    {
        let frame: usize;
        // SAFETY: reads a register.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            std::arch::asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack, preserves_flags));
            #[cfg(target_arch = "aarch64")]
            std::arch::asm!("mov {}, x29", out(reg) frame, options(nomem, nostack, preserves_flags));
        }
        let here = black_box(0_usize);
        let floor = (&raw const here) as usize;
        let end = crate::walker::stack_end();
        if frame <= floor
            || frame.saturating_add(2 * size_of::<usize>()) > end
            || !frame.is_multiple_of(size_of::<usize>())
        {
            return 0;
        }
        // SAFETY: the word lies between this frame and the end of the thread's stack.
        unsafe { *(frame as *const usize).add(1) }
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), unix, not(miri))))]
    0
}
