//! A client and a server of an object store. A connection begins with a handshake that gives it a key; messages carry
//! a tag made with that key.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

/// Rounds that make a key dear to guess.
const ROUNDS: u32 = 2_000;
/// Bytes that a connection buffers.
const BUFFER: usize = 8 * 1024;
/// Bytes of an object.
pub const OBJECT: usize = 4 * 1024;
/// Largest message.
const MOST: usize = 64 * 1024;

/// A stream after its handshake.
struct Connection {
    stream: DuplexStream,
    key: [u64; 4],
}

impl Connection {
    /// Both sides tell a number and derive the same key from the two and their shared secret.
    async fn handshake(mut stream: DuplexStream, secret: u64, own: u64) -> Result<Self> {
        stream.write_u64(own).await?;
        let other = stream.read_u64().await?;
        let mut key = [secret, own ^ other, own.wrapping_add(other), !secret];
        for round in 0..u64::from(ROUNDS) {
            for word in 0..4 {
                let mixed = key[word] ^ key[(word + 1) % 4].rotate_left(23) ^ round;
                key[word] = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            }
        }
        Ok(Self { stream, key })
    }

    async fn send(&mut self, message: &[u8]) -> Result<()> {
        self.stream.write_u32(message.len() as u32).await?;
        self.stream.write_u64(tag(&self.key, message)).await?;
        self.stream.write_all(message).await
    }

    /// The next message, or none where the other side has closed the connection.
    async fn receive(&mut self) -> Result<Option<Vec<u8>>> {
        let length = match self.stream.read_u32().await {
            Ok(length) => length as usize,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        };
        let expected = self.stream.read_u64().await?;
        if length > MOST {
            return Err(Error::new(
                ErrorKind::InvalidData,
                "the message is too long",
            ));
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).await?;
        if tag(&self.key, &message) == expected {
            Ok(Some(message))
        } else {
            Err(Error::new(ErrorKind::InvalidData, "the tag is wrong"))
        }
    }
}

/// Asks a server for objects.
pub struct Client {
    server: mpsc::Sender<DuplexStream>,
    secret: u64,
    connections: u64,
    open: Option<Connection>,
}

impl Client {
    /// A client of the server that accepts what `server` is sent.
    pub fn new(server: mpsc::Sender<DuplexStream>, secret: u64) -> Self {
        Self {
            server,
            secret,
            connections: 0,
            open: None,
        }
    }

    /// The object of that number.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or does not know the secret.
    pub async fn get(&mut self, number: u64) -> Result<Vec<u8>> {
        let mut connection = match self.open.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.send(&number.to_be_bytes()).await?;
        let object = connection.receive().await?;
        self.open = Some(connection);
        object.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    async fn connect(&mut self) -> Result<Connection> {
        let (here, there) = tokio::io::duplex(BUFFER);
        let sent = self.server.send(there).await;
        sent.map_err(|_| Error::from(ErrorKind::ConnectionRefused))?;
        self.connections += 1;
        Connection::handshake(here, self.secret, self.connections).await
    }
}

/// Answers the clients that connect, one after the other, and returns how many objects were sent.
///
/// # Errors
///
/// If a client does not know the secret.
pub async fn serve(mut clients: mpsc::Receiver<DuplexStream>, secret: u64) -> Result<u64> {
    let (mut objects, mut accepted) = (0, 0);
    while let Some(stream) = clients.recv().await {
        accepted += 1;
        let mut connection = Connection::handshake(stream, secret, accepted << 32).await?;
        while let Some(request) = connection.receive().await? {
            let number = request.try_into().map_err(|_| ErrorKind::InvalidInput)?;
            connection.send(&object(u64::from_be_bytes(number))).await?;
            objects += 1;
        }
    }
    Ok(objects)
}

/// What the store holds under a number.
pub fn object(number: u64) -> Vec<u8> {
    let words =
        (0..OBJECT as u64 / 8).map(|word| (number << 9 | word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    words.flat_map(u64::to_be_bytes).collect()
}

fn tag(key: &[u64; 4], message: &[u8]) -> u64 {
    let keyed = key
        .iter()
        .fold(0, |sum: u64, word| sum.rotate_left(7) ^ word);
    message.iter().fold(keyed, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
