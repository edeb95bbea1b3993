//! A store of settings that answers requests over a channel, and logs them where logging is on.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tracing::{debug, warn};

/// A client's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Asks for a setting.
    Get {
        /// Its name.
        name: String,
    },
    /// Changes a setting.
    Set {
        /// Its name.
        name: String,
        /// The new value.
        value: String,
    },
    /// Asks how many settings there are whose names begin so.
    Count {
        /// The beginning.
        prefix: String,
    },
}

impl Request {
    /// What it asks for, and of which settings.
    fn subject(&self) -> (&str, &str) {
        match self {
            Self::Get { name } => ("get", name),
            Self::Set { name, .. } => ("set", name),
            Self::Count { prefix } => ("count", prefix),
        }
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A value, the old one where it was changed.
    Value(String),
    /// There is no such setting.
    Unknown,
    /// A number of settings.
    Number(usize),
    /// The request makes no sense.
    Refused,
}

/// What the clients of a store have seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Answers.
    pub answers: u64,
    /// Those with a value.
    pub values: u64,
    /// Those that say that a request was refused.
    pub refused: u64,
    /// Over all answers.
    pub digest: u64,
}

/// Settings by name.
#[derive(Debug, Clone, Default)]
pub struct Store {
    settings: BTreeMap<String, String>,
}

impl Store {
    /// A store with these settings.
    pub fn new(settings: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            settings: settings.into_iter().collect(),
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        match request {
            Request::Get { name } => match self.settings.get(name) {
                Some(value) => Answer::Value(value.clone()),
                None => Answer::Unknown,
            },
            Request::Set { name, .. } if !is_name(name) => Answer::Refused,
            Request::Set { name, value } => match self.settings.get_mut(name) {
                Some(old) => Answer::Value(std::mem::replace(old, value.clone())),
                None => Answer::Unknown,
            },
            Request::Count { prefix } => {
                let names = self.settings.range(prefix.clone()..);
                let names = names.take_while(|(name, _)| name.starts_with(prefix));
                Answer::Number(names.count())
            }
        }
    }
}

/// Lets clients send these requests, a line each, and the store answer them.
pub async fn serve(mut store: Store, lines: &[String]) -> Seen {
    let (requests, mut incoming) = mpsc::channel(8);
    let (answers, mut outgoing) = mpsc::channel(8);
    let client = async move {
        for request in lines.iter().filter_map(|line| parse(line)) {
            if requests.send(request).await.is_err() {
                break;
            }
        }
    };
    let server = async move {
        let mut number = 0;
        while let Some(request) = incoming.recv().await {
            let answer = handle(&mut store, number, &request);
            if answers.send(answer).await.is_err() {
                break;
            }
            number += 1;
        }
    };
    let reader = async move {
        let mut seen = Seen::default();
        while let Some(answer) = outgoing.recv().await {
            seen.add(&answer);
        }
        seen
    };
    tokio::join!(client, server, reader).2
}

/// Answers a request, and logs it.
fn handle(store: &mut Store, number: u64, request: &Request) -> Answer {
    let answer = store.answer(request);
    let (verb, name) = request.subject();
    let settings = store.settings.len();
    // Refused requests are logged with all that is known about them, too.
    let line = format!("request {number} to {settings} settings: {verb} {name}");
    debug!("{line}");
    if answer == Answer::Refused {
        warn!("{line}");
    }
    answer
}

impl Seen {
    fn add(&mut self, answer: &Answer) {
        self.answers += 1;
        match answer {
            Answer::Value(value) => {
                self.values += 1;
                self.mix(value.as_bytes());
            }
            Answer::Number(number) => self.mix(&number.to_le_bytes()),
            Answer::Refused => self.refused += 1,
            Answer::Unknown => {}
        }
    }

    /// FNV-1a.
    fn mix(&mut self, bytes: &[u8]) {
        self.digest = bytes.iter().fold(self.digest, |digest, byte| {
            (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
}

/// Reads `get name`, `set name value` or `count prefix`.
fn parse(line: &str) -> Option<Request> {
    let (verb, rest) = line.split_once(' ')?;
    match verb {
        "get" => Some(Request::Get {
            name: rest.to_owned(),
        }),
        "set" => {
            let (name, value) = rest.split_once(' ')?;
            Some(Request::Set {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        }
        "count" => Some(Request::Count {
            prefix: rest.to_owned(),
        }),
        _ => None,
    }
}

/// Words of small letters and digits with dots between.
fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        let mut bytes = word.bytes();
        !word.is_empty() && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.split('.').all(is_word)
}
