//! A key-value service: commands and replies go over a pipe in frames with their length in front.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// Why a session ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The other side has gone.
    Gone,
    /// A frame is longer than any may be.
    TooLong,
    /// A frame is not text.
    NotText,
}

/// What a session came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Commands sent.
    pub commands: u64,
    /// Replies other than `ok`.
    pub values: u64,
    /// Digest of all replies.
    pub digest: u64,
}

const LONGEST: usize = 4096;

/// Sends all commands to a server and reads its replies.
pub async fn session(commands: &[String]) -> Result<Session, Broken> {
    let (near, far) = duplex(8 * 1024);
    let (served, session) = tokio::join!(serve(far), talk(near, commands));
    served.and(session)
}

async fn serve(mut pipe: DuplexStream) -> Result<(), Broken> {
    let mut values = BTreeMap::<String, String>::new();
    let mut frame = Vec::with_capacity(LONGEST);
    let mut reply = String::with_capacity(LONGEST);
    loop {
        let mut length = [0; 4];
        match pipe.read_exact(&mut length).await {
            Ok(_) => {}
            // The client hangs up between two frames.
            Err(_) => return Ok(()),
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(Broken::TooLong);
        }
        frame.resize(length, 0);
        pipe.read_exact(&mut frame)
            .await
            .map_err(|_| Broken::Gone)?;
        let command = std::str::from_utf8(&frame).map_err(|_| Broken::NotText)?;

        reply.clear();
        answer(&mut values, command, &mut reply);
        send(&mut pipe, &reply).await?;
    }
}

/// Answers one command.
fn answer(values: &mut BTreeMap<String, String>, command: &str, reply: &mut String) {
    let mut words = command.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some("set"), Some(key), Some(value)) => {
            values.insert(key.to_owned(), value.to_owned());
            reply.push_str("ok");
        }
        (Some("get"), Some(key), None) => match values.get(key) {
            Some(value) => reply.push_str(value),
            None => reply.push_str("none"),
        },
        (Some("count"), Some(prefix), None) => reply.push_str(&count(values, prefix).to_string()),
        _ => reply.push_str("what?"),
    }
}

/// How many keys start with `prefix`.
fn count(values: &BTreeMap<String, String>, prefix: &str) -> usize {
    let from = values.range(prefix.to_owned()..);
    from.take_while(|(key, _)| key.starts_with(prefix)).count()
}

/// Sends a text as a frame.
async fn send(pipe: &mut DuplexStream, text: &str) -> Result<(), Broken> {
    let length = (text.len() as u32).to_le_bytes();
    pipe.write_all(&length).await.map_err(|_| Broken::Gone)?;
    pipe.write_all(text.as_bytes())
        .await
        .map_err(|_| Broken::Gone)
}

async fn talk(mut pipe: DuplexStream, commands: &[String]) -> Result<Session, Broken> {
    let mut session = Session::default();
    let mut frame = Vec::with_capacity(LONGEST);
    for command in commands {
        send(&mut pipe, command).await?;

        let mut length = [0; 4];
        pipe.read_exact(&mut length)
            .await
            .map_err(|_| Broken::Gone)?;
        frame.resize(u32::from_le_bytes(length) as usize, 0);
        pipe.read_exact(&mut frame)
            .await
            .map_err(|_| Broken::Gone)?;

        session.commands += 1;
        session.values += u64::from(frame != b"ok");
        session.digest = frame
            .iter()
            .fold(session.digest.rotate_left(9), |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
    }
    Ok(session)
}
