//! `memcpy` and `memmove`, defined in the executable.
//!
//! Each is one indirect jump through [`TARGETS`], which leads to the real function until a recording is armed.
//! Bodies are assembly: a Rust body that copies would be compiled to a call of itself.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed, Ordering::SeqCst};

use crate::copies::{Level, count, count_and_attribute};

/// Where the two functions lead, and the real ones. Written only when arming, so it keeps a cache line of its own.
#[repr(C, align(64))]
struct Targets {
    memcpy: AtomicPtr<()>,
    memmove: AtomicPtr<()>,
    real_memcpy: AtomicPtr<()>,
    real_memmove: AtomicPtr<()>,
}

static TARGETS: Targets = Targets {
    memcpy: AtomicPtr::new(real::memcpy as *mut ()),
    memmove: AtomicPtr::new(real::memmove as *mut ()),
    real_memcpy: AtomicPtr::new(real::memcpy as *mut ()),
    real_memmove: AtomicPtr::new(real::memmove as *mut ()),
};

/// Sets where the two functions lead.
pub(crate) fn set_level(level: Level) {
    let (copy, moving) = match level {
        Level::Off => (
            TARGETS.real_memcpy.load(Relaxed),
            TARGETS.real_memmove.load(Relaxed),
        ),
        Level::Count => (count_memcpy as *mut (), count_memmove as *mut ()),
        Level::Stacks => (attribute_memcpy as *mut (), attribute_memmove as *mut ()),
    };
    TARGETS.memcpy.store(copy, SeqCst);
    TARGETS.memmove.store(moving, SeqCst);
}

/// Finds the variants that libc has chosen for this processor, so that calls take no detour. Nothing may be armed.
pub(crate) fn resolve() {
    #[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
    for (name, targets) in [
        (c"memcpy", [&TARGETS.real_memcpy, &TARGETS.memcpy]),
        (c"memmove", [&TARGETS.real_memmove, &TARGETS.memmove]),
    ] {
        // SAFETY: the name is a C string.
        let real = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
        if !real.is_null() {
            for target in targets {
                target.store(real.cast(), SeqCst);
            }
        }
    }
}

/// Whether copies made by this program come through here. They do not when another definition was linked before.
pub(crate) fn is_linked() -> bool {
    let ours: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *mut c_void = memcpy;
    let linked: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *mut c_void =
        libc::memcpy;
    std::ptr::fn_addr_eq(ours, linked)
}

/// Defines an exported function that jumps to the pointer at an offset of [`TARGETS`].
macro_rules! jump {
    ($name:ident, $offset:literal) => {
        /// The C function of this name.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        unsafe extern "C" fn $name(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
            #[cfg(target_arch = "x86_64")]
            std::arch::naked_asm!(
                ".cfi_startproc",
                concat!("jmp qword ptr [rip + {targets} + ", $offset, "]"),
                ".cfi_endproc",
                targets = sym TARGETS,
            );
            #[cfg(target_arch = "aarch64")]
            std::arch::naked_asm!(
                ".cfi_startproc",
                "adrp x16, {targets}",
                "add x16, x16, :lo12:{targets}",
                concat!("ldr x16, [x16, #", $offset, "]"),
                "br x16",
                ".cfi_endproc",
                targets = sym TARGETS,
            );
        }
    };
}

jump!(memcpy, 0);
jump!(memmove, 8);

