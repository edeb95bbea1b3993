//! Files put together byte by byte, and processes of their own to read them in.

use object::write::Object;
use object::{Architecture, BinaryFormat, Endianness};

/// An ELF file for x86-64 without any section.
pub(crate) fn elf() -> Object<'static> {
    Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little)
}
