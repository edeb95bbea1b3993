//! What lies between a server and its storage: each layer is a storage over another one.

use std::io;

use crate::storage::{BlockId, Storage};

/// Tries again when a storage was interrupted.
#[derive(Debug)]
pub struct Retrying<S> {
    storage: S,
}

/// Counts what goes through.
#[derive(Debug)]
pub struct Metered<S> {
    storage: S,
    traffic: Traffic,
}

/// What went through a [`Metered`] storage without an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Blocks written and read.
    pub blocks: u64,
    /// Bytes in those blocks.
    pub bytes: u64,
}

/// Calls that a storage gets until its error counts.
const ATTEMPTS: u32 = 3;

impl<S> Retrying<S> {
    /// A layer over `storage`.
    pub const fn new(storage: S) -> Self {
        Self { storage }
    }

    /// What is below.
    pub const fn storage(&self) -> &S {
        &self.storage
    }
}

impl<S> Metered<S> {
    /// A layer over `storage` that has counted nothing.
    pub const fn new(storage: S) -> Self {
        let traffic = Traffic {
            blocks: 0,
            bytes: 0,
        };
        Self { storage, traffic }
    }

    /// What went through so far.
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn count(&mut self, bytes: usize) {
        self.traffic.blocks += 1;
        self.traffic.bytes += bytes as u64;
    }
}

impl<S: Storage> Storage for Retrying<S> {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        for _ in 1..ATTEMPTS {
            match self.storage.write_block(id, bytes).await {
                Err(error) if is_transient(&error) => tokio::task::yield_now().await,
                settled => return settled,
            }
        }
        self.storage.write_block(id, bytes).await
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        for _ in 1..ATTEMPTS {
            match self.storage.read_block(id).await {
                Err(error) if is_transient(&error) => tokio::task::yield_now().await,
                settled => return settled,
            }
        }
        self.storage.read_block(id).await
    }
}

impl<S: Storage> Storage for Metered<S> {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        self.storage.write_block(id, bytes).await?;
        self.count(bytes.len());
        Ok(())
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        let bytes = self.storage.read_block(id).await?;
        self.count(bytes.len());
        Ok(bytes)
    }
}

fn is_transient(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
