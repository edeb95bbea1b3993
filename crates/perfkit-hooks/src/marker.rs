//! Tells the command line from outside that a binary was built with perfkit, and with which version.

/// Version of the request and part files that the command line and a perfkit binary exchange.
pub const PROTOCOL: u32 = 1;

/// Name of the section that holds the marker: `.note.perfkit` in ELF files, `__DATA,__perfkit` in Mach-O files.
///
/// The section is a well-formed ELF note: a 12-byte header, the name `perfkit\0`, then the text of [`TEXT`] and a
/// NUL. A reader searches the section for `perfkit\0` and takes what follows, up to the next NUL, as JSON.
pub const SECTION: &str = if cfg!(target_vendor = "apple") {
    "__DATA,__perfkit"
} else {
    ".note.perfkit"
};

/// The JSON text in the marker: the protocol number and the version of perfkit, which all its crates share.
pub const TEXT: &str = concat!(
    "{\"protocol\":1,\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\"}"
);

// The text above spells the number out, since `concat!` takes literals only.
const _: () = assert!(PROTOCOL == 1);

/// Length of the description, padded to the four bytes that notes are aligned to, with at least one NUL.
const DESCRIPTION: usize = (TEXT.len() + 4) / 4 * 4;

/// An ELF note. Linkers gather `.note.*` sections into a segment that the loader and build-id readers walk, so
/// anything but a well-formed note would hide the notes behind it.
#[repr(C, align(4))]
struct Note {
    name_size: u32,
    description_size: u32,
    kind: u32,
    name: [u8; 8],
    description: [u8; DESCRIPTION],
}

#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__perfkit"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".note.perfkit"))]
static MARKER: Note = Note {
    name_size: 8,
    description_size: DESCRIPTION as u32,
    kind: 1,
    name: *b"perfkit\0",
    description: padded(TEXT),
};

const fn padded(text: &str) -> [u8; DESCRIPTION] {
    let mut bytes = [0; DESCRIPTION];
    let mut index = 0;
    while index < text.len() {
        bytes[index] = text.as_bytes()[index];
        index += 1;
    }
    bytes
}

/// Makes the linker keep the marker: call it once on a path that every benchmark binary has.
pub fn keep() {
    // SAFETY: the pointer comes from a reference. A volatile read cannot be folded away, so that the object file
    // with the marker is taken from its archive.
    unsafe { std::ptr::read_volatile(&raw const MARKER.kind) };
}
