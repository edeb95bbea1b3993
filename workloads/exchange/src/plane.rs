//! The communication plane: one worker's connections to all workers, itself included.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::buffers::{Buffers, Draft, Home, Message};
use crate::record::{Record, route};
use crate::switches::{Encoding, Switches};

/// One worker's end of the plane.
#[derive(Debug)]
pub struct Plane {
    encoding: Encoding,
    batch: usize,
    buffers: Buffers,
    drafts: Vec<Option<Draft>>,
    outgoing: Vec<UnboundedSender<Envelope>>,
    incoming: Vec<UnboundedReceiver<Envelope>>,
    homes: Vec<Option<Home>>,
}

/// What goes over a channel.
#[derive(Debug)]
enum Envelope {
    Message(Message),
    EndOfRound,
}

/// The other workers have gone.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("worker {worker} has left the exchange")]
pub struct Gone {
    /// The worker that does not answer.
    pub worker: usize,
}

impl Plane {
    /// The ends for `workers` workers that send `batch` records per message.
    ///
    /// There is a channel for every pair, so records arrive in an order that does not depend on scheduling and sums
    /// of floats are the same in every run. Channels have no bound: what is in flight is bounded by a round.
    pub fn connect(workers: usize, batch: usize, switches: Switches) -> Vec<Self> {
        let mut outgoing: Vec<Vec<_>> = (0..workers).map(|_| Vec::new()).collect();
        let mut incoming: Vec<Vec<_>> = (0..workers).map(|_| Vec::new()).collect();
        for senders in &mut outgoing {
            for receivers in &mut incoming {
                let (sender, receiver) = unbounded_channel();
                senders.push(sender);
                receivers.push(receiver);
            }
        }
        let buffers: Vec<_> = (0..workers)
            .map(|_| Buffers::new(switches, batch))
            .collect();
        let homes: Vec<_> = buffers.iter().map(Buffers::home).collect();
        buffers
            .into_iter()
            .zip(outgoing.into_iter().zip(incoming))
            .map(|(buffers, (outgoing, incoming))| Self {
                encoding: switches.encoding,
                batch: batch.max(1),
                buffers,
                drafts: (0..workers).map(|_| None).collect(),
                outgoing,
                incoming,
                homes: homes.clone(),
            })
            .collect()
    }

    /// Begins a job.
    pub fn begin(&mut self) {
        self.buffers.begin();
    }

    /// Sends a record to the worker that owns its key.
    ///
    /// # Errors
    /// When that worker has gone.
    pub fn send(&mut self, record: Record) -> Result<(), Gone> {
        let worker = route(record.0, self.outgoing.len());
        let (encoding, batch, buffers) = (self.encoding, self.batch, &mut self.buffers);
        let draft = self.drafts[worker].get_or_insert_with(|| buffers.draft(encoding, batch));
        if draft.push(record) == batch {
            self.flush(worker)
        } else {
            Ok(())
        }
    }

    /// Ends this worker's sending for the round and consumes what all workers sent to it in the round.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn finish_round(&mut self, mut consume: impl FnMut(Record)) -> Result<(), Gone> {
        for worker in 0..self.outgoing.len() {
            self.flush(worker)?;
            self.outgoing[worker]
                .send(Envelope::EndOfRound)
                .map_err(|_| Gone { worker })?;
        }
        for (worker, (incoming, home)) in self.incoming.iter_mut().zip(&self.homes).enumerate() {
            while let Envelope::Message(message) = incoming.recv().await.ok_or(Gone { worker })? {
                message.consume(home.as_ref(), &mut consume);
            }
        }
        Ok(())
    }

    fn flush(&mut self, worker: usize) -> Result<(), Gone> {
        match self.drafts[worker].take() {
            Some(draft) => self.outgoing[worker]
                .send(Envelope::Message(draft.finish()))
                .map_err(|_| Gone { worker }),
            None => Ok(()),
        }
    }
}
