//! Where a server keeps blocks: what a storage is, in the cured form and in the story's, and two that are one.

use std::collections::BTreeMap;
use std::io;

use async_trait::async_trait;

use crate::record::FragmentId;

/// Bytes per block; the last block of a fragment may be short.
pub const BLOCK: usize = 2_048;

/// Names one block of one fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockId {
    /// Whose block.
    pub fragment: FragmentId,
    /// Its position in the fragment, from 0.
    pub number: u32,
}

/// Keeps blocks. Layers over a storage are storages themselves ([`crate::layers`]).
///
/// Native `async fn`: a caller knows the future's type and polls it in place.
pub trait Storage: Send {
    /// Keeps a copy of a block, in place of an earlier one of that name.
    fn write_block(
        &mut self,
        id: BlockId,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Gives a copy of a block out. One that was never written is `NotFound`.
    fn read_block(&mut self, id: BlockId) -> impl Future<Output = io::Result<Box<[u8]>>> + Send;
}

/// The story's form of a storage: a trait object, whose every call allocates the future that it returns.
#[async_trait]
pub trait DynStorage: Send {
    /// See [`Storage::write_block`].
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()>;
    /// See [`Storage::read_block`].
    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>>;
}

#[async_trait]
impl<S: Storage> DynStorage for S {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        Storage::write_block(self, id, bytes).await
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        Storage::read_block(self, id).await
    }
}

/// Some storage: whoever takes a storage takes this one as well.
pub struct AnyStorage(Box<dyn DynStorage>);

impl AnyStorage {
    /// Forgets which storage it is.
    pub fn new(storage: impl Storage + 'static) -> Self {
        Self(Box::new(storage))
    }
}

impl Storage for AnyStorage {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        self.0.write_block(id, bytes).await
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        self.0.read_block(id).await
    }
}

/// Blocks in a tree, for servers that see keys in any order.
#[derive(Debug, Default)]
pub struct TreeStorage {
    blocks: BTreeMap<BlockId, Box<[u8]>>,
}

/// Blocks in a sorted table, for servers that see ascending keys.
#[derive(Debug, Default)]
pub struct TableStorage {
    blocks: Vec<(BlockId, Box<[u8]>)>,
}

impl Storage for TreeStorage {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        self.blocks.insert(id, bytes.into());
        Ok(())
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        self.blocks.get(&id).cloned().ok_or_else(not_found)
    }
}

impl Storage for TableStorage {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        match self.position(id) {
            Ok(position) => self.blocks[position].1 = bytes.into(),
            Err(position) => self.blocks.insert(position, (id, bytes.into())),
        }
        Ok(())
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        let position = self.position(id).map_err(|_| not_found())?;
        Ok(self.blocks[position].1.clone())
    }
}

impl TableStorage {
    fn position(&self, id: BlockId) -> Result<usize, usize> {
        self.blocks.binary_search_by_key(&id, |(kept, _)| *kept)
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}
