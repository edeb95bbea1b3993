//! How a server keeps fragments: in blocks, through the layers over its storage.

use std::collections::BTreeMap;

use bytes::BytesMut;

use crate::error::{FragmentError, SuccessCode};
use crate::layers::{Metered, Retrying};
use crate::record::{Fragment, FragmentId};
use crate::storage::{AnyStorage, BLOCK, BlockId, Storage, TableStorage, TreeStorage};
use crate::switches::Dispatch;

/// The fragments of one server, with its storage called as the switch says.
pub enum Backend {
    /// The story's form: every layer is a `Box<dyn DynStorage>` to the one above.
    Dynamic(FragmentStore<AnyStorage>),
    /// A tree under layers that are known by type.
    Tree(FragmentStore<Layered<TreeStorage>>),
    /// A sorted table under layers that are known by type.
    Table(FragmentStore<Layered<TableStorage>>),
}

/// A storage under both layers.
pub type Layered<S> = Retrying<Metered<S>>;

/// Fragments in the blocks of a storage.
#[derive(Debug)]
pub struct FragmentStore<S> {
    server: u16,
    headers: BTreeMap<FragmentId, Header>,
    storage: S,
}

/// What is kept of a fragment beside its blocks.
#[derive(Clone, Copy, Debug)]
struct Header {
    digest: u64,
    length: usize,
}

impl Backend {
    /// An empty store for server number `server`: servers of even number keep a tree, the others a table.
    pub fn new(server: u16, dispatch: Dispatch) -> Self {
        let tree = TreeStorage::default();
        let table = TableStorage::default();
        match (dispatch, server % 2) {
            (Dispatch::Dynamic, 0) => Self::Dynamic(FragmentStore::new(server, boxed(tree))),
            (Dispatch::Dynamic, _) => Self::Dynamic(FragmentStore::new(server, boxed(table))),
            (Dispatch::Native, 0) => Self::Tree(FragmentStore::new(server, layered(tree))),
            (Dispatch::Native, _) => Self::Table(FragmentStore::new(server, layered(table))),
        }
    }

    /// See [`FragmentStore::store_fragment`].
    ///
    /// # Errors
    /// The same.
    pub async fn store_fragment<E: FragmentError>(
        &mut self,
        fragment: Fragment,
    ) -> Result<SuccessCode, E> {
        match self {
            Self::Dynamic(store) => store.store_fragment(fragment).await,
            Self::Tree(store) => store.store_fragment(fragment).await,
            Self::Table(store) => store.store_fragment(fragment).await,
        }
    }

    /// See [`FragmentStore::load_fragment`].
    ///
    /// # Errors
    /// The same.
    pub async fn load_fragment<E: FragmentError>(&mut self, id: FragmentId) -> Result<Fragment, E> {
        match self {
            Self::Dynamic(store) => store.load_fragment(id).await,
            Self::Tree(store) => store.load_fragment(id).await,
            Self::Table(store) => store.load_fragment(id).await,
        }
    }

    /// See [`FragmentStore::rot_fragment`].
    ///
    /// # Errors
    /// The same.
    pub async fn rot_fragment<E: FragmentError>(
        &mut self,
        id: FragmentId,
    ) -> Result<SuccessCode, E> {
        match self {
            Self::Dynamic(store) => store.rot_fragment(id).await,
            Self::Tree(store) => store.rot_fragment(id).await,
            Self::Table(store) => store.rot_fragment(id).await,
        }
    }
}

fn layered<S>(storage: S) -> Layered<S> {
    Retrying::new(Metered::new(storage))
}

/// The same layers, with nothing known between them: one boxed future per call and layer.
fn boxed(storage: impl Storage + 'static) -> AnyStorage {
    let metered = AnyStorage::new(Metered::new(AnyStorage::new(storage)));
    AnyStorage::new(Retrying::new(metered))
}

impl<S: Storage> FragmentStore<S> {
    /// A store without fragments for server number `server`.
    pub const fn new(server: u16, storage: S) -> Self {
        Self {
            server,
            headers: BTreeMap::new(),
            storage,
        }
    }

    /// Keeps a fragment, block by block.
    ///
    /// # Errors
    /// Corrupt when its digest does not fit, or what the storage reports.
    pub async fn store_fragment<E: FragmentError>(
        &mut self,
        fragment: Fragment,
    ) -> Result<SuccessCode, E> {
        check::<E>(self.server, &fragment).await?;
        let header = Header {
            digest: fragment.digest,
            length: fragment.payload.len(),
        };
        for id in header.blocks(fragment.id) {
            let start = id.number as usize * BLOCK;
            let end = header.length.min(start + BLOCK);
            let block = &fragment.payload[start..end];
            self.storage.write_block(id, block).await?;
        }
        Ok(match self.headers.insert(fragment.id, header) {
            None => SuccessCode::Stored,
            Some(_) => SuccessCode::Replaced,
        })
    }

    /// Puts a fragment together and checks that it is still what was stored.
    ///
    /// # Errors
    /// Missing or corrupt, or what the storage reports.
    pub async fn load_fragment<E: FragmentError>(&mut self, id: FragmentId) -> Result<Fragment, E> {
        let header = self.header::<E>(id)?;
        let mut payload = BytesMut::with_capacity(header.length);
        for block in header.blocks(id) {
            payload.extend_from_slice(&self.storage.read_block(block).await?);
        }
        let fragment = Fragment {
            id,
            digest: header.digest,
            payload: payload.freeze(),
        };
        check::<E>(self.server, &fragment).await?;
        Ok(fragment)
    }

    /// Flips one bit of a stored fragment, as a failing disk would.
    ///
    /// # Errors
    /// Missing, or what the storage reports.
    pub async fn rot_fragment<E: FragmentError>(
        &mut self,
        id: FragmentId,
    ) -> Result<SuccessCode, E> {
        let header = self.header::<E>(id)?;
        for block in header.blocks(id).take(1) {
            let mut bytes = self.storage.read_block(block).await?;
            bytes[0] ^= 1;
            self.storage.write_block(block, &bytes).await?;
        }
        Ok(SuccessCode::Replaced)
    }

    fn header<E: FragmentError>(&self, id: FragmentId) -> Result<Header, E> {
        self.headers.get(&id).copied().ok_or_else(|| E::missing(id))
    }
}

impl Header {
    fn blocks(self, fragment: FragmentId) -> impl Iterator<Item = BlockId> {
        (0..self.length.div_ceil(BLOCK)).map(move |number| BlockId {
            fragment,
            number: number as u32,
        })
    }
}

/// Compares bytes and digest. Hashing takes long enough that a busy server lets others run first.
async fn check<E: FragmentError>(server: u16, fragment: &Fragment) -> Result<(), E> {
    tokio::task::consume_budget().await;
    if fragment.is_intact() {
        Ok(())
    } else {
        Err(E::corrupt(server, &fragment.payload))
    }
}
