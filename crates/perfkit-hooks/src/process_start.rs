//! Switches that are read from the environment before the first Rust allocation.

use std::ffi::{CStr, c_char};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What the allocator wrapper has to do on every call. Zero, the common case, means: forward and return.
pub(crate) static MODE: AtomicU8 = AtomicU8::new(UNDECIDED);

/// The environment was not read yet.
pub(crate) const UNDECIDED: u8 = 1;
/// The second allocator is used, for the whole life of the process.
pub(crate) const ALTERNATE: u8 = 2;
/// Live bytes are kept up to date.
pub(crate) const TRACKING: u8 = 4;
/// An iteration is being measured: count.
pub(crate) const ARMED: u8 = 8;
/// Attribute to call stacks.
pub(crate) const STACKS: u8 = 16;
/// Remember which stack allocated each live block.
pub(crate) const LIVE_MAP: u8 = 32;

/// Decides on the allocator, if that was not done, and returns the mode.
///
/// The environment cannot change between the first call and a racing second one: both run before `main`, or in code
/// that allocates for the first time, so all come to the same result.
#[cold]
#[inline(never)]
pub(crate) fn decide() -> u8 {
    if MODE.load(Relaxed) & UNDECIDED != 0 {
        let alternate =
            environment(c"PERFKIT_ALLOCATOR").is_some_and(|value| value == c"alternate");
        if alternate {
            MODE.fetch_or(ALTERNATE, Relaxed);
        }
        MODE.fetch_and(!UNDECIDED, Relaxed);
    }
    MODE.load(Relaxed)
}

/// The value of an environment variable, without allocating and without std's lock.
pub(crate) fn environment(name: &CStr) -> Option<&'static CStr> {
    let mut entry = environ();
    if entry.is_null() {
        return None;
    }
    loop {
        // SAFETY: `environ` is an array of C strings that ends with a null pointer.
        let text = unsafe { *entry };
        if text.is_null() {
            return None;
        }
        // SAFETY: see above.
        let text = unsafe { CStr::from_ptr(text) };
        let value = text
            .to_bytes_with_nul()
            .strip_prefix(name.to_bytes())
            .and_then(|rest| rest.strip_prefix(b"="));
        if let Some(value) = value {
            return CStr::from_bytes_with_nul(value).ok();
        }
        // SAFETY: the entry was not the terminating one.
        entry = unsafe { entry.add(1) };
    }
}

#[cfg(all(unix, not(target_vendor = "apple"), not(miri)))]
fn environ() -> *const *const c_char {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: libc defines this variable; nobody writes it before `main`.
    unsafe { environ }
}

#[cfg(all(target_vendor = "apple", not(miri)))]
fn environ() -> *const *const c_char {
    unsafe extern "C" {
        fn _NSGetEnviron() -> *const *const *const c_char;
    }
    // SAFETY: the function has no preconditions and returns the address of `environ`.
    unsafe { *_NSGetEnviron() }
}

#[cfg(any(not(unix), miri))]
fn environ() -> *const *const c_char {
    std::ptr::null()
}

/// Runs before `main`: reads the environment and finds the real functions behind the interposed ones.
extern "C" fn at_process_start() {
    decide();
    #[cfg(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ))]
    {
        crate::interpose_copies::resolve();
        crate::interpose_io::resolve();
    }
}

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(
    target_vendor = "apple",
    unsafe(link_section = "__DATA,__mod_init_func")
)]
static AT_PROCESS_START: extern "C" fn() = at_process_start;

/// Does what the start of the process should have done, where there is no hook for it or the linker dropped it.
pub(crate) fn ensure() {
    // SAFETY: the pointer comes from a reference. A volatile read keeps the static, and with it the constructor.
    let start = unsafe { std::ptr::read_volatile(&raw const AT_PROCESS_START) };
    start();
}