/// Defines a stub that calls `$record(bytes, caller's frame pointer, return address)` and then jumps to the real
/// function at an offset of [`TARGETS`].
macro_rules! armed {
    ($name:ident, $record:path, $offset:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
            #[cfg(target_arch = "x86_64")]
            std::arch::naked_asm!(
                ".cfi_startproc",
                "push rdi",
                ".cfi_adjust_cfa_offset 8",
                "push rsi",
                ".cfi_adjust_cfa_offset 8",
                "push rdx",
                ".cfi_adjust_cfa_offset 8",
                "mov rdi, rdx",
                "mov rsi, rbp",
                "mov rdx, [rsp + 24]",
                "call {record}",
                "pop rdx",
                ".cfi_adjust_cfa_offset -8",
                "pop rsi",
                ".cfi_adjust_cfa_offset -8",
                "pop rdi",
                ".cfi_adjust_cfa_offset -8",
                concat!("jmp qword ptr [rip + {targets} + ", $offset, "]"),
                ".cfi_endproc",
                record = sym $record,
                targets = sym TARGETS,
            );
            #[cfg(target_arch = "aarch64")]
            std::arch::naked_asm!(
                ".cfi_startproc",
                "stp x29, x30, [sp, #-48]!",
                ".cfi_adjust_cfa_offset 48",
                ".cfi_rel_offset x29, 0",
                ".cfi_rel_offset x30, 8",
                "stp x0, x1, [sp, #16]",
                "str x2, [sp, #32]",
                "mov x0, x2",
                "mov x1, x29",
                "mov x2, x30",
                "bl {record}",
                "ldp x0, x1, [sp, #16]",
                "ldr x2, [sp, #32]",
                "ldp x29, x30, [sp], #48",
                ".cfi_adjust_cfa_offset -48",
                ".cfi_restore x29",
                ".cfi_restore x30",
                "adrp x16, {targets}",
                "add x16, x16, :lo12:{targets}",
                concat!("ldr x16, [x16, #", $offset, "]"),
                "br x16",
                ".cfi_endproc",
                record = sym $record,
                targets = sym TARGETS,
            );
        }
    };
}

armed!(count_memcpy, count::<0>, 16);
armed!(count_memmove, count::<1>, 24);
armed!(attribute_memcpy, count_and_attribute::<0>, 16);
armed!(attribute_memmove, count_and_attribute::<1>, 24);

/// Until [`resolve`] has run, dynamic glibc is reached by the checking variants: they are the same functions under a
/// name that this crate does not define. The fourth argument, the room at the target, is made unlimited.
#[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
mod real {
    use std::ffi::c_void;

    macro_rules! unchecked {
        ($name:ident, $checked:literal) => {
            #[unsafe(naked)]
            pub(super) unsafe extern "C" fn $name(
                to: *mut c_void,
                from: *const c_void,
                bytes: usize,
            ) -> *mut c_void {
                #[cfg(target_arch = "x86_64")]
                std::arch::naked_asm!(
                    "mov rcx, -1",
                    concat!("jmp qword ptr [rip + ", $checked, "@GOTPCREL]"),
                );
                #[cfg(target_arch = "aarch64")]
                std::arch::naked_asm!(
                    "mov x3, #-1",
                    concat!("adrp x16, :got:", $checked),
                    concat!("ldr x16, [x16, :got_lo12:", $checked, "]"),
                    "br x16",
                );
            }
        };
    }

    unchecked!(memcpy, "__memcpy_chk");
    unchecked!(memmove, "__memmove_chk");
}

/// In a static program there is no other `memcpy` to jump to: libc's own would be this one. One body that allows
/// overlap serves both.
#[cfg(not(all(target_env = "gnu", not(target_feature = "crt-static"))))]
mod real {
    use std::ffi::c_void;

    pub(super) use self::memmove as memcpy;

