//! A storage server: one task per connection, and a storage they share.

use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::error::{FragmentError, SuccessCode};
use crate::frame::{Frame, FrameKind, read_frame, write_frame};
use crate::record::FragmentId;
use crate::store::Backend;
use crate::switches::Switches;
use crate::wire::{Transport, Wire, wire};

/// A running server. Dropping it ends its tasks and closes its connections.
pub struct Server {
    storage: SharedStorage,
    _tasks: JoinSet<()>,
}

type SharedStorage = Arc<Mutex<Backend>>;

/// How many bytes an in-memory pipe holds, about what a loopback socket does.
const PIPE: usize = 64 * 1024;

impl Server {
    /// Starts server number `number` and connects to it.
    ///
    /// # Errors
    /// When no TCP port on loopback can be had.
    pub async fn start<E: FragmentError>(
        number: u16,
        transport: Transport,
        switches: Switches,
    ) -> io::Result<(Self, Box<dyn Wire>)> {
        let mut tasks = JoinSet::new();
        let storage = Arc::new(Mutex::new(Backend::new(number, switches.dispatch)));
        let client = match transport {
            Transport::Memory => {
                let (client, server) = tokio::io::duplex(PIPE);
                tasks.spawn(connection::<E>(wire(server, switches.io), storage.clone()));
                wire(client, switches.io)
            }
            Transport::Tcp => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                let address = listener.local_addr()?;
                tasks.spawn(accept::<E>(listener, storage.clone(), switches));
                let client = TcpStream::connect(address).await?;
                // Without this the story's small writes would wait for acknowledgements, a different story.
                client.set_nodelay(true)?;
                wire(client, switches.io)
            }
        };
        Ok((
            Self {
                storage,
                _tasks: tasks,
            },
            client,
        ))
    }

    /// Flips one bit of a stored fragment.
    ///
    /// # Errors
    /// When the server does not have the fragment.
    pub async fn rot_fragment<E: FragmentError>(&self, id: FragmentId) -> Result<SuccessCode, E> {
        self.storage.lock().await.rot_fragment(id).await
    }
}

async fn accept<E: FragmentError>(
    listener: TcpListener,
    storage: SharedStorage,
    switches: Switches,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        if stream.set_nodelay(true).is_ok() {
            connections.spawn(connection::<E>(wire(stream, switches.io), storage.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

/// A connection that breaks off concerns its client, which sees the end of the stream.
async fn connection<E: FragmentError>(wire: Box<dyn Wire>, storage: SharedStorage) {
    let _broken: Result<(), E> = serve(wire, storage).await;
}

/// Answers requests in the order they come in, until the client hangs up.
async fn serve<E: FragmentError>(mut wire: Box<dyn Wire>, storage: SharedStorage) -> Result<(), E> {
    while let Some(request) = read_frame(&mut wire).await? {
        let reply = handle::<E>(request, &storage).await?;
        write_frame(&mut wire, &reply).await?;
    }
    Ok(())
}

async fn handle<E: FragmentError>(request: Frame, storage: &SharedStorage) -> Result<Frame, E> {
    let id = request.fragment.id;
    let mut storage = storage.lock().await;
    match request.kind {
        FrameKind::Store => match storage.store_fragment(request.fragment).await {
            Ok(SuccessCode::Stored) => Ok(Frame::bare(FrameKind::Stored, id)),
            Ok(SuccessCode::Replaced) => Ok(Frame::bare(FrameKind::Replaced, id)),
            Err(error) => refuse(error, id),
        },
        FrameKind::Load => match storage.load_fragment(id).await {
            Ok(fragment) => Ok(Frame {
                kind: FrameKind::Loaded,
                fragment,
            }),
            Err(error) => refuse(error, id),
        },
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a server takes requests only").into()),
    }
}

/// Turns what went wrong with a fragment into a reply; what went wrong with the server ends the connection.
fn refuse<E: FragmentError>(error: E, id: FragmentId) -> Result<Frame, E> {
    if let Some(bytes) = error.corrupt_fragment() {
        let mut frame = Frame::bare(FrameKind::Corrupt, id);
        frame.fragment.payload = bytes.to_vec().into();
        return Ok(frame);
    }
    match error.missing_fragment() {
        Some(id) => Ok(Frame::bare(FrameKind::Missing, id)),
        None => Err(error),
    }
}
