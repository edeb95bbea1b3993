//! Keeps forked children out of the recording.

use std::sync::Once;

/// Disarms every child that is forked from now on, before it runs any code of its own.
///
/// The tables are private mappings, so a child could only write to its own copies; but it may inherit a lock that a
/// thread held which does not exist in the child. `vfork` and `posix_spawn` run no Rust code in the child. A child
/// made by the raw system call is not seen.
pub(crate) fn disarm_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(all(unix, not(miri)))]
        // SAFETY: the handler only stores to atomics.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

#[cfg(all(unix, not(miri)))]
unsafe extern "C" fn in_child() {
    crate::recording::switch_off();
}
