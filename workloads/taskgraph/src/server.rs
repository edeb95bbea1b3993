//! The server: a task per connection that decodes, one that sends, and the reactor between them.

use std::collections::HashMap;
use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tracing::{Instrument as _, info_span};

use crate::graph::TaskId;
use crate::placement::Placement;
use crate::protocol::{Done, Messages, ToServer, ToWorker, Wire, WorkerId, encode};
use crate::scheduler::{self, Assignment, Decisions, Event, Scheduler, Steal};
use crate::switches::{Calls, Switches};
use crate::table::Table;

/// Most messages that are taken at once.
const MOST_AT_ONCE: usize = 1_024;

/// A running server. Dropping it ends its tasks and closes its connections.
#[derive(Debug)]
pub struct Server {
    incoming: UnboundedSender<Incoming>,
    tasks: JoinSet<()>,
    connections: u32,
}

/// Names a connection, in the order they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ConnectionId(u32);

/// What the reactor is told.
#[derive(Debug)]
enum Incoming {
    Opened(ConnectionId, UnboundedSender<Bytes>),
    Message(ConnectionId, ToServer),
    Closed(ConnectionId),
}

impl Server {
    /// Starts one without connections.
    #[must_use]
    pub fn start(switches: Switches, seed: u64) -> Self {
        let (incoming, inbox) = mpsc::unbounded_channel();
        let (events, asked) = mpsc::unbounded_channel();
        let (answers, decisions) = mpsc::unbounded_channel();
        let reactor = Reactor {
            table: Table::new(switches.table),
            calls: switches.calls,
            events,
            decisions,
            outgoing: HashMap::new(),
            workers: Vec::new(),
            joined: HashMap::new(),
            pending: Vec::new(),
            client: None,
            done: Done::default(),
        };
        let mut tasks = JoinSet::new();
        let scheduler = Scheduler::new(Placement::new(switches.placement, seed));
        tasks.spawn(scheduler::run(scheduler, asked, answers));
        tasks.spawn(reactor.run(inbox));
        Self {
            incoming,
            tasks,
            connections: 0,
        }
    }

    /// Serves one more connection.
    pub fn connect(&mut self, wire: Wire) {
        let id = ConnectionId(self.connections);
        self.connections += 1;
        self.tasks.spawn(serve(id, wire, self.incoming.clone()));
    }

    /// Serves so many connections that come to a listener.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn accept(&mut self, listener: &TcpListener, count: u32) -> io::Result<()> {
        for _ in 0..count {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            self.connect(Box::new(stream));
        }
        Ok(())
    }
}

/// A connection. One that breaks off, or says something that is no message, is closed and concerns its peer alone.
async fn serve(id: ConnectionId, wire: Wire, incoming: UnboundedSender<Incoming>) {
    let (reader, writer) = tokio::io::split(wire);
    let (outgoing, to_send) = mpsc::unbounded_channel();
    if incoming.send(Incoming::Opened(id, outgoing)).is_err() {
        return;
    }
    let mut sending = JoinSet::new();
    sending.spawn(send(writer, to_send));
    let _broken: io::Result<()> = receive(id, reader, &incoming).await;
    // Where the reactor is gone there is nobody to tell.
    drop(incoming.send(Incoming::Closed(id)));
}

async fn receive(
    id: ConnectionId,
    reader: ReadHalf<Wire>,
    incoming: &UnboundedSender<Incoming>,
) -> io::Result<()> {
    let mut messages = Messages::new(reader);
    while let Some(message) = messages.next().instrument(info_span!("receive")).await? {
        if incoming.send(Incoming::Message(id, message)).is_err() {
            break;
        }
    }
    Ok(())
}

async fn send(mut writer: WriteHalf<Wire>, mut to_send: UnboundedReceiver<Bytes>) {
    while let Some(bytes) = to_send.recv().await {
        let span = info_span!("send", bytes = bytes.len());
        if writer.write_all(&bytes).instrument(span).await.is_err() {
            break;
        }
    }
}

/// Keeps the tasks, and speaks with everybody.
struct Reactor {
    table: Table,
    calls: Calls,
    events: UnboundedSender<Vec<Event>>,
    decisions: UnboundedReceiver<Decisions>,
    outgoing: HashMap<ConnectionId, UnboundedSender<Bytes>>,
    workers: Vec<ConnectionId>,
    joined: HashMap<ConnectionId, WorkerId>,
    /// What is to be sent to each worker.
    pending: Vec<BytesMut>,
    client: Option<ConnectionId>,
    done: Done,
}

impl Reactor {
    /// Runs until nobody is left who could say something.
    async fn run(mut self, mut inbox: UnboundedReceiver<Incoming>) {
        let mut batch = Vec::new();
        let most = match self.calls {
            Calls::PerEvent => 1,
            Calls::Batched => MOST_AT_ONCE,
        };
        while inbox.recv_many(&mut batch, most).await > 0 {
            let span = info_span!("react", items = batch.len());
            if self.react(&mut batch).instrument(span).await.is_err() {
                break;
            }
        }
    }

