//! The communication plane: one worker's connections to all workers, itself included.

use std::collections::HashMap;
use std::ops::Range;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::bridge::{Addressed, Bridge};
use crate::buffers::{Buffers, Draft, Home, Message};
use crate::record::{Record, route};
use crate::switches::{Broadcast, Encoding, Switches};

/// One worker's end of the plane.
#[derive(Debug)]
pub struct Plane {
    encoding: Encoding,
    broadcast: Broadcast,
    batch: usize,
    buffers: Buffers,
    drafts: Vec<Option<Draft>>,
    /// What goes to all workers.
    for_all: Option<Draft>,
    outgoing: Vec<Outgoing>,
    incoming: Vec<UnboundedReceiver<Envelope>>,
    homes: Vec<Option<Home>>,
}

/// The way to one worker.
#[derive(Debug)]
enum Outgoing {
    Here(UnboundedSender<Envelope>),
    Elsewhere {
        from: u32,
        to: u32,
        link: UnboundedSender<Addressed>,
    },
}

/// What goes over a channel.
#[derive(Debug)]
pub(crate) enum Envelope {
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
    #[must_use]
    pub fn connect(workers: usize, batch: usize, switches: Switches) -> Vec<Self> {
        Self::connect_some(workers, 0..workers, batch, switches).0
    }

    /// The ends for those of `workers` workers that are in this process, and what joins them with the others.
    #[must_use]
    pub fn connect_some(
        workers: usize,
        here: Range<usize>,
        batch: usize,
        switches: Switches,
    ) -> (Vec<Self>, Bridge) {
        let (link, outbox) = unbounded_channel();
        let mut incoming: Vec<Vec<_>> = here.clone().map(|_| Vec::new()).collect();
        let mut outgoing: Vec<Vec<_>> = here.clone().map(|_| Vec::new()).collect();
        let mut inlets = HashMap::new();
        for from in 0..workers {
            for to in 0..workers {
                let name = (from as u32, to as u32);
                let (sender, receiver) = unbounded_channel();
                if here.contains(&to) {
                    incoming[to - here.start].push(receiver);
                }
                if !here.contains(&from) {
                    inlets.insert(name, sender);
                } else if here.contains(&to) {
                    outgoing[from - here.start].push(Outgoing::Here(sender));
                } else {
                    outgoing[from - here.start].push(Outgoing::Elsewhere {
                        from: name.0,
                        to: name.1,
                        link: link.clone(),
                    });
                }
            }
        }
        let buffers: Vec<_> = here.map(|_| Buffers::new(switches, batch)).collect();
        // What comes from elsewhere has no home here.
        let homes: Vec<_> = match buffers.len() == workers {
            true => buffers.iter().map(Buffers::home).collect(),
            false => vec![None; workers],
        };
        let planes = buffers
            .into_iter()
            .zip(outgoing.into_iter().zip(incoming))
            .map(|(buffers, (outgoing, incoming))| Self {
                encoding: switches.encoding,
                broadcast: switches.broadcast,
                batch: batch.max(1),
                buffers,
                drafts: (0..workers).map(|_| None).collect(),
                for_all: None,
                outgoing,
                incoming,
                homes: homes.clone(),
            })
            .collect();
        let bridge = Bridge {
            outbox,
            inlets,
            buffers: Buffers::new(switches, batch),
            batch,
        };
        (planes, bridge)
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

    /// Sends a record to all workers, this one included.
    ///
    /// # Errors
    /// When one of them has gone.
    pub fn send_to_all(&mut self, record: Record) -> Result<(), Gone> {
        let (encoding, batch, buffers) = (self.encoding, self.batch, &mut self.buffers);
        match self.broadcast {
            Broadcast::OneMessage => {
                let draft = self
                    .for_all
                    .get_or_insert_with(|| buffers.draft(encoding, batch));
                if draft.push(record) == batch {
                    self.flush_to_all()?;
                }
            }
            Broadcast::PointToPoint => {
                for worker in 0..self.outgoing.len() {
                    let buffers = &mut self.buffers;
                    let draft =
                        self.drafts[worker].get_or_insert_with(|| buffers.draft(encoding, batch));
                    if draft.push(record) == batch {
                        self.flush(worker)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends this worker's sending for the round and consumes what all workers sent to it in the round.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn finish_round(&mut self, mut consume: impl FnMut(Record)) -> Result<(), Gone> {
        self.flush_to_all()?;
        for worker in 0..self.outgoing.len() {
            self.flush(worker)?;
            self.outgoing[worker]
                .send(Envelope::EndOfRound)
                .ok_or(Gone { worker })?;
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
                .ok_or(Gone { worker }),
            None => Ok(()),
        }
    }

    fn flush_to_all(&mut self) -> Result<(), Gone> {
        let Some(draft) = self.for_all.take() else {
            return Ok(());
        };
        let shared = draft.finish().into_shared();
        for (worker, outgoing) in self.outgoing.iter().enumerate() {
            let message = Message::Shared(shared.clone());
            outgoing
                .send(Envelope::Message(message))
                .ok_or(Gone { worker })?;
        }
        Ok(())
    }
}

impl Outgoing {
    /// `None` when nobody takes it any more.
    fn send(&self, envelope: Envelope) -> Option<()> {
        match self {
            Self::Here(channel) => channel.send(envelope).ok(),
            Self::Elsewhere { from, to, link } => {
                let (from, to) = (*from, *to);
                link.send(Addressed { from, to, envelope }).ok()
            }
        }
    }
}
