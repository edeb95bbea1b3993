//! Randomness that repeats.
//!
//! std asks `getrandom` for the keys of every `HashMap`, and tokio's `select!` starts from such a key. This crate
//! defines `getrandom` and `getentropy` in the executable; when a seed is set, they answer from it, so that the order
//! of maps and of branches is the same in every process. Without a seed they ask the kernel.
//!
//! A seed is not random: this must never be linked into a production binary.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::process_start::environment;

static SOURCE: AtomicU8 = AtomicU8::new(UNDECIDED);
const UNDECIDED: u8 = 0;
const KERNEL: u8 = 1;
const SEED: u8 = 2;

static STATE: AtomicU64 = AtomicU64::new(0);

/// Answers all further requests from `seed`, starting over.
///
/// Requests before this call, such as the keys of the first `HashMap`, were answered already. To reach those, set the
/// environment variable `PERFKIT_SEED` (a decimal number) before the process starts.
pub fn seed_randomness(seed: u64) {
    STATE.store(seed, Relaxed);
    SOURCE.store(SEED, Relaxed);
}

/// Whether randomness comes from a seed.
pub fn is_seeded() -> bool {
    decided() == SEED
}

fn decided() -> u8 {
    let source = SOURCE.load(Relaxed);
    if source != UNDECIDED {
        return source;
    }
    let seed = environment(c"PERFKIT_SEED")
        .and_then(|text| text.to_str().ok())
        .and_then(|text| text.parse().ok());
    match seed {
        Some(seed) => seed_randomness(seed),
        None => SOURCE.store(KERNEL, Relaxed),
    }
    SOURCE.load(Relaxed)
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014). Each thread that asks takes the next number.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only Linux interposes the functions that use it")
)]
fn next() -> u64 {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut value = STATE.fetch_add(STEP, Relaxed).wrapping_add(STEP);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
pub(crate) use interposed::{is_linked, syscall_getrandom};

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
mod interposed {
    use std::ffi::{c_int, c_long, c_uint};

    use super::{SEED, decided, next};
    use crate::errno;
    use crate::interpose_io::raw;

    /// Fills `bytes` at `to` from the seed.
    unsafe fn fill(to: *mut u8, bytes: usize) {
        let mut word = 0;
        for index in 0..bytes {
            if index % 8 == 0 {
                word = next();
            }
            // Volatile, since the compiler would turn the loop into a call of memcpy, which is what is being counted.
            // SAFETY: the caller's buffer has `bytes` bytes.
            unsafe {
                to.add(index)
                    .write_volatile((word >> (index % 8 * 8)) as u8)
            };
        }
    }

    /// `getrandom(2)`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getrandom(to: *mut u8, bytes: usize, flags: c_uint) -> isize {
        // SAFETY: the caller's obligations are those of the C function.
        unsafe { syscall_getrandom(libc::SYS_getrandom, to, bytes, flags) }
    }

    /// `getentropy(3)`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getentropy(to: *mut u8, bytes: usize) -> c_int {
        if bytes > 256 {
            errno::set(libc::EIO);
            return -1;
        }
        let mut filled = 0;
        while filled < bytes {
            // SAFETY: the rest of the caller's buffer.
            let result = unsafe { getrandom(to.add(filled), bytes - filled, 0) };
            if result < 0 {
                return -1;
            }
            filled += result as usize;
        }
        0
    }

    /// `syscall(SYS_getrandom, …)`. The kernel is asked directly: going through libc's function would only add a
    /// cancellation point.
    pub(crate) unsafe extern "C" fn syscall_getrandom(
        number: c_long,
        to: *mut u8,
        bytes: usize,
        flags: c_uint,
    ) -> isize {
        if decided() == SEED {
            // SAFETY: the caller's obligations are those of the C function.
            unsafe { fill(to, bytes) };
            return bytes as isize;
        }
        // SAFETY: as above.
        unsafe { raw::syscall(number, to as usize, bytes, flags as usize, 0, 0, 0) }
    }

    /// Whether this program's requests come through here.
    pub(crate) fn is_linked() -> bool {
        let ours: unsafe extern "C" fn(*mut u8, usize, c_uint) -> isize = getrandom;
        let linked = libc::getrandom as *const ();
        std::ptr::eq(ours as *const (), linked)
    }
}
