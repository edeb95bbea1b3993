//! A service that summarises documents. It remembers its answers, so that a repeated request gets the same one.

use std::fmt::Write;
use std::ops::Range;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};

/// Every so many requests one is repeated.
const REPEATED: u64 = 4;
/// Answers that the table takes without growing.
const ROOM: usize = 400_000;

/// What goes from a client to the service.
enum Message {
    Request {
        id: u64,
        document: Bytes,
        answer: oneshot::Sender<String>,
    },
    Acknowledged(u64),
}

/// What a client has seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Answers to new requests.
    pub answers: u64,
    /// Repeated requests that got the first answer again.
    pub repeated: u64,
    /// Checksum over all new answers.
    pub checksum: u64,
}

/// The service with the documents its clients ask about.
pub struct Service {
    answers: Answers,
    documents: Vec<Bytes>,
    next_id: u64,
}

impl Service {
    /// A service with so many documents of the given size, the same ones every time.
    pub fn start(documents: u64, size: usize) -> Self {
        Self {
            answers: Answers::with_room(ROOM),
            documents: (1..=documents).map(|seed| write(seed, size)).collect(),
            next_id: 0,
        }
    }

    /// Lets a client ask `count` times.
    pub async fn exchange(&mut self, count: u64) -> Seen {
        let (sender, receiver) = mpsc::channel(8);
        let ids = self.next_id..self.next_id + count;
        self.next_id = ids.end;
        let client = ask(&self.documents, ids, sender);
        tokio::join!(client, serve(&mut self.answers, receiver)).0
    }

    /// Answers to all of a client's requests, worked out without the service.
    pub fn expected(&self, count: u64) -> Seen {
        let summaries = self.documents.iter().map(|document| summarise(document));
        let summaries: Vec<_> = summaries.collect();
        let mut seen = Seen::default();
        for number in 0..count as usize {
            seen.answers += 1;
            seen.repeated += u64::from(number as u64 % REPEATED == 0);
            seen.add(&summaries[number % summaries.len()]);
        }
        seen
    }
}

impl Seen {
    fn add(&mut self, answer: &str) {
        self.checksum = answer.bytes().fold(self.checksum, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
}

struct Answer {
    text: Box<str>,
    acknowledged: bool,
}

/// Answers by the id of their request.
struct Answers {
    by_id: FxHashMap<u64, Answer>,
}

impl Answers {
    fn with_room(room: usize) -> Self {
        Self {
            by_id: FxHashMap::with_capacity_and_hasher(room, Default::default()),
        }
    }

    fn get(&self, id: u64) -> Option<&str> {
        self.by_id.get(&id).map(|answer| &*answer.text)
    }

    fn remember(&mut self, id: u64, answer: &str) {
        let answer = Answer {
            text: answer.into(),
            acknowledged: false,
        };
        self.by_id.insert(id, answer);
    }

    /// The client has the answer. After a restart of its own it may ask for it again.
    fn acknowledged(&mut self, id: u64) {
        if let Some(answer) = self.by_id.get_mut(&id) {
            answer.acknowledged = true;
        }
    }
}

async fn serve(answers: &mut Answers, mut messages: mpsc::Receiver<Message>) {
    while let Some(message) = messages.recv().await {
        match message {
            Message::Request {
                id,
                document,
                answer,
            } => {
                let text = match answers.get(id) {
                    Some(known) => known.to_owned(),
                    None => {
                        let text = summarise(&document);
                        answers.remember(id, &text);
                        text
                    }
                };
                // A client that has gone away asks again.
                let _ = answer.send(text);
            }
            Message::Acknowledged(id) => answers.acknowledged(id),
        }
    }
}

async fn ask(documents: &[Bytes], ids: Range<u64>, service: mpsc::Sender<Message>) -> Seen {
    let mut seen = Seen::default();
    for (number, id) in ids.enumerate() {
        let document = &documents[number % documents.len()];
        let Some(text) = request(&service, id, document).await else {
            break;
        };
        seen.answers += 1;
        seen.add(&text);
        if number as u64 % REPEATED == 0 {
            let again = request(&service, id, document).await;
            seen.repeated += u64::from(again.as_ref() == Some(&text));
        }
        if service.send(Message::Acknowledged(id)).await.is_err() {
            break;
        }
    }
    seen
}

async fn request(service: &mpsc::Sender<Message>, id: u64, document: &Bytes) -> Option<String> {
    let (sender, answer) = oneshot::channel();
    let request = Message::Request {
        id,
        document: document.clone(),
        answer: sender,
    };
    service.send(request).await.ok()?;
    answer.await.ok()
}

/// Words, their longest, and how often each letter occurs.
fn summarise(document: &[u8]) -> String {
    let mut letters = [0_u32; 26];
    let (mut words, mut longest, mut length) = (0_u32, 0_u32, 0_u32);
    for byte in document {
        if byte.is_ascii_lowercase() {
            letters[usize::from(byte - b'a')] += 1;
            words += u32::from(length == 0);
            length += 1;
            longest = longest.max(length);
        } else {
            length = 0;
        }
    }
    let mut summary = String::with_capacity(256);
    let _ = write!(summary, "words={words} longest={longest}");
    for (letter, count) in ('a'..='z').zip(letters) {
        let _ = write!(summary, " {letter}={count}");
    }
    summary
}

fn write(seed: u64, size: usize) -> Bytes {
    let mut random = seed;
    let letters = (0..size).map(|_| {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        b"etaoinshrdlucmfwypvbgkjqxz      "[(random >> 59) as usize]
    });
    letters.collect()
}
