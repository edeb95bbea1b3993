//! Where a server keeps its fragments.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::error::{FragmentError, SuccessCode};
use crate::record::{Fragment, FragmentId};
use crate::switches::Dispatch;

/// What a server asks of its storage, as the story declares it: every call returns a boxed future.
#[async_trait]
pub trait Storage<E: FragmentError>: Send {
    /// Keeps a fragment whose digest fits.
    async fn store_fragment(&mut self, fragment: Fragment) -> Result<SuccessCode, E>;
    /// Looks a fragment up and checks that it is still what was stored.
    async fn load_fragment(&mut self, id: FragmentId) -> Result<Fragment, E>;
    /// Flips one bit of a stored fragment, as a failing disk would.
    async fn rot_fragment(&mut self, id: FragmentId) -> Result<SuccessCode, E>;
}

/// The storage of one server, called as the switch says.
pub enum Backend<E: FragmentError> {
    /// The story's form.
    Dynamic(Box<dyn Storage<E>>),
    /// A tree, called directly.
    Tree(TreeStorage),
    /// A sorted table, called directly.
    Table(TableStorage),
}

impl<E: FragmentError> Backend<E> {
    /// The storage of server number `server`: servers of even number keep a tree, the others a table.
    pub fn new(server: u16, dispatch: Dispatch) -> Self {
        let tree = TreeStorage {
            server,
            fragments: BTreeMap::new(),
        };
        let table = TableStorage {
            server,
            fragments: Vec::new(),
        };
        match (dispatch, server % 2) {
            (Dispatch::Dynamic, 0) => Self::Dynamic(Box::new(tree)),
            (Dispatch::Dynamic, _) => Self::Dynamic(Box::new(table)),
            (Dispatch::Native, 0) => Self::Tree(tree),
            (Dispatch::Native, _) => Self::Table(table),
        }
    }

    /// See [`Storage::store_fragment`].
    pub async fn store_fragment(&mut self, fragment: Fragment) -> Result<SuccessCode, E> {
        match self {
            Self::Dynamic(storage) => storage.store_fragment(fragment).await,
            Self::Tree(storage) => put(storage, fragment).await,
            Self::Table(storage) => put(storage, fragment).await,
        }
    }

    /// See [`Storage::load_fragment`].
    pub async fn load_fragment(&mut self, id: FragmentId) -> Result<Fragment, E> {
        match self {
            Self::Dynamic(storage) => storage.load_fragment(id).await,
            Self::Tree(storage) => get(storage, id).await,
            Self::Table(storage) => get(storage, id).await,
        }
    }

    /// See [`Storage::rot_fragment`].
    pub async fn rot_fragment(&mut self, id: FragmentId) -> Result<SuccessCode, E> {
        match self {
            Self::Dynamic(storage) => storage.rot_fragment(id).await,
            Self::Tree(storage) => rot(storage, id),
            Self::Table(storage) => rot(storage, id),
        }
    }
}

/// Fragments in a tree, for servers that see keys in any order.
#[derive(Debug)]
pub struct TreeStorage {
    server: u16,
    fragments: BTreeMap<FragmentId, Fragment>,
}

/// Fragments in a sorted table, for servers that see ascending keys.
#[derive(Debug)]
pub struct TableStorage {
    server: u16,
    fragments: Vec<Fragment>,
}

#[async_trait]
impl<E: FragmentError> Storage<E> for TreeStorage {
    async fn store_fragment(&mut self, fragment: Fragment) -> Result<SuccessCode, E> {
        put(self, fragment).await
    }

    async fn load_fragment(&mut self, id: FragmentId) -> Result<Fragment, E> {
        get(self, id).await
    }

    async fn rot_fragment(&mut self, id: FragmentId) -> Result<SuccessCode, E> {
        rot(self, id)
    }
}

#[async_trait]
impl<E: FragmentError> Storage<E> for TableStorage {
    async fn store_fragment(&mut self, fragment: Fragment) -> Result<SuccessCode, E> {
        put(self, fragment).await
    }

    async fn load_fragment(&mut self, id: FragmentId) -> Result<Fragment, E> {
        get(self, id).await
    }

    async fn rot_fragment(&mut self, id: FragmentId) -> Result<SuccessCode, E> {
        rot(self, id)
    }
}

/// The part of a storage that depends on how it keeps its fragments.
trait Shelf {
    fn server(&self) -> u16;
    fn find(&mut self, id: FragmentId) -> Option<&mut Fragment>;
    fn insert(&mut self, fragment: Fragment) -> Option<Fragment>;
}

impl Shelf for TreeStorage {
    fn server(&self) -> u16 {
        self.server
    }

    fn find(&mut self, id: FragmentId) -> Option<&mut Fragment> {
        self.fragments.get_mut(&id)
    }

    fn insert(&mut self, fragment: Fragment) -> Option<Fragment> {
        self.fragments.insert(fragment.id, fragment)
    }
}

impl Shelf for TableStorage {
    fn server(&self) -> u16 {
        self.server
    }

    fn find(&mut self, id: FragmentId) -> Option<&mut Fragment> {
        let position = self
            .fragments
            .binary_search_by_key(&id, |fragment| fragment.id)
            .ok()?;
        self.fragments.get_mut(position)
    }

    fn insert(&mut self, fragment: Fragment) -> Option<Fragment> {
        match self
            .fragments
            .binary_search_by_key(&fragment.id, |kept| kept.id)
        {
            Ok(position) => Some(std::mem::replace(&mut self.fragments[position], fragment)),
            Err(position) => {
                self.fragments.insert(position, fragment);
                None
            }
        }
    }
}

async fn put<E: FragmentError>(
    shelf: &mut impl Shelf,
    fragment: Fragment,
) -> Result<SuccessCode, E> {
    check::<E>(shelf.server(), &fragment).await?;
    Ok(match shelf.insert(fragment) {
        None => SuccessCode::Stored,
        Some(_) => SuccessCode::Replaced,
    })
}

async fn get<E: FragmentError>(shelf: &mut impl Shelf, id: FragmentId) -> Result<Fragment, E> {
    let fragment = shelf.find(id).ok_or_else(|| E::missing(id))?.clone();
    check::<E>(shelf.server(), &fragment).await?;
    Ok(fragment)
}

fn rot<E: FragmentError>(shelf: &mut impl Shelf, id: FragmentId) -> Result<SuccessCode, E> {
    let fragment = shelf.find(id).ok_or_else(|| E::missing(id))?;
    let mut payload = BytesMut::from(&fragment.payload[..]);
    if let Some(byte) = payload.first_mut() {
        *byte ^= 1;
    }
    fragment.payload = Bytes::from(payload);
    Ok(SuccessCode::Replaced)
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
