//! The I/O functions of libc, and `syscall` for futexes, defined in the executable.
//!
//! Disarmed, each is a byte test and a jump to the real function. Armed, it calls the real function and then notes
//! what came back; `errno` stays as the real function left it.

use std::ffi::{c_int, c_long, c_void};
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering::Relaxed, Ordering::SeqCst};

use libc::{epoll_event, iovec, msghdr, off_t, sigset_t, sockaddr, socklen_t};

use crate::counters::Operation;
use crate::errno;
use crate::io::{self, Level};

/// A [`Level`] as a byte, which the stubs test against zero.
static LEVEL: AtomicU8 = AtomicU8::new(Level::Off as u8);

/// Sets what happens from the next call on.
pub(crate) fn set_level(level: Level) {
    LEVEL.store(level as u8, SeqCst);
}

/// Called by the stubs after the real function returned.
extern "C" fn returned<const OPERATION: usize>(
    value: i64,
    frame_pointer: usize,
    return_address: usize,
) {
    let operation = Operation::ALL[OPERATION];
    // These return an `int`, which leaves the upper half of the register undefined.
    let value = match operation {
        Operation::EpollWait | Operation::EpollPwait => i64::from(value as i32),
        _ => value,
    };
    let stacks = LEVEL.load(Relaxed) == Level::Stacks as u8;
    io::returned(operation, value, stacks, frame_pointer, return_address);
}

/// The body of an interposed function.
///
/// Arguments stay in their registers; a seventh one, which only `syscall` has, is on the stack and is copied for
/// every function, since reading the caller's frame is harmless.
macro_rules! stub {
    ($real:ident, $operation:expr, $first:literal) => {
        #[cfg(target_arch = "x86_64")]
        std::arch::naked_asm!(
            ".cfi_startproc",
            $first,
            "cmp byte ptr [rip + {level}], 0",
            "jne 2f",
            "3:",
            "jmp qword ptr [rip + {real}]",
            "2:",
            "push rbp",
            ".cfi_adjust_cfa_offset 8",
            ".cfi_rel_offset rbp, 0",
            "mov rbp, rsp",
            ".cfi_def_cfa_register rbp",
            "sub rsp, 32",
            "mov rax, [rbp + 16]",
            "mov [rsp], rax",
            "call qword ptr [rip + {real}]",
            "mov [rbp - 8], rax",
            "mov rdi, rax",
            "mov rsi, [rbp]",
            "mov rdx, [rbp + 8]",
            "call {returned}",
            "mov rax, [rbp - 8]",
            "leave",
            ".cfi_def_cfa rsp, 8",
            ".cfi_restore rbp",
            "ret",
            ".cfi_endproc",
            level = sym LEVEL,
            real = sym $real,
            returned = sym returned::<{ $operation.index() }>,
            futex = const libc::SYS_futex,
            getrandom = const libc::SYS_getrandom,
            seeded = sym crate::random::syscall_getrandom,
        );
        #[cfg(target_arch = "aarch64")]
        std::arch::naked_asm!(
            ".cfi_startproc",
            $first,
            "adrp x16, {level}",
            "ldrb w16, [x16, :lo12:{level}]",
            "cbnz w16, 2f",
            "3:",
            "adrp x16, {real}",
            "ldr x16, [x16, :lo12:{real}]",
            "br x16",
            "2:",
            "stp x29, x30, [sp, #-32]!",
            ".cfi_adjust_cfa_offset 32",
            ".cfi_rel_offset x29, 0",
            ".cfi_rel_offset x30, 8",
            "mov x29, sp",
            "adrp x16, {real}",
            "ldr x16, [x16, :lo12:{real}]",
            "blr x16",
            "str x0, [sp, #16]",
            "ldp x1, x2, [sp]",
            "bl {returned}",
            "ldr x0, [sp, #16]",
            "ldp x29, x30, [sp], #32",
            ".cfi_adjust_cfa_offset -32",
            ".cfi_restore x29",
            ".cfi_restore x30",
            "ret",
            ".cfi_endproc",
            level = sym LEVEL,
            real = sym $real,
            returned = sym returned::<{ $operation.index() }>,
            futex = const libc::SYS_futex,
            getrandom = const libc::SYS_getrandom,
            seeded = sym crate::random::syscall_getrandom,
        );
    };
}

