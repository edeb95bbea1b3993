//! A store of settings: changes are written to a log, and a replica that reads the log has the same settings in the end.

use std::collections::BTreeMap;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

/// A change of the settings.
pub enum Change {
    /// A setting gets a value.
    Set {
        /// Its name.
        name: String,
        /// What it is from now on.
        value: String,
    },
    /// A setting is gone.
    Remove {
        /// Its name.
        name: String,
    },
}

/// Why a line of the log cannot be read.
#[derive(Debug)]
pub enum Corrupt {
    /// It does not say what to do.
    Verb,
    /// It has no name.
    Name,
    /// Its check is wrong.
    Check,
    /// The log ends too early.
    Cut,
}

/// Settings by name.
#[derive(Default)]
pub struct Settings {
    values: BTreeMap<String, String>,
    version: u64,
}

impl Settings {
    fn apply(&mut self, change: &Change) {
        self.version += 1;
        match change {
            Change::Set { name, value } => {
                self.values.insert(name.clone(), value.clone());
            }
            Change::Remove { name } => {
                self.values.remove(name);
            }
        }
    }

    /// How many changes were made.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many settings there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// A digest of all settings.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.values.iter().fold(self.version, |all, (name, value)| {
            all.rotate_left(5) ^ check(name).wrapping_add(check(value))
        })
    }
}

/// Makes all changes and returns the settings of the origin and of its replica.
pub async fn replicate(changes: &[Change]) -> Result<(Settings, Settings), Corrupt> {
    let (origin, replica) = duplex(16 * 1024);
    let (written, read) = tokio::join!(write_log(origin, changes), read_log(replica));
    Ok((written?, read?))
}

async fn write_log(mut log: DuplexStream, changes: &[Change]) -> Result<Settings, Corrupt> {
    let mut settings = Settings::default();
    for change in changes {
        let line = encode(change);
        log.write_all(line.as_bytes())
            .await
            .map_err(|_| Corrupt::Cut)?;
        settings.apply(change);
    }
    Ok(settings)
}

async fn read_log(log: DuplexStream) -> Result<Settings, Corrupt> {
    let mut settings = Settings::default();
    let mut lines = BufReader::with_capacity(4 * 1024, log);
    let mut line = String::with_capacity(256);
    while lines.read_line(&mut line).await.map_err(|_| Corrupt::Cut)? > 0 {
        settings.apply(&decode(line.trim_end())?);
        line.clear();
    }
    Ok(settings)
}

/// A change as a line such as `set 1f2e3d4c timeout 30`.
fn encode(change: &Change) -> String {
    match change {
        Change::Set { name, value } => format!("set {:08x} {name} {value}\n", check(name) as u32),
        Change::Remove { name } => format!("remove {:08x} {name}\n", check(name) as u32),
    }
}

fn decode(line: &str) -> Result<Change, Corrupt> {
    let mut words = line.splitn(4, ' ');
    let verb = words.next().ok_or(Corrupt::Verb)?;
    let sum = words.next().ok_or(Corrupt::Check)?;
    let name = words.next().ok_or(Corrupt::Name)?;
    if u32::from_str_radix(sum, 16).ok() != Some(check(name) as u32) {
        return Err(Corrupt::Check);
    }
    let name = name.to_owned();
    match (verb, words.next()) {
        ("set", Some(value)) => Ok(Change::Set {
            name,
            value: value.to_owned(),
        }),
        ("remove", None) => Ok(Change::Remove { name }),
        _ => Err(Corrupt::Verb),
    }
}

fn check(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
