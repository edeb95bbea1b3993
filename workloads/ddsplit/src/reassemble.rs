//! Getting a record back.

use std::io;

use crate::dispersal::join;
use crate::error::FragmentError;
use crate::link::Links;
use crate::record::{Fragment, FragmentId, Record};

/// What the coordinator remembers of a record it has split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The record's key.
    pub key: u64,
    /// The record's length in bytes.
    pub length: usize,
}

/// Asks all servers at once for their fragment of a record and joins the first ones that suffice.
///
/// # Errors
/// When too few fragments are left: what the first of the lost ones met.
pub async fn reassemble<E: FragmentError>(
    entry: CatalogueEntry,
    links: Links,
) -> Result<Record, E> {
    let mut loads = Vec::with_capacity(usize::from(links.servers()));
    for index in 0..links.servers() {
        let id = FragmentId {
            key: entry.key,
            index,
        };
        loads.push(tokio::spawn(load_fragment::<E>(id, links.clone())));
    }
    let threshold = usize::from(links.threshold());
    let mut fragments = Vec::with_capacity(threshold);
    let mut failure: Option<E> = None;
    for load in loads {
        match load.await.map_err(io::Error::from)? {
            Ok(fragment) if fragments.len() < threshold => fragments.push(fragment),
            Ok(_spare) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let shares: Vec<_> = fragments
        .iter()
        .map(|fragment| (fragment.id.index, &fragment.payload[..]))
        .collect();
    let joined = if shares.len() == threshold {
        join(&shares, entry.length)
    } else {
        None
    };
    match joined {
        Some(payload) => Ok(Record {
            key: entry.key,
            payload: payload.into(),
        }),
        None => Err(failure.unwrap_or_else(|| {
            E::missing(FragmentId {
                key: entry.key,
                index: 0,
            })
        })),
    }
}

/// Fetches one fragment from its server.
///
/// # Errors
/// Corrupt or missing as the server says, corrupt when it was damaged on its way, or an I/O error.
pub async fn load_fragment<E: FragmentError>(id: FragmentId, links: Links) -> Result<Fragment, E> {
    links.link(id).load(id).await
}
