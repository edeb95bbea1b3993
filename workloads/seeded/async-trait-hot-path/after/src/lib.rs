//! A gate that admits requests of members: it looks the member up and checks the request's signature.

use async_trait::async_trait;
use rustc_hash::FxHashMap;
use tokio::sync::RwLock;

/// What is known of a member.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Signs its requests.
    pub key: u64,
    /// Whether it may ask for anything at all.
    pub active: bool,
}

/// What somebody asks for.
#[derive(Debug)]
pub struct Request {
    /// Who asks.
    pub member: u64,
    /// What for.
    pub body: Vec<u8>,
    /// Of both, by the member's key.
    pub signature: u64,
}

/// Where members are kept.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The member with this id, if there is one.
    async fn look_up(&self, id: u64) -> Option<Member>;
}

/// A directory that holds all members in memory, and can be changed while it is in use.
#[derive(Debug, Default)]
pub struct InMemory {
    members: RwLock<FxHashMap<u64, Member>>,
}

impl InMemory {
    /// A directory of these members.
    #[must_use]
    pub fn new(members: impl IntoIterator<Item = (u64, Member)>) -> Self {
        Self {
            members: RwLock::new(members.into_iter().collect()),
        }
    }

    /// Adds a member or changes it.
    pub async fn update(&self, id: u64, member: Member) {
        self.members.write().await.insert(id, member);
    }
}

#[async_trait]
impl Directory for InMemory {
    async fn look_up(&self, id: u64) -> Option<Member> {
        self.members.read().await.get(&id).copied()
    }
}

/// How many requests had which end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub admitted: u64,
    /// Signed by somebody else.
    pub forged: u64,
    /// By nobody who is known and active.
    pub unknown: u64,
}

/// Decides who gets in. Which directory it asks is a matter of configuration.
pub struct Gate {
    directory: Box<dyn Directory>,
}

impl Gate {
    /// A gate for the members of a directory.
    pub fn new(directory: impl Directory + 'static) -> Self {
        Self {
            directory: Box::new(directory),
        }
    }

    /// Decides on all of these.
    pub async fn admit_all(&self, requests: &[Request]) -> Tally {
        let mut tally = Tally::default();
        for request in requests {
            match self.directory.look_up(request.member).await {
                Some(member) if member.active => {
                    let is_signed =
                        sign(member.key, request.member, &request.body) == request.signature;
                    tally.admitted += u64::from(is_signed);
                    tally.forged += u64::from(!is_signed);
                }
                _ => tally.unknown += 1,
            }
        }
        tally
    }
}

/// FNV-1a over the message that a member signs, from a start that only the member knows.
#[must_use]
pub fn sign(key: u64, member: u64, body: &[u8]) -> u64 {
    let message = [&member.to_le_bytes(), body].concat();
    message
        .iter()
        .fold(key ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
