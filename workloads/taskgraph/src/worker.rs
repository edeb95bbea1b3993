//! A worker that computes nothing and answers at once.

use std::io;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;

use crate::graph::result_bytes;
use crate::protocol::{Messages, ToServer, ToWorker, Wire, encode};

/// Joins a server and answers until it hangs up.
///
/// # Errors
/// When the connection breaks off, or the server says something else than what to compute.
pub async fn work(wire: Wire) -> io::Result<()> {
    let (reader, mut writer) = tokio::io::split(wire);
    let mut replies = BytesMut::new();
    encode(&ToServer::Join, &mut replies)?;
    writer.write_all(&replies).await?;
    replies.clear();
    let mut messages = Messages::new(reader);
    while let Some(message) = messages.next().await? {
        answer(message, &mut replies)?;
        while let Some(message) = messages.buffered()? {
            answer(message, &mut replies)?;
        }
        writer.write_all(&replies).await?;
        replies.clear();
    }
    Ok(())
}

fn answer(ToWorker::Compute { task, .. }: ToWorker, replies: &mut BytesMut) -> io::Result<()> {
    let finished = ToServer::Finished {
        task,
        bytes: result_bytes(task),
    };
    encode(&finished, replies)
}
