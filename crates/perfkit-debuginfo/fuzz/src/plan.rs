//! What the fuzzer makes up: a plan of debug info that no compiler writes.
//!
//! A mutated file is damaged nearly everywhere before its parts say anything new together. A plan is always a well-formed
//! file, and a few bytes of it are a thousand entries, a cycle or a name of many kilobytes.

use gimli::write::{AttributeValue, Expression};
use gimli::{DwAt, DwTag, SectionId};
use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// Bytes that the names of a plan may come to.
pub(crate) const MOST_BYTES: usize = 256 << 10;

/// What to build.
#[derive(Debug, Arbitrary)]
pub struct Plan<'a> {
    pub(crate) is_version_5: bool,
    pub(crate) is_64_bit: bool,
    pub(crate) steps: Vec<Step<'a>>,
    /// How often `.debug_info` is there, so that many units share what they refer to.
    pub(crate) copies: Times,
    /// Bytes to overwrite in a section, at last.
    pub(crate) damage: Vec<(Damaged, u16, u8)>,
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Step<'a> {
    /// What follows belongs to a new unit.
    Unit { files: Times },
    /// Adds entries to the innermost open one.
    Entries {
        tag: Tag,
        attributes: Vec<Attribute<'a>>,
        times: Times,
        /// Each is inside of the one before, and the last stays open.
        are_nested: bool,
    },
    /// Closes that many entries.
    Close(u8),
    /// Adds functions to the table of symbols.
    Functions {
        name: Name<'a>,
        address: Number,
        size: Number,
        times: Times,
    },
}

