//! A search index over short notes: notes are indexed as they arrive, and queries are answered from the index.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// Notes that hold a word, with how often they do.
type Postings = Vec<(u32, u32)>;

/// Words of all notes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Index {
    words: BTreeMap<String, Postings>,
    notes: u32,
}

/// What queries found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Queries.
    pub queries: u64,
    /// Notes that were found.
    pub notes: u64,
    /// Digest of their numbers and scores.
    pub digest: u64,
}

impl Index {
    /// How many notes there are.
    #[must_use]
    pub fn notes(&self) -> u32 {
        self.notes
    }

    /// How many different words there are.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words.len()
    }

    fn add(&mut self, note: &str) {
        let number = self.notes;
        self.notes += 1;
        for word in words(note) {
            let postings = self.words.entry(word).or_default();
            match postings.last_mut() {
                Some((last, times)) if *last == number => *times += 1,
                _ => postings.push((number, 1)),
            }
        }
    }

    /// The notes that hold all words of a query, with their scores.
    fn find(&self, query: &str) -> Postings {
        let mut found: Option<Postings> = None;
        for word in words(query) {
            let Some(postings) = self.words.get(&word) else {
                return Vec::new();
            };
            found = Some(match found {
                None => postings.clone(),
                Some(found) => intersect(&found, postings),
            });
        }
        found.unwrap_or_default()
    }
}

fn intersect(one: &[(u32, u32)], other: &[(u32, u32)]) -> Postings {
    let mut both = Vec::with_capacity(one.len().min(other.len()));
    let mut other = other.iter().peekable();
    for (number, score) in one {
        while other.next_if(|(next, _)| next < number).is_some() {}
        if let Some((_, times)) = other.next_if(|(next, _)| next == number) {
            both.push((*number, score + times));
        }
    }
    both
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1)
        .map(str::to_lowercase)
}

/// Indexes notes that come in over a channel.
pub async fn index(notes: &[String]) -> Index {
    let (writer, mut arrived) = mpsc::channel::<&str>(16);
    let write = async move {
        for note in notes {
            if writer.send(note).await.is_err() {
                break;
            }
        }
    };
    let add = async move {
        let mut index = Index::default();
        while let Some(note) = arrived.recv().await {
            index.add(note);
        }
        index
    };
    tokio::join!(write, add).1
}

/// Answers queries that come in over a channel.
pub async fn search(index: &Index, queries: &[String]) -> Found {
    let (reader, mut asked) = mpsc::channel::<&str>(16);
    let ask = async move {
        for query in queries {
            if reader.send(query).await.is_err() {
                break;
            }
        }
    };
    let answer = async move {
        let mut all = Found::default();
        while let Some(query) = asked.recv().await {
            let found = index.find(query);
            all.queries += 1;
            all.notes += found.len() as u64;
            all.digest = found.iter().fold(all.digest, |hash, (number, score)| {
                (hash ^ u64::from(number ^ (score << 20))).wrapping_mul(0x0100_0000_01b3)
            });
        }
        all
    };
    tokio::join!(ask, answer).1
}
