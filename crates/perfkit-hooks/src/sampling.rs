//! What a sampling profiler in the same process needs and cannot do safely itself.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether an address is wanted itself, instead of the start of its function.
static EXACT_ADDRESSES: AtomicBool = AtomicBool::new(false);

/// Makes samples differ by instruction, and their recording safe in a signal handler.
///
/// pprof 0.15 merges samples whose frames lie in the same functions and keeps the addresses of the first one. Which
/// inlined function each of them was in is lost that way, so the shares of inlined functions come out wrong. It also
/// asks the unwinder for the start of each function, from within the signal handler, where that takes a lock that the
/// interrupted thread may hold. Both hang on one function of the unwinder, for which this crate stands in: after this
/// call it answers each address with itself. Without glibc's shared unwinder it changes nothing.
pub fn sample_exact_addresses() {
    EXACT_ADDRESSES.store(true, Relaxed);
}

/// The CPU-time timer of this process, `ITIMER_PROF`, which a profiler has set.
///
/// Paused between measured regions, so that set-up and checks are not sampled; what was left of the interval goes on
/// in the next region, which keeps the sampling unbiased for regions shorter than the interval.
#[derive(Default)]
pub struct ProfilingTimer {
    #[cfg(unix)]
    left: Option<libc::itimerval>,
}

impl ProfilingTimer {
    /// Stops the timer and remembers what was left of its interval.
    pub fn pause(&mut self) {
        #[cfg(unix)]
        {
            // SAFETY: both structures are plain data and live across the call.
            unsafe {
                let stopped: libc::itimerval = std::mem::zeroed();
                let mut left: libc::itimerval = std::mem::zeroed();
                if libc::setitimer(libc::ITIMER_PROF, &raw const stopped, &raw mut left) == 0 {
                    self.left = Some(left);
                }
            }
        }
    }

    /// Lets the timer go on; nothing happens unless it is paused.
    pub fn resume(&mut self) {
        #[cfg(unix)]
        if let Some(left) = self.left.take() {
            // SAFETY: the structure is plain data and lives across the call; no old value is asked for.
            unsafe {
                libc::setitimer(libc::ITIMER_PROF, &raw const left, std::ptr::null_mut());
            }
        }
    }
}

impl fmt::Debug for ProfilingTimer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProfilingTimer")
            .finish_non_exhaustive()
    }
}

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    not(target_feature = "crt-static"),
    not(miri)
))]
mod unwinder {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

    use super::EXACT_ADDRESSES;

    type Find = unsafe extern "C" fn(*mut c_void) -> *mut c_void;

    static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

    /// Stands in for the unwinder's function of this name, see [`super::sample_exact_addresses`].
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_FindEnclosingFunction(address: *mut c_void) -> *mut c_void {
        if EXACT_ADDRESSES.load(Relaxed) {
            return address;
        }
        let mut real = REAL.load(Relaxed);
        if real.is_null() {
            // SAFETY: the name is a C string, and RTLD_NEXT finds the definition after this one.
            real =
                unsafe { libc::dlsym(libc::RTLD_NEXT, c"_Unwind_FindEnclosingFunction".as_ptr()) };
            REAL.store(real, Relaxed);
        }
        if real.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: the symbol has this signature in libgcc and in LLVM's libunwind.
        unsafe { std::mem::transmute::<*mut c_void, Find>(real)(address) }
    }
}