/// Once, or a power of two.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) struct Times(u8);

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Damaged {
    Info,
    Abbreviations,
    Lines,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Tag {
    Namespace,
    Structure,
    Union,
    Enumeration,
    Member,
    Base,
    Pointer,
    Array,
    Subrange,
    Typedef,
    VariantPart,
    Variant,
    Subprogram,
    Inlined,
    Block,
    Variable,
    Parameter,
    /// One that no reader asks for.
    Label,
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Attribute<'a> {
    Name(Name<'a>),
    LinkageName(Name<'a>),
    Number(Numeric, Number),
    Reference(Referring, Target),
    Artificial,
    /// Functions lie at multiples of 16.
    Code {
        at: u8,
        length: Number,
    },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Numeric {
    Size,
    Alignment,
    Location,
    Count,
    UpperBound,
    File,
    Line,
    CallFile,
    CallLine,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Referring {
    Type,
    Origin,
    Specification,
}

/// A word or a text, repeated.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) struct Name<'a> {
    /// Among the entries, and not in the table of strings.
    pub(crate) is_inline: bool,
    word: u8,
    text: Option<&'a str>,
    times: Times,
    end: Option<u8>,
}

/// An entry, by the order in which they are added.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Target {
    /// Counted from the one that refers; itself with 0.
    Near(i8),
    Any(u16),
    InUnit(u8, u16),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Number {
    Small(u8),
    Medium(u16),
    Large(u64),
    Most,
    Negative(i8),
    /// The number of the entry: another abbreviation for each.
    Implicit,
    Expression(u8),
}

/// What names are made of: all that readers look for, and what opens or closes something.
const WORDS: [&str; 32] = [
    "u8",
    "A<",
    ">",
    "::",
    ", ",
    "(",
    ")",
    "{",
    "}",
    "<A as ",
    "\"",
    "{async_fn_env#0}",
    "{async_block_env#0}",
    "{async_fn#0}",
    "{async_closure#0}",
    "{closure_env#0}",
    "{closure#0}",
    "{coroutine#0}",
    "{impl#0}",
    "{impl#1}",
    "Suspend0",
    "Unresumed",
    "__awaitee",
    "_ref__",
    "a",
    "core",
    "std",
    "dyn ",
    "->",
    "_RNvC1a1b",
    "_RNvMC1aNtB2_1b1c",
    "_ZN1a1b17h0123456789abcdefE",
];

impl Times {
    /// Large ones are rare, or nearly every plan would be one.
    pub(crate) fn number(self) -> usize {
        1 << (self.0.saturating_sub(160) % 15)
    }
}

impl Damaged {
    pub(crate) fn section(self) -> SectionId {
        match self {
            Self::Info => SectionId::DebugInfo,
            Self::Abbreviations => SectionId::DebugAbbrev,
            Self::Lines => SectionId::DebugLine,
        }
    }
}

impl Tag {
    pub(crate) fn dwarf(self) -> DwTag {
        match self {
            Self::Namespace => gimli::DW_TAG_namespace,
            Self::Structure => gimli::DW_TAG_structure_type,
            Self::Union => gimli::DW_TAG_union_type,
            Self::Enumeration => gimli::DW_TAG_enumeration_type,
            Self::Member => gimli::DW_TAG_member,
            Self::Base => gimli::DW_TAG_base_type,
            Self::Pointer => gimli::DW_TAG_pointer_type,
            Self::Array => gimli::DW_TAG_array_type,
            Self::Subrange => gimli::DW_TAG_subrange_type,
            Self::Typedef => gimli::DW_TAG_typedef,
            Self::VariantPart => gimli::DW_TAG_variant_part,
            Self::Variant => gimli::DW_TAG_variant,
            Self::Subprogram => gimli::DW_TAG_subprogram,
            Self::Inlined => gimli::DW_TAG_inlined_subroutine,
            Self::Block => gimli::DW_TAG_lexical_block,
            Self::Variable => gimli::DW_TAG_variable,
            Self::Parameter => gimli::DW_TAG_formal_parameter,
            Self::Label => gimli::DW_TAG_label,
        }
    }
}

impl Numeric {
    pub(crate) fn dwarf(self) -> DwAt {
        match self {
            Self::Size => gimli::DW_AT_byte_size,
            Self::Alignment => gimli::DW_AT_alignment,
            Self::Location => gimli::DW_AT_data_member_location,
            Self::Count => gimli::DW_AT_count,
            Self::UpperBound => gimli::DW_AT_upper_bound,
            Self::File => gimli::DW_AT_decl_file,
            Self::Line => gimli::DW_AT_decl_line,
            Self::CallFile => gimli::DW_AT_call_file,
            Self::CallLine => gimli::DW_AT_call_line,
        }
    }
}

impl Referring {
    pub(crate) fn dwarf(self) -> DwAt {
        match self {
            Self::Type => gimli::DW_AT_type,
            Self::Origin => gimli::DW_AT_abstract_origin,
            Self::Specification => gimli::DW_AT_specification,
        }
    }
}

impl Name<'_> {
    pub(crate) fn text(&self) -> String {
        let word = |index: u8| WORDS[usize::from(index) % WORDS.len()];
        // A NUL would end the name, and gimli does not write one.
        let text = self.text.unwrap_or(word(self.word)).replace('\0', "0");
        let times = self.times.number().min(MOST_BYTES / (text.len() + 1));
        text.repeat(times) + self.end.map_or("", word)
    }
}

impl Number {
    /// For the entry of this number.
    pub(crate) fn value(self, entry: usize) -> u64 {
        match self {
            Self::Small(number) => u64::from(number),
            Self::Medium(number) => u64::from(number),
            Self::Large(number) => number,
            Self::Most => u64::MAX,
            Self::Negative(number) => number as u64,
            Self::Implicit | Self::Expression(_) => entry as u64,
        }
    }

    pub(crate) fn attribute(self, entry: usize, is_version_5: bool) -> AttributeValue {
        match self {
            Self::Small(number) => AttributeValue::Data1(number),
            Self::Negative(number) => AttributeValue::Sdata(i64::from(number)),
            Self::Implicit if is_version_5 => AttributeValue::ImplicitConst(entry as i64),
            Self::Expression(byte) => AttributeValue::Exprloc(Expression::raw(vec![byte])),
            _ => AttributeValue::Udata(self.value(entry)),
        }
    }
}
