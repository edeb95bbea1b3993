//! A vertex's side of the stream to its user-defined function.

use std::io;
use std::path::Path;
use std::pin::{Pin, pin};

use bytes::Bytes;
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::{Instrument as _, info_span};

use crate::grpc;
use crate::message::Message;
use crate::protocol::{Envelope, Kind, read, write};
use crate::switches::{self, Switches, Value};
use crate::udf::{Function, serve};

/// A mapper could not map a batch.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The stream broke off.
    #[error("stream to the function broke off")]
    Stream(#[from] io::Error),
    /// The function refused a value.
    #[error("function failed on message {id}: {reason}")]
    Function {
        /// The message's number.
        id: u64,
        /// What the function says.
        reason: String,
    },
}

/// Maps batches of messages. Dropping it hangs up, which ends the server of a function in memory.
#[derive(Debug)]
pub struct Mapper {
    access: Access,
    _tasks: JoinSet<()>,
}

/// Who owns the stream.
#[derive(Debug)]
enum Access {
    Direct(Link),
    Actor(mpsc::Sender<Asked>),
}

/// The way to the function.
#[derive(Debug)]
enum Link {
    /// A pipe in memory.
    Pipe(Stream),
    /// A socket to another process.
    Grpc(Box<grpc::Stream>),
}

/// One message that the task which owns the link is asked to map.
#[derive(Debug)]
struct Asked {
    message: Message,
    reply: oneshot::Sender<Result<Option<Message>, MapError>>,
}

#[derive(Debug)]
struct Stream {
    requests: WriteHalf<DuplexStream>,
    responses: ReadHalf<DuplexStream>,
    switches: Switches,
}

/// Messages that wait for the task which owns the link: the dataplane's default read batch size.
const WAITING: usize = 500;

/// How many bytes the stream holds in each direction, about what a socket does.
const PIPE: usize = 64 * 1024;

impl Mapper {
    /// Starts the function's server and shakes hands with it.
    ///
    /// # Errors
    /// When the server does not answer the handshake.
    pub async fn connect(function: Function, switches: Switches) -> io::Result<Self> {
        let mut tasks = JoinSet::new();
        let (client, server) = tokio::io::duplex(PIPE);
        tasks.spawn(async move {
            // A server that fails closes the stream, and the vertex reports that.
            drop(serve(server, function, switches).await);
        });
        let (responses, requests) = tokio::io::split(client);
        let mut stream = Stream {
            requests,
            responses,
            switches,
        };
        stream.shake_hands().await?;
        Ok(Self::over(Link::Pipe(stream), tasks, switches))
    }

    /// Connects to a function behind a unix domain socket and shakes hands with it.
    ///
    /// # Errors
    /// When the function does not answer the handshake.
    pub async fn connect_to(socket: &Path, switches: Switches) -> io::Result<Self> {
        let stream = grpc::Stream::connect(socket, switches).await?;
        Ok(Self::over(
            Link::Grpc(Box::new(stream)),
            JoinSet::new(),
            switches,
        ))
    }

    fn over(link: Link, mut tasks: JoinSet<()>, switches: Switches) -> Self {
        let access = match switches.mapper {
            switches::Mapper::Direct => Access::Direct(link),
            switches::Mapper::Actor => {
                let (sender, asked) = mpsc::channel(WAITING);
                tasks.spawn(own_link(link, asked));
                Access::Actor(sender)
            }
        };
        Self {
            access,
            _tasks: tasks,
        }
    }

    /// Maps a batch. Messages that the function filters out are missing from the result.
    ///
    /// # Errors
    /// When the stream breaks off or the function fails on a message. The mapper is of no use after that.
    pub async fn map(&mut self, messages: Vec<Message>) -> Result<Vec<Message>, MapError> {
        match &mut self.access {
            Access::Direct(link) => link.map(messages).await,
            Access::Actor(owner) => ask(owner, messages).await,
        }
    }
}

impl Link {
    async fn map(&mut self, messages: Vec<Message>) -> Result<Vec<Message>, MapError> {
        let span = info_span!("stream", items = messages.len());
        match self {
            Self::Pipe(stream) => stream.map(messages).instrument(span).await,
            Self::Grpc(stream) => stream.map(&messages).instrument(span).await,
        }
    }
}