/// Defines the interposed functions, the pointers to the real ones, and [`resolve`].
macro_rules! interpose {
    ($($name:ident $real:ident $operation:ident ($($argument:ident: $ty:ty),*) -> $result:ty = $fallback:path;)*) => {
        $(
            /// Leads to the raw system call until [`resolve`] has found libc's function, and for good in a static
            /// program, where libc's function would be the one defined here.
            static $real: AtomicPtr<()> = AtomicPtr::new($fallback as *mut ());

            /// The C function of this name.
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            unsafe extern "C" fn $name($($argument: $ty),*) -> $result {
                // The named constants are for `syscall`; mentioning them keeps one body for all.
                stub!($real, Operation::$operation, "/* {futex} {getrandom} {seeded} */");
            }
        )*

        /// Finds libc's own functions. Nothing may be armed.
        pub(crate) fn resolve() {
            #[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
            for (name, real) in [
                (concat!("syscall", "\0"), &REAL_SYSCALL),
                $((concat!(stringify!($name), "\0"), &$real),)*
            ] {
                // SAFETY: the name ends with a NUL.
                let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr().cast()) };
                if !found.is_null() {
                    real.store(found.cast(), SeqCst);
                }
            }
        }
    };
}

interpose! {
    read REAL_READ Read (file: c_int, to: *mut c_void, bytes: usize) -> isize = raw::read;
    write REAL_WRITE Write (file: c_int, from: *const c_void, bytes: usize) -> isize = raw::write;
    readv REAL_READV Readv (file: c_int, to: *const iovec, count: c_int) -> isize = raw::readv;
    writev REAL_WRITEV Writev (file: c_int, from: *const iovec, count: c_int) -> isize = raw::writev;
    pread REAL_PREAD Pread (file: c_int, to: *mut c_void, bytes: usize, at: off_t) -> isize = raw::pread;
    pread64 REAL_PREAD64 Pread (file: c_int, to: *mut c_void, bytes: usize, at: off_t) -> isize = raw::pread;
    pwrite REAL_PWRITE Pwrite (file: c_int, from: *const c_void, bytes: usize, at: off_t) -> isize = raw::pwrite;
    pwrite64 REAL_PWRITE64 Pwrite (file: c_int, from: *const c_void, bytes: usize, at: off_t) -> isize = raw::pwrite;
    send REAL_SEND Send (socket: c_int, from: *const c_void, bytes: usize, flags: c_int) -> isize = raw::send;
    recv REAL_RECV Recv (socket: c_int, to: *mut c_void, bytes: usize, flags: c_int) -> isize = raw::recv;
    sendto REAL_SENDTO Sendto (socket: c_int, from: *const c_void, bytes: usize, flags: c_int, address: *const sockaddr, size: socklen_t) -> isize = raw::sendto;
    recvfrom REAL_RECVFROM Recvfrom (socket: c_int, to: *mut c_void, bytes: usize, flags: c_int, address: *mut sockaddr, size: *mut socklen_t) -> isize = raw::recvfrom;
    sendmsg REAL_SENDMSG Sendmsg (socket: c_int, message: *const msghdr, flags: c_int) -> isize = raw::sendmsg;
    recvmsg REAL_RECVMSG Recvmsg (socket: c_int, message: *mut msghdr, flags: c_int) -> isize = raw::recvmsg;
    epoll_wait REAL_EPOLL_WAIT EpollWait (epoll: c_int, events: *mut epoll_event, count: c_int, timeout: c_int) -> c_int = raw::epoll_wait;
    epoll_pwait REAL_EPOLL_PWAIT EpollPwait (epoll: c_int, events: *mut epoll_event, count: c_int, timeout: c_int, signals: *const sigset_t) -> c_int = raw::epoll_pwait;
}

static REAL_SYSCALL: AtomicPtr<()> = AtomicPtr::new(raw::syscall as *mut ());

/// The C function of this name. It is variadic there; on these targets that makes no difference to where integer
/// arguments are. Futex calls are counted, `getrandom` is answered like the function of that name, and everything
/// else goes on unseen.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn syscall(number: c_long) -> c_long {
    #[cfg(target_arch = "x86_64")]
    stub!(
        REAL_SYSCALL,
        Operation::Futex,
        "cmp rdi, {futex}
         je 4f
         cmp rdi, {getrandom}
         jne 3f
         jmp {seeded}
         4:"
    );
    #[cfg(target_arch = "aarch64")]
    stub!(
        REAL_SYSCALL,
        Operation::Futex,
        "cmp x0, #{futex}
         b.eq 4f
         cmp x0, #{getrandom}
         b.ne 3f
         b {seeded}
         4:"
    );
}

/// musl keeps all of epoll in one object file, which would bring a second `epoll_wait` along: so the rest of it has to
/// be defined here, too.
#[cfg(target_env = "musl")]
mod epoll {
    use super::{c_int, epoll_event, raw};