    async fn react(&mut self, batch: &mut Vec<Incoming>) -> Result<(), Gone> {
        let mut events = Vec::new();
        for incoming in batch.drain(..) {
            self.take(incoming, &mut events);
        }
        match self.calls {
            Calls::Batched => self.ask(events).await?,
            Calls::PerEvent => self.ask_each(events).await?,
        }
        self.finish();
        Ok(())
    }

    fn take(&mut self, incoming: Incoming, events: &mut Vec<Event>) {
        match incoming {
            Incoming::Opened(id, outgoing) => drop(self.outgoing.insert(id, outgoing)),
            Incoming::Message(id, ToServer::Join) => self.join(id, events),
            Incoming::Message(id, ToServer::Submit { tasks }) => {
                self.client = Some(id);
                self.table.clear();
                self.done = Done::default();
                // What is no graph is answered as one without tasks.
                let ready = self.table.add(tasks).unwrap_or_else(|| {
                    self.table.clear();
                    Vec::new()
                });
                self.ready(ready, events);
            }
            Incoming::Message(id, ToServer::Finished { task, bytes }) => {
                if let (Some(worker), Some(ready)) = (self.joined.get(&id), self.table.finish(task))
                {
                    self.done.tasks += 1;
                    self.done.bytes += bytes;
                    let worker = *worker;
                    events.push(Event::Finished { task, worker });
                    self.ready(ready, events);
                }
            }
            Incoming::Message(id, ToServer::Stolen { task, given }) => {
                let worker = self.joined.get(&id);
                events.extend(worker.map(|worker| Event::Stolen {
                    task,
                    worker: *worker,
                    given,
                }));
            }
            // What a worker that left was to do is lost: they only leave when all is over.
            Incoming::Closed(id) => drop(self.outgoing.remove(&id)),
        }
    }

    fn join(&mut self, id: ConnectionId, events: &mut Vec<Event>) {
        let worker = WorkerId(self.workers.len() as u32);
        if self.joined.insert(id, worker).is_none() {
            self.workers.push(id);
            self.pending.push(BytesMut::new());
            events.push(Event::Joined);
        }
    }

    fn ready(&self, tasks: Vec<TaskId>, events: &mut Vec<Event>) {
        for task in tasks {
            let inputs = self.table.inputs(task);
            let holders = inputs.into_iter().map(|(_, holder)| holder).collect();
            events.push(Event::Ready { task, holders });
        }
    }

    async fn ask_each(&mut self, events: Vec<Event>) -> Result<(), Gone> {
        for event in events {
            self.ask(vec![event]).await?;
        }
        Ok(())
    }

    /// Asks the scheduler, and sends what it says.
    async fn ask(&mut self, events: Vec<Event>) -> Result<(), Gone> {
        if events.is_empty() {
            return Ok(());
        }
        self.events.send(events).map_err(|_| Gone)?;
        let decisions = self.decisions.recv().await.ok_or(Gone)?;
        info_span!("encode", items = decisions.assignments.len()).in_scope(|| {
            for assignment in decisions.assignments {
                self.assign(assignment);
            }
            for Steal { task, from } in decisions.steals {
                self.tell(from, &ToWorker::Steal { task });
            }
            self.flush();
        });
        Ok(())
    }

    fn assign(&mut self, Assignment { task, worker }: Assignment) {
        self.table.assign(task, worker);
        let Some(known) = self.table.task(task) else {
            return;
        };
        let compute = ToWorker::Compute {
            task,
            key: known.key.clone(),
            inputs: self.table.inputs(task),
            micros: known.micros,
        };
        self.tell(worker, &compute);
    }

    fn tell(&mut self, worker: WorkerId, message: &ToWorker) {
        if let Some(pending) = self.pending.get_mut(worker.0 as usize) {
            // The limit is far above what a task of a graph within the limit takes.
            drop(encode(message, pending));
        }
    }

    fn flush(&mut self) {
        for (connection, pending) in self.workers.iter().zip(&mut self.pending) {
            if pending.is_empty() {
                continue;
            }
            if let Some(outgoing) = self.outgoing.get(connection) {
                drop(outgoing.send(pending.split().freeze()));
            }
            pending.clear();
        }
    }

    /// Tells the client when all is done.
    fn finish(&mut self) {
        if self.done.tasks < self.table.len() as u64 {
            return;
        }
        let client = self.client.take().and_then(|id| self.outgoing.get(&id));
        let mut bytes = BytesMut::new();
        if let Some(client) = client
            && encode(&self.done, &mut bytes).is_ok()
        {
            drop(client.send(bytes.freeze()));
        }
    }
}

/// The scheduler has ended.
struct Gone;
