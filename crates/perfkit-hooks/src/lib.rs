//! The counting allocator, libc interposers and stack walker of cargo perfkit.
