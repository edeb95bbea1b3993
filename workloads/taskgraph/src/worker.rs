//! A worker. Tasks that take no time are answered at once; one that does is slept through, and others wait behind it.

use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tracing::{Instrument as _, info_span};

use crate::graph::{TaskId, result_bytes};
use crate::protocol::{Messages, ToServer, ToWorker, Wire, encode};

/// Joins a server and computes until it hangs up.
///
/// # Errors
/// When the connection breaks off, or the server says something else than what to compute.
pub async fn work(wire: Wire) -> io::Result<()> {
    let (reader, writer) = tokio::io::split(wire);
    let mut worker = Worker {
        messages: Messages::new(reader),
        writer,
        replies: BytesMut::new(),
        waiting: VecDeque::new(),
    };
    encode(&ToServer::Join, &mut worker.replies)?;
    worker.reply().await?;
    loop {
        // In its place, so that a span is put around a pointer and no future is moved.
        let turn = pin!(worker.take_turn());
        if !turn.instrument(info_span!("work")).await? {
            return Ok(());
        }
    }
}

struct Worker {
    messages: Messages<ReadHalf<Wire>>,
    writer: WriteHalf<Wire>,
    replies: BytesMut,
    /// Tasks that take their time.
    waiting: VecDeque<(TaskId, Duration)>,
}

impl Worker {
    /// Computes what waits longest, or answers what comes in; `false` at the end.
    async fn take_turn(&mut self) -> io::Result<bool> {
        if let Some((task, duration)) = self.waiting.pop_front() {
            return self.compute(task, duration).await;
        }
        let Some(message) = self.messages.next().await? else {
            return Ok(false);
        };
        self.take_all(message).await?;
        Ok(true)
    }

    /// Takes its time, and what comes in meanwhile.
    async fn compute(&mut self, task: TaskId, duration: Duration) -> io::Result<bool> {
        let mut done = pin!(tokio::time::sleep(duration));
        loop {
            tokio::select! {
                () = &mut done => break,
                message = self.messages.next() => match message? {
                    Some(message) => self.take_all(message).await?,
                    None => return Ok(false),
                },
            }
        }
        self.finish(task)?;
        self.reply().await?;
        Ok(true)
    }

    /// Takes a message and those that need no reading.
    async fn take_all(&mut self, message: ToWorker) -> io::Result<()> {
        self.take(message)?;
        while let Some(message) = self.messages.buffered()? {
            self.take(message)?;
        }
        self.reply().await
    }

    fn take(&mut self, message: ToWorker) -> io::Result<()> {
        match message {
            ToWorker::Compute {
                task, micros: 0, ..
            } => self.finish(task),
            ToWorker::Compute { task, micros, .. } => {
                let duration = Duration::from_micros(u64::from(micros));
                self.waiting.push_back((task, duration));
                Ok(())
            }
            ToWorker::Steal { task } => {
                let place = self.waiting.iter().position(|(waits, _)| *waits == task);
                let given = place.is_some_and(|place| self.waiting.remove(place).is_some());
                encode(&ToServer::Stolen { task, given }, &mut self.replies)
            }
        }
    }

    fn finish(&mut self, task: TaskId) -> io::Result<()> {
        let bytes = result_bytes(task);
        encode(&ToServer::Finished { task, bytes }, &mut self.replies)
    }

    async fn reply(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.replies).await?;
        self.replies.clear();
        Ok(())
    }
}