    #[cfg(target_arch = "x86_64")]
    #[unsafe(naked)]
    pub(super) unsafe extern "C" fn memmove(
        to: *mut c_void,
        from: *const c_void,
        bytes: usize,
    ) -> *mut c_void {
        std::arch::naked_asm!(
            "mov rax, rdi",
            "cmp rdx, 16",
            "jb 3f",
            "movups xmm0, [rsi]",
            "movups xmm1, [rsi + rdx - 16]",
            "cmp rdx, 32",
            "ja 4f",
            "movups [rdi], xmm0",
            "movups [rdi + rdx - 16], xmm1",
            "ret",
            // Below 16 bytes: two words that may overlap, both loaded before the first is stored.
            "3:",
            "cmp edx, 8",
            "jb 2f",
            "mov rcx, [rsi]",
            "mov r8, [rsi + rdx - 8]",
            "mov [rdi], rcx",
            "mov [rdi + rdx - 8], r8",
            "ret",
            "2:",
            "cmp edx, 4",
            "jb 2f",
            "mov ecx, [rsi]",
            "mov r8d, [rsi + rdx - 4]",
            "mov [rdi], ecx",
            "mov [rdi + rdx - 4], r8d",
            "ret",
            "2:",
            "test edx, edx",
            "je 2f",
            "movzx ecx, byte ptr [rsi]",
            "movzx r8d, byte ptr [rsi + rdx - 1]",
            "mov r9, rdx",
            "shr r9, 1",
            "movzx r10d, byte ptr [rsi + r9]",
            "mov [rdi + r9], r10b",
            "mov [rdi], cl",
            "mov [rdi + rdx - 1], r8b",
            "2:",
            "ret",
            // Above 32 bytes: xmm0 and xmm1 hold the first and last 16 bytes, which are stored last.
            "4:",
            "mov rcx, rdi",
            "sub rcx, rsi",
            "cmp rcx, rdx",
            "jb 6f",
            // Forward. Large copies whose ranges are apart go to the processor's own copy loop.
            "cmp rdx, 2048",
            "jb 5f",
            "mov rcx, rsi",
            "sub rcx, rdi",
            "cmp rcx, 64",
            "jb 5f",
            "mov rcx, rdx",
            "rep movsb",
            "ret",
            "5:",
            "mov ecx, 16",
            "lea r8, [rdx - 16]",
            "2:",
            "movups xmm2, [rsi + rcx]",
            "movups [rdi + rcx], xmm2",
            "add rcx, 16",
            "cmp rcx, r8",
            "jb 2b",
            "movups [rdi], xmm0",
            "movups [rdi + rdx - 16], xmm1",
            "ret",
            // Backward: the target overlaps the end of the source.
            "6:",
            "lea rcx, [rdx - 16]",
            "2:",
            "sub rcx, 16",
            "jbe 3f",
            "movups xmm2, [rsi + rcx]",
            "movups [rdi + rcx], xmm2",
            "jmp 2b",
            "3:",
            "movups [rdi + rdx - 16], xmm1",
            "movups [rdi], xmm0",
            "ret",
        );
    }

    #[cfg(target_arch = "aarch64")]
    #[unsafe(naked)]
    pub(super) unsafe extern "C" fn memmove(
        to: *mut c_void,
        from: *const c_void,
        bytes: usize,
    ) -> *mut c_void {
        std::arch::naked_asm!(
            "sub x3, x0, x1",
            "cmp x3, x2",
            "b.lo 5f",
            // Forward, 16 bytes at a time and then the rest.
            "mov x4, x0",
            "2:",
            "cmp x2, #16",
            "b.lo 3f",
            "ldr q0, [x1], #16",
            "str q0, [x4], #16",
            "sub x2, x2, #16",
            "b 2b",
            "3:",
            "cbz x2, 4f",
            "ldrb w5, [x1], #1",
            "strb w5, [x4], #1",
            "sub x2, x2, #1",
            "b 3b",
            "4:",
            "ret",
            // Backward: the target overlaps the end of the source.
            "5:",
            "cmp x2, #16",
            "b.lo 6f",
            "sub x2, x2, #16",
            "ldr q0, [x1, x2]",
            "str q0, [x0, x2]",
            "b 5b",
            "6:",
            "cbz x2, 4b",
            "sub x2, x2, #1",
            "ldrb w5, [x1, x2]",
            "strb w5, [x0, x2]",
            "b 6b",
        );
    }
}
