//! The same types with their large parts behind a `Box`: a move copies a few words.

use std::io;

use crate::error::FragmentError;
use crate::query::{KeyFilter, Query};
use crate::record::{FragmentId, MAX_FRAGMENT};

/// Why a step failed. `Result<SuccessCode, DistriErr>` takes 24 B.
#[derive(Debug, thiserror::Error)]
pub enum DistriErr {
    /// The digest of a fragment does not fit its bytes.
    #[error("fragment of {} B from server {server} is corrupt", .fragment.len())]
    Corrupt {
        /// The server that sent or received it.
        server: u16,
        /// The bytes themselves.
        fragment: Box<[u8]>,
    },
    /// The server does not have this fragment.
    #[error("fragment {id} is missing")]
    Missing {
        /// Which one.
        id: FragmentId,
    },
    /// A connection or a task of the cluster broke off.
    #[error("transport between coordinator and server failed")]
    Transport(#[from] io::Error),
}

impl FragmentError for DistriErr {
    fn corrupt(server: u16, fragment: &[u8]) -> Self {
        let length = fragment.len().min(MAX_FRAGMENT);
        Self::Corrupt {
            server,
            fragment: fragment[..length].into(),
        }
    }

    fn missing(id: FragmentId) -> Self {
        Self::Missing { id }
    }

    fn corrupt_fragment(&self) -> Option<&[u8]> {
        match self {
            Self::Corrupt { fragment, .. } => Some(fragment),
            Self::Missing { .. } | Self::Transport(_) => None,
        }
    }

    fn missing_fragment(&self) -> Option<FragmentId> {
        match self {
            Self::Missing { id } => Some(*id),
            Self::Corrupt { .. } | Self::Transport(_) => None,
        }
    }

    fn into_boxed(self) -> Self {
        self
    }
}

/// A query that owns its 4 kB filter through a `Box`.
#[derive(Debug)]
pub struct DistriQuery {
    id: u32,
    filter: Box<KeyFilter>,
}

impl Query for DistriQuery {
    fn new(id: u32) -> Self {
        Self {
            id,
            filter: Box::new(KeyFilter::empty()),
        }
    }

    fn id(&self) -> u32 {
        self.id
    }

    fn filter(&self) -> &KeyFilter {
        &self.filter
    }

    fn filter_mut(&mut self) -> &mut KeyFilter {
        &mut self.filter
    }
}
