//! Reads and writes are counted with what they returned, and errors pass through.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up or found fails the test"
)]
#![expect(
    unsafe_code,
    reason = "the C functions under test are called as C code would call them"
)]

mod alone;

use std::alloc::System;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::counters::{IoCounters, Operation};
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};
use perfkit_hooks::stacks::{Event, stacks};

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

fn counters(calls: u64, bytes: u64, errors: u64, buckets: &[(usize, u64)]) -> IoCounters {
    let mut counters = IoCounters {
        calls,
        bytes,
        errors,
        ..IoCounters::default()
    };
    for (bucket, count) in buckets {
        counters.histogram[*bucket] = *count;
    }
    counters
}

#[test]
fn io() {
    alone::run("io", measure);
}

fn measure() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    other.set_nonblocking(true).unwrap();
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let mut buffer = [0; 4096];

    // Not counted.
    one.write_all(b"before").unwrap();
    assert_eq!(other.read(&mut buffer).unwrap(), 6);

    prepare(Recording {
        io: true,
        stacks: true,
        ..Recording::default()
    });
    begin();
    one.write_all(&[1; 1000]).unwrap();
    one.write_all(&[1; 24]).unwrap();
    let first = other.read(&mut buffer).unwrap();
    let error = other.read(&mut buffer).unwrap_err();
    let parts = [b"ab".as_slice(), b"c"].map(std::io::IoSlice::new);
    let vectored = one.write_vectored(&parts).unwrap();
    let second = other.read(&mut buffer).unwrap();
    let positioned = file.read_at(&mut buffer[..512], 0).unwrap();
    let counted = end();
    finish();

    assert_eq!((first, second, positioned, vectored), (1024, 3, 512, 3));
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    // std sends on sockets: `write` there is `send` in some versions of std, `write` in others.
    let sent = [Operation::Write, Operation::Send].map(|operation| *counted.operation(operation));
    assert!(
        sent.contains(&counters(2, 1024, 0, &[(10, 1), (5, 1)])),
        "{sent:?}"
    );
    let received =
        [Operation::Read, Operation::Recv].map(|operation| *counted.operation(operation));
    assert!(
        received.contains(&counters(3, 1027, 1, &[(11, 1), (2, 1)])),
        "{received:?}"
    );
    assert_eq!(
        *counted.operation(Operation::Writev),
        counters(1, 3, 0, &[(2, 1)])
    );
    assert_eq!(
        *counted.operation(Operation::Pread),
        counters(1, 512, 0, &[(10, 1)])
    );
    assert_eq!(
        counted
            .io
            .iter()
            .map(|counters| counters.calls)
            .sum::<u64>(),
        7
    );

    let all = stacks();
    let pread = all
        .iter()
        .find(|record| record.event == Event::Io(Operation::Pread))
        .unwrap();
    assert_eq!((pread.calls, pread.bytes), (1, 512));

    // A contended futex is one call of `syscall`, and other system calls through it are not counted.
    prepare(Recording {
        io: true,
        ..Recording::default()
    });
    begin();
    let word = std::sync::atomic::AtomicU32::new(1);
    // SAFETY: the word does not have the expected value, so that the kernel returns at once.
    let result =
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 0, 0, 0, 0) };
    let error = std::io::Error::last_os_error().raw_os_error();
    // SAFETY: has no preconditions.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    let counted = end();
    finish();
    assert_eq!((result, error), (-1, Some(libc::EAGAIN)));
    assert!(thread > 0);
    assert_eq!(*counted.operation(Operation::Futex), counters(1, 0, 1, &[]));

    // Nothing is ready, then one event is.
    // SAFETY: the descriptors are open and the event array has the length that is passed.
    unsafe {
        use std::os::fd::AsRawFd;
        let epoll = libc::epoll_create1(0);
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: 0,
        };
        libc::epoll_ctl(
            epoll,
            libc::EPOLL_CTL_ADD,
            other.as_raw_fd(),
            &raw mut event,
        );
        prepare(Recording {
            io: true,
            ..Recording::default()
        });
        begin();
        assert_eq!(libc::epoll_wait(epoll, &raw mut event, 1, 0), 0);
        assert_eq!(libc::send(one.as_raw_fd(), b"x".as_ptr().cast(), 1, 0), 1);
        assert_eq!(libc::epoll_wait(epoll, &raw mut event, 1, 0), 1);
        assert_eq!(libc::epoll_wait(-1, &raw mut event, 1, 0), -1);
        let counted = end();
        finish();
        assert_eq!(
            *counted.operation(Operation::EpollWait),
            counters(3, 1, 1, &[(0, 1), (1, 1)])
        );
        assert_eq!(
            *counted.operation(Operation::Send),
            counters(1, 1, 0, &[(1, 1)])
        );
        libc::close(epoll);
    }
}
