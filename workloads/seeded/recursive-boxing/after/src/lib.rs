//! Surveys a tree of folders that a store keeps in encoded form.

use tokio::sync::RwLock;

/// Encoded folders by number.
#[derive(Debug, Default)]
pub struct Store {
    folders: RwLock<Vec<Vec<u8>>>,
}

/// A decoded folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folder {
    /// Sizes of the files in it.
    pub files: Vec<u32>,
    /// Numbers of the folders in it.
    pub folders: Vec<u32>,
}

/// What a tree holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Folders, the root included.
    pub folders: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Over all folders in depth-first order.
    pub digest: u64,
}

impl Store {
    /// Keeps the folder and returns its number.
    pub async fn put(&self, folder: &Folder) -> u32 {
        let mut encoded = Vec::new();
        for numbers in [&folder.files, &folder.folders] {
            encode(&mut encoded, numbers.len() as u32);
            for number in numbers {
                encode(&mut encoded, *number);
            }
        }
        let mut folders = self.folders.write().await;
        folders.push(encoded);
        folders.len() as u32 - 1
    }

    /// Reads the folder of that number; an empty one where there is none.
    pub async fn load(&self, number: u32) -> Folder {
        let folders = self.folders.read().await;
        let encoded = folders.get(number as usize);
        let mut encoded = encoded.map_or(&[][..], Vec::as_slice);
        Folder {
            files: decode_list(&mut encoded),
            folders: decode_list(&mut encoded),
        }
    }
}

impl Survey {
    fn add(&mut self, number: u32, folder: &Folder) {
        self.folders += 1;
        self.files += folder.files.len() as u64;
        self.digest = mix(self.digest, number);
        for size in &folder.files {
            self.bytes += u64::from(*size);
            self.digest = mix(self.digest, *size);
        }
    }
}

/// Surveys the tree below the folder `root`.
pub async fn survey(store: &Store, root: u32) -> Survey {
    let mut survey = Survey::default();
    visit(store, root, &mut survey).await;
    survey
}

/// Calls itself for the folders in a folder, so that there is a place for what comes after them.
async fn visit(store: &Store, number: u32, survey: &mut Survey) {
    let folder = store.load(number).await;
    survey.add(number, &folder);
    for inner in folder.folders {
        Box::pin(visit(store, inner, survey)).await;
    }
}

/// FNV-1a over the bytes of a number.
fn mix(digest: u64, number: u32) -> u64 {
    let bytes = number.to_le_bytes();
    bytes.iter().fold(digest, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn encode(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn decode(encoded: &mut &[u8]) -> u32 {
    let mut number = 0;
    let mut shift = 0;
    while let Some((byte, rest)) = encoded.split_first() {
        *encoded = rest;
        number |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 || shift > 28 {
            break;
        }
    }
    number
}

fn decode_list(encoded: &mut &[u8]) -> Vec<u32> {
    let length = decode(encoded);
    (0..length).map(|_| decode(encoded)).collect()
}
