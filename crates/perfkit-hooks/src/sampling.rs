//! What a sampling profiler in the same process needs and cannot do safely itself.

use std::ffi::CStr;
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

/// Names the calling thread, for the profiler that records the name with each sample. Longer names than 15 bytes are
/// cut. Costs one system call.
///
/// This is how samples inside a measured region are told from those outside it. Stopping the profiler's timer in
/// between does not do: the kernel rounds what is left of its interval up to a tick each time, and a body shorter than
/// that would never be sampled.
pub fn name_thread(name: &CStr) {
    #[cfg(all(target_os = "linux", not(miri)))]
    // SAFETY: the kernel reads the string up to its end, which is there, and keeps a copy.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, name.as_ptr());
    }
    #[cfg(all(target_os = "macos", not(miri)))]
    // SAFETY: as above.
    unsafe {
        libc::pthread_setname_np(name.as_ptr());
    }
    #[cfg(any(miri, not(any(target_os = "linux", target_os = "macos"))))]
    let _ = name;
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
