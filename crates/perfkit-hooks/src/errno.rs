//! Keeps `errno` as the measured program left it.

/// Runs `work` and restores `errno`, so that bookkeeping inside a libc call stays invisible to its caller.
pub(crate) fn preserved<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    {
        // SAFETY: the location of this thread's errno is always valid.
        let saved = unsafe { *location() };
        let result = work();
        // SAFETY: as above.
        unsafe { *location() = saved };
        result
    }
    #[cfg(not(unix))]
    work()
}

/// Sets this thread's `errno`.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
pub(crate) fn set(value: i32) {
    // SAFETY: the location of this thread's errno is always valid.
    unsafe { *location() = value };
}

#[cfg(target_os = "linux")]
fn location() -> *mut i32 {
    // SAFETY: has no preconditions.
    unsafe { libc::__errno_location() }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn location() -> *mut i32 {
    // SAFETY: has no preconditions.
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    return unsafe { libc::__error() };
    #[cfg(not(any(target_vendor = "apple", target_os = "freebsd")))]
    {
        // Elsewhere nothing of ours runs inside a libc call, so a scratch cell does.
        thread_local!(static SCRATCH: std::cell::Cell<i32> = const { std::cell::Cell::new(0) });
        SCRATCH.with(std::cell::Cell::as_ptr)
    }
}
