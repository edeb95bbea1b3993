//! Requests of a measured program to valgrind's callgrind, which counts the instructions of the process it runs.
//!
//! A request is a sequence of instructions that changes nothing on a processor and that valgrind understands, so that
//! every function here may be called anywhere: outside of valgrind it returns at once and does nothing. Nothing of
//! valgrind is linked. It knows requests on Linux on x86-64 and AArch64; elsewhere none is made.

/// Codes of requests, as `valgrind.h` and `callgrind.h` number them; their numbers never change.
mod code {
    pub(super) const RUNNING_ON_VALGRIND: usize = 0x1001;
    /// Requests to a tool begin with two letters of its name.
    const CALLGRIND: usize = (b'C' as usize) << 24 | (b'T' as usize) << 16;
    pub(super) const ZERO_STATS: usize = CALLGRIND + 1;
    pub(super) const DUMP_STATS_AT: usize = CALLGRIND + 3;
    pub(super) const START_INSTRUMENTATION: usize = CALLGRIND + 4;
    pub(super) const STOP_INSTRUMENTATION: usize = CALLGRIND + 5;
}

/// Whether this process runs under valgrind, with whichever of its tools.
pub fn is_under_valgrind() -> bool {
    request(0, code::RUNNING_ON_VALGRIND, 0) != 0
}

/// Sets callgrind's counts to zero, and says whether there is a callgrind that did.
pub fn zero() -> bool {
    // callgrind answers its requests with 0; nobody else answers them.
    request(1, code::ZERO_STATS, 0) == 0
}

/// Starts to count instructions. What callgrind translated so far is thrown away, so this takes a while.
#[inline(always)]
pub fn start() {
    request(0, code::START_INSTRUMENTATION, 0);
}

/// Stops counting instructions. From here on the program is as fast as under valgrind without a tool.
#[inline(always)]
pub fn stop() {
    request(0, code::STOP_INSTRUMENTATION, 0);
}

/// Has callgrind write what it counted into the next file, with `reason` in it, and set its counts to zero.
pub fn dump(reason: &'static std::ffi::CStr) {
    request(0, code::DUMP_STATS_AT, reason.as_ptr() as usize);
}

/// Makes a request with one argument, and returns its answer: `default` where nobody answers.
#[inline(always)]
fn request(default: usize, code: usize, argument: usize) -> usize {
    #[cfg(all(
        target_os = "linux",
        target_pointer_width = "64",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ))]
    {
        let words = [code, argument, 0, 0, 0, 0];
        let answer: usize;
        // SAFETY: on a processor this rotates a register once around in four steps and combines another with itself,
        // which changes flags at most. valgrind reads the six words and writes the register of the answer.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            std::arch::asm!(
                "rol rdi, 3",
                "rol rdi, 13",
                "rol rdi, 61",
                "rol rdi, 51",
                "xchg rbx, rbx",
                in("rax") words.as_ptr(),
                inout("rdx") default => answer,
                options(nostack),
            );
            #[cfg(target_arch = "aarch64")]
            std::arch::asm!(
                "ror x12, x12, #3",
                "ror x12, x12, #13",
                "ror x12, x12, #51",
                "ror x12, x12, #61",
                "orr x10, x10, x10",
                inout("x3") default => answer,
                in("x4") words.as_ptr(),
                options(nostack),
            );
        }
        answer
    }
    #[cfg(not(all(
        target_os = "linux",
        target_pointer_width = "64",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    )))]
    {
        let _ = (code, argument);
        default
    }
}