/// Asks the task that owns the link for each message, as if each were alone. tokio lets the owner in after 128 of them, so
/// that a larger batch is mapped in parts.
async fn ask(
    owner: &mpsc::Sender<Asked>,
    messages: Vec<Message>,
) -> Result<Vec<Message>, MapError> {
    let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the mapper's task has ended");
    let (asked, mut replies) = (messages.len(), Vec::with_capacity(messages.len()));
    for message in messages {
        let (reply, mapped) = oneshot::channel();
        if owner.send(Asked { message, reply }).await.is_err() {
            // Why it has ended is in the reply to what was asked before.
            break;
        }
        replies.push(mapped);
    }
    let is_gone = replies.len() < asked;
    let mut mapped = Vec::with_capacity(replies.len());
    for reply in replies {
        mapped.extend(reply.await.map_err(|_| gone())??);
    }
    if is_gone {
        return Err(gone().into());
    }
    Ok(mapped)
}

/// Maps what has been asked for so far, until nobody can ask any more.
async fn own_link(mut link: Link, mut asked: mpsc::Receiver<Asked>) {
    let mut waiting = Vec::with_capacity(WAITING);
    while asked.recv_many(&mut waiting, WAITING).await > 0 {
        let mut messages = Vec::with_capacity(waiting.len());
        let mut replies = Vec::with_capacity(waiting.len());
        for Asked { message, reply } in waiting.drain(..) {
            replies.push((message.id, reply));
            messages.push(message);
        }
        let mut mapped = match link.map(messages).await {
            Ok(mapped) => mapped.into_iter().peekable(),
            Err(error) => {
                // The first one hears why, and the others that the task has ended.
                let first = replies.into_iter().next();
                drop(first.map(|(_, reply)| reply.send(Err(error))));
                return;
            }
        };
        for (id, reply) in replies {
            // A vertex that has stopped waiting needs no reply.
            drop(reply.send(Ok(mapped.next_if(|message| message.id == id))));
        }
    }
}

/// Receives while it sends: either side could fill the stream before the other reads. Once receiving has failed, nothing
/// more is sent. Both are pinned by the caller: a future that is handed on is held twice.
pub(crate) async fn exchange(
    send: Pin<&mut impl Future<Output = io::Result<()>>>,
    mut receive: Pin<&mut impl Future<Output = Result<Vec<Message>, MapError>>>,
) -> Result<Vec<Message>, MapError> {
    tokio::select! {
        biased;
        sent = send => match sent {
            // Whoever hung up may have said why.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => receive.await,
        },
        mapped = &mut receive => mapped,
    }
}

impl Stream {
    async fn shake_hands(&mut self) -> io::Result<()> {
        let handshake = Envelope {
            kind: Kind::Handshake,
            id: 0,
            payload: Bytes::new(),
        };
        write(&mut self.requests, &handshake, self.switches).await?;
        match read(&mut self.responses, self.switches).await? {
            Some(reply) if reply.kind == Kind::Handshake => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the function does not shake hands",
            )),
        }
    }

    async fn map(&mut self, messages: Vec<Message>) -> Result<Vec<Message>, MapError> {
        let switches = self.switches;
        let send = async {
            for message in &messages {
                let payload = hand_on(&message.value, switches);
                let request = Envelope {
                    kind: Kind::Request,
                    id: message.id,
                    payload,
                };
                write(&mut self.requests, &request, switches).await?;
            }
            Ok(())
        };
        let receive = async {
            let mut mapped = Vec::with_capacity(messages.len());
            for message in &messages {
                let response = read(&mut self.responses, switches).await?;
                let response = response.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
                mapped.extend(outcome(response, message, switches)?);
            }
            Ok::<_, MapError>(mapped)
        };
        exchange(pin!(send), pin!(receive)).await
    }
}

/// The message that a response stands for, with the event time of its request. Requests are answered in order.
fn outcome(
    response: Envelope,
    request: &Message,
    switches: Switches,
) -> Result<Option<Message>, MapError> {
    match response.kind {
        Kind::Mapped if response.id == request.id => Ok(Some(Message {
            id: request.id,
            event_time: request.event_time,
            value: hand_on(&response.payload, switches),
        })),
        Kind::Dropped if response.id == request.id => Ok(None),
        Kind::Failed if response.id == request.id => Err(MapError::Function {
            id: request.id,
            reason: String::from_utf8_lossy(&response.payload).into_owned(),
        }),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a response fits no request").into()),
    }
}

/// The value on its way from one message type into the next.
pub(crate) fn hand_on(value: &Bytes, switches: Switches) -> Bytes {
    match switches.value {
        Value::Copy => Bytes::from(value.to_vec()),
        Value::Share => value.clone(),
    }
}
