//! A server of measurements that speaks a binary protocol: clients open a session, ask for series, and close it.

use std::collections::HashMap;

use tokio::sync::mpsc;

/// Sessions that the server has room for.
const SESSIONS: usize = 16 * 1_024;

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Asks for a part of a series.
    Fetch {
        /// The series.
        series: usize,
        /// The first value.
        from: usize,
        /// How many.
        count: usize,
    },
    /// Ends the session.
    Close,
}

/// What clients got.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Answers.
    pub answers: u64,
    /// Bytes of the answers.
    pub bytes: u64,
    /// Over all answers.
    pub digest: u64,
}

/// What is known of an open session.
#[derive(Debug, Default)]
struct Session {
    requests: u64,
}

/// Series of values, and the sessions of those who read them.
#[derive(Debug)]
pub struct Server {
    series: Vec<Vec<i32>>,
    sessions: HashMap<u64, Session>,
    opened: u64,
}

impl Server {
    /// A server of these series.
    pub fn new(series: Vec<Vec<i32>>) -> Self {
        Self {
            series,
            sessions: HashMap::with_capacity(SESSIONS),
            opened: 0,
        }
    }

    /// Serves a session with these requests, and returns what the client made of the answers.
    pub async fn serve(&mut self, requests: &[Request]) -> Received {
        let (sender, mut receiver) = mpsc::channel(8);
        let client = async move {
            for request in requests.iter().chain([&Request::Close]) {
                if sender.send(*request).await.is_err() {
                    break;
                }
            }
        };
        let session = self.open();
        let server = async {
            let mut received = Received::default();
            while let Some(request) = receiver.recv().await {
                self.answer(session, request, &mut received);
            }
            received
        };
        tokio::join!(client, server).1
    }

    fn open(&mut self) -> u64 {
        self.opened += 1;
        self.sessions.insert(self.opened, Session::default());
        self.opened
    }

    fn answer(&mut self, session: u64, request: Request, received: &mut Received) {
        let Request::Fetch {
            series,
            from,
            count,
        } = request
        else {
            self.sessions.remove(&session);
            return;
        };
        if let Some(session) = self.sessions.get_mut(&session) {
            session.requests += 1;
        }
        let values = self.series.get(series).map_or(&[][..], Vec::as_slice);
        let values = values.get(from..from + count).unwrap_or_default();
        let mut answer = Vec::with_capacity(ANSWER);
        encode(values, &mut answer);
        received.add(&answer);
    }
}

/// Bytes that most answers have at most.
const ANSWER: usize = 1_024;

impl Received {
    fn add(&mut self, answer: &[u8]) {
        self.answers += 1;
        self.bytes += answer.len() as u64;
        self.digest = answer.iter().fold(self.digest, |digest, byte| {
            (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
}

/// The first value, and what each following one adds: the sign in the lowest bit, in groups of seven bits, the lowest
/// first.
fn encode(values: &[i32], out: &mut Vec<u8>) {
    let mut last = 0;
    for value in values {
        let difference = value.wrapping_sub(last);
        let mut left = ((difference << 1) ^ (difference >> 31)) as u32;
        while left >= 0x80 {
            out.push(left as u8 | 0x80);
            left >>= 7;
        }
        out.push(left as u8);
        last = *value;
    }
}
