//! The types of the story: large parts inline, so that every move of the value copies them.

use std::io;

use crate::cured;
use crate::error::FragmentError;
use crate::query::{KeyFilter, Query};
use crate::record::{FragmentId, MAX_FRAGMENT};

/// Why a step failed. `Result<SuccessCode, DistriErr>` takes 50,008 B, nearly always to say `Ok`.
#[derive(Debug, thiserror::Error)]
#[expect(
    clippy::large_enum_variant,
    reason = "the story's pathology: one rare variant sizes every result"
)]
pub enum DistriErr {
    /// The digest of a fragment does not fit its bytes.
    #[error("fragment of {length} B from server {server} is corrupt")]
    Corrupt {
        /// The server that sent or received it.
        server: u16,
        /// How many bytes of `fragment` are filled.
        length: u32,
        /// The bytes themselves.
        fragment: [u8; MAX_FRAGMENT],
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
        let mut bytes = [0; MAX_FRAGMENT];
        bytes[..length].copy_from_slice(&fragment[..length]);
        Self::Corrupt {
            server,
            length: length as u32,
            fragment: bytes,
        }
    }

    fn missing(id: FragmentId) -> Self {
        Self::Missing { id }
    }

    fn corrupt_fragment(&self) -> Option<&[u8]> {
        match self {
            Self::Corrupt {
                length, fragment, ..
            } => fragment.get(..*length as usize),
            Self::Missing { .. } | Self::Transport(_) => None,
        }
    }

    fn missing_fragment(&self) -> Option<FragmentId> {
        match self {
            Self::Missing { id } => Some(*id),
            Self::Corrupt { .. } | Self::Transport(_) => None,
        }
    }

    fn into_boxed(self) -> cured::DistriErr {
        match self {
            Self::Corrupt {
                server,
                length,
                fragment,
            } => {
                cured::DistriErr::corrupt(server, &fragment[..(length as usize).min(MAX_FRAGMENT)])
            }
            Self::Missing { id } => cured::DistriErr::Missing { id },
            Self::Transport(source) => cured::DistriErr::Transport(source),
        }
    }
}

/// A query that carries its 4 kB filter inline.
#[derive(Debug)]
pub struct DistriQuery {
    id: u32,
    filter: KeyFilter,
}

impl Query for DistriQuery {
    fn new(id: u32) -> Self {
        Self {
            id,
            filter: KeyFilter::empty(),
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