    #[unsafe(no_mangle)]
    unsafe extern "C" fn epoll_create(size: c_int) -> c_int {
        if size <= 0 {
            crate::errno::set(libc::EINVAL);
            return -1;
        }
        // SAFETY: has no preconditions.
        unsafe { epoll_create1(0) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn epoll_create1(flags: c_int) -> c_int {
        // SAFETY: the system call takes a number only.
        (unsafe { raw::syscall(libc::SYS_epoll_create1, flags as usize, 0, 0, 0, 0, 0) }) as c_int
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn epoll_ctl(
        epoll: c_int,
        operation: c_int,
        file: c_int,
        event: *mut epoll_event,
    ) -> c_int {
        let (epoll, operation, file) = (epoll as usize, operation as usize, file as usize);
        // SAFETY: the caller's obligations are those of the C function.
        let result = unsafe {
            raw::syscall(
                libc::SYS_epoll_ctl,
                epoll,
                operation,
                file,
                event as usize,
                0,
                0,
            )
        };
        result as c_int
    }
}

/// System calls without libc, with its convention for errors.
pub(crate) mod raw {
    use super::*;

    /// Turns the kernel's result into libc's.
    fn result(value: isize) -> isize {
        if (-4095..0).contains(&value) {
            errno::set(-value as i32);
            -1
        } else {
            value
        }
    }

    #[cfg(target_arch = "x86_64")]
    unsafe fn enter(number: c_long, arguments: [usize; 6]) -> isize {
        let value;
        // SAFETY: the caller vouches for the system call; the kernel clobbers rcx and r11 only.
        unsafe {
            std::arch::asm!(
                "syscall",
                inlateout("rax") number as isize => value,
                in("rdi") arguments[0],
                in("rsi") arguments[1],
                in("rdx") arguments[2],
                in("r10") arguments[3],
                in("r8") arguments[4],
                in("r9") arguments[5],
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack),
            );
        }
        value
    }

    #[cfg(target_arch = "aarch64")]
    unsafe fn enter(number: c_long, arguments: [usize; 6]) -> isize {
        let value;
        // SAFETY: the caller vouches for the system call; the kernel preserves all other registers.
        unsafe {
            std::arch::asm!(
                "svc 0",
                in("x8") number,
                inlateout("x0") arguments[0] as isize => value,
                in("x1") arguments[1],
                in("x2") arguments[2],
                in("x3") arguments[3],
                in("x4") arguments[4],
                in("x5") arguments[5],
                options(nostack),
            );
        }
        value
    }

    /// `syscall(2)`.
    pub(crate) unsafe extern "C" fn syscall(
        number: c_long,
        a: usize,
        b: usize,
        c: usize,
        d: usize,
        e: usize,
        f: usize,
    ) -> isize {
        // SAFETY: the caller vouches for the arguments.
        result(unsafe { enter(number, [a, b, c, d, e, f]) })
    }

    /// Functions whose arguments are those of the system call; what is missing is zero, as `send` and `recv` want it.
    macro_rules! direct {
        ($($name:ident $number:ident ($($argument:ident),*);)*) => {
            $(
                pub(super) unsafe extern "C" fn $name($($argument: usize),*) -> isize {
                    let mut arguments = [0; 6];
                    for (to, from) in arguments.iter_mut().zip([$($argument),*]) {
                        *to = from;
                    }
                    // SAFETY: the caller vouches for the arguments.
                    result(unsafe { enter(libc::$number, arguments) })
                }
            )*
        };
    }

    direct! {
        read SYS_read (file, to, bytes);
        write SYS_write (file, from, bytes);
        readv SYS_readv (file, to, count);
        writev SYS_writev (file, from, count);
        pread SYS_pread64 (file, to, bytes, at);
        pwrite SYS_pwrite64 (file, from, bytes, at);
        send SYS_sendto (socket, from, bytes, flags);
        recv SYS_recvfrom (socket, to, bytes, flags);
        sendto SYS_sendto (socket, from, bytes, flags, address, size);
        recvfrom SYS_recvfrom (socket, to, bytes, flags, address, size);
        sendmsg SYS_sendmsg (socket, message, flags);
        recvmsg SYS_recvmsg (socket, message, flags);
        epoll_wait SYS_epoll_pwait (epoll, events, count, timeout);
    }

    /// The size of the kernel's signal set, which libc passes on behind the caller's back.
    const SIGNAL_SET: usize = 8;

    pub(super) unsafe extern "C" fn epoll_pwait(
        a: usize,
        b: usize,
        c: usize,
        d: usize,
        signals: usize,
    ) -> isize {
        // SAFETY: the caller vouches for the arguments.
        result(unsafe { enter(libc::SYS_epoll_pwait, [a, b, c, d, signals, SIGNAL_SET]) })
    }
}
