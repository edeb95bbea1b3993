//! What one measured iteration counted.

/// Everything counted between one `begin` and its `end`, summed over all threads.
///
/// Values are exact when the threads that do the work are idle at `begin` and `end`; a thread that is busy then may
/// have its last few events on either side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Blocks of the global allocator.
    pub heap: HeapCounters,
    /// Calls of `memcpy`.
    pub memcpy: CopyCounters,
    /// Calls of `memmove`.
    pub memmove: CopyCounters,
    /// Calls of the interposed I/O functions; index with [`Operation::index`], or use [`Counters::operation`].
    pub io: [IoCounters; Operation::COUNT],
    /// Events that are missing from the counts or the stacks: they came in a signal handler while an event of the
    /// same thread was being recorded, or there was no memory for a table. Any other value than 0 makes the counts
    /// a lower bound.
    pub dropped: u64,
    /// Events whose stack was deeper than [`crate::stacks::MAXIMUM_DEPTH`] frames and lost its root.
    pub truncated: u64,
}

impl Counters {
    /// The counters of one I/O operation.
    pub fn operation(&self, operation: Operation) -> &IoCounters {
        &self.io[operation.index()]
    }
}

/// Blocks and bytes of the global allocator. The convention is that of the `dhat` crate: a `realloc` counts as one
/// more block of the new size, so that totals can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapCounters {
    /// Calls of `alloc`, `alloc_zeroed` and `realloc`.
    pub allocs: u64,
    /// Those of [`HeapCounters::allocs`] that were a `realloc`.
    pub reallocs: u64,
    /// Calls of `dealloc`.
    pub frees: u64,
    /// Bytes asked for by all of [`HeapCounters::allocs`].
    pub bytes: u64,
    /// Highest number of live bytes in the iteration, on the scale of [`HeapCounters::live_at_begin`]: what the
    /// iteration itself added at most is `peak - live_at_begin`.
    ///
    /// Exact when one thread allocates; with more, it is off by at most 16 KiB for each further thread.
    pub peak: i64,
    /// Bytes allocated less bytes freed since `prepare`, by the whole process, at `begin`. Blocks of before `prepare`
    /// are not in it, so freeing them makes it negative.
    pub live_at_begin: i64,
    /// The same at `end`.
    pub live_at_end: i64,
}

/// Calls and bytes of one copying function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyCounters {
    /// Number of calls, of any size, also zero.
    pub calls: u64,
    /// Bytes asked to be copied.
    pub bytes: u64,
}

/// Number of buckets in [`IoCounters::histogram`].
pub const BUCKETS: usize = 32;

/// Calls of one I/O function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoCounters {
    /// Number of calls that returned.
    pub calls: u64,
    /// Sum of what the calls returned: bytes, or ready events for the `epoll` operations. Always 0 for `futex`.
    pub bytes: u64,
    /// Calls that failed, for instance because the operation would have blocked.
    pub errors: u64,
    /// Successful calls by the value they returned: bucket 0 holds zero, bucket `i` holds `2^(i-1)..2^i`, and the
    /// last bucket everything above.
    pub histogram: [u64; BUCKETS],
}

/// An interposed I/O function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Operation {
    /// `read`
    Read,
    /// `write`
    Write,
    /// `readv`
    Readv,
    /// `writev`
    Writev,
    /// `pread` and `pread64`
    Pread,
    /// `pwrite` and `pwrite64`
    Pwrite,
    /// `send`
    Send,
    /// `recv`
    Recv,
    /// `sendto`
    Sendto,
    /// `recvfrom`
    Recvfrom,
    /// `sendmsg`
    Sendmsg,
    /// `recvmsg`
    Recvmsg,
    /// `epoll_wait`
    EpollWait,
    /// `epoll_pwait`
    EpollPwait,
    /// `syscall(SYS_futex, …)`, which is how std, parking_lot and tokio wait and wake
    Futex,
}

impl Operation {
    /// Number of operations.
    pub const COUNT: usize = Self::ALL.len();

    /// Every operation, at its [`Operation::index`].
    pub const ALL: [Self; 15] = [
        Self::Read,
        Self::Write,
        Self::Readv,
        Self::Writev,
        Self::Pread,
        Self::Pwrite,
        Self::Send,
        Self::Recv,
        Self::Sendto,
        Self::Recvfrom,
        Self::Sendmsg,
        Self::Recvmsg,
        Self::EpollWait,
        Self::EpollPwait,
        Self::Futex,
    ];

    /// Position in [`Operation::ALL`] and in [`Counters::io`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name of the libc function, which is also the name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Readv => "readv",
            Self::Writev => "writev",
            Self::Pread => "pread",
            Self::Pwrite => "pwrite",
            Self::Send => "send",
            Self::Recv => "recv",
            Self::Sendto => "sendto",
            Self::Recvfrom => "recvfrom",
            Self::Sendmsg => "sendmsg",
            Self::Recvmsg => "recvmsg",
            Self::EpollWait => "epoll_wait",
            Self::EpollPwait => "epoll_pwait",
            Self::Futex => "futex",
        }
    }
}
