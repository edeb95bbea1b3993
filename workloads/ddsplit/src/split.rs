//! Storing a record.

use std::io;

use crate::error::{FragmentError, SuccessCode};
use crate::link::Links;
use crate::record::{Fragment, Record};

/// Disperses a record into one fragment per server and stores them all at once.
///
/// # Errors
/// The first fragment's error; the other fragments are stored nevertheless.
pub async fn split<E: FragmentError>(record: Record, links: Links) -> Result<SuccessCode, E> {
    let fragments = record.disperse(links.servers(), links.threshold());
    let mut stores = Vec::with_capacity(fragments.len());
    for fragment in fragments {
        stores.push(tokio::spawn(store_fragment::<E>(fragment, links.clone())));
    }
    let mut code = SuccessCode::Stored;
    for store in stores {
        let stored = store.await.map_err(io::Error::from)??;
        code = code.max(stored);
    }
    Ok(code)
}

/// Stores one fragment on its server.
///
/// # Errors
/// Corrupt when it was damaged on its way, or an I/O error.
pub async fn store_fragment<E: FragmentError>(
    fragment: Fragment,
    links: Links,
) -> Result<SuccessCode, E> {
    links.link(fragment.id).store(fragment).await
}
