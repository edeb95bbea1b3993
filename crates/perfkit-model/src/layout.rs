//! Layouts of types: what the compiler made of structures, enums, closures and futures.

use serde::{Deserialize, Serialize};

use crate::short_name::short_name;

/// The types of one or more binaries, each once, by name and then by size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypeTable {
    /// The types.
    pub types: Vec<TypeLayout>,
}

/// How one type lies in memory. All sizes are bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TypeLayout {
    /// With crate, modules and generic arguments: `ddsplit::story::DistriErr`, `async fn ddsplit::link::Link::load`.
    /// Several closures or blocks of one function share a name.
    pub name: String,
    /// Crate of its definition; empty for tuples.
    #[serde(rename = "crate")]
    pub krate: String,
    /// What it is.
    pub kind: TypeKind,
    /// Bytes of any value of it.
    pub size: u64,
    /// Alignment; 0 where debug info does not tell.
    pub align: u64,
    /// Bytes that no field, variant or tag ever uses.
    pub padding: u64,
    /// Where it is defined; for a future where its body starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Fields of a structure, tuple or union; captured variables of a closure; arguments of a future that was not
    /// polled yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Variants of an enum in their order; suspend points of a future in theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantLayout>,
    /// Whether the tag of an enum lives in values that a field never takes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub niche: bool,
}

/// What a type is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TypeKind {
    /// `struct`.
    #[default]
    Struct,
    /// A tuple.
    Tuple,
    /// `union`.
    Union,
    /// `enum`.
    Enum,
    /// A closure.
    Closure,
    /// The future of an `async fn`.
    AsyncFn,
    /// The future of an `async` block.
    AsyncBlock,
    /// The future of an `async` closure.
    AsyncClosure,
}

impl TypeKind {
    /// The word in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Struct => "struct",
            Self::Tuple => "tuple",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Closure => "closure",
            Self::AsyncFn => "async-fn",
            Self::AsyncBlock => "async-block",
            Self::AsyncClosure => "async-closure",
        }
    }

    /// Whether it is a state machine of the compiler.
    #[must_use]
    pub const fn is_future(self) -> bool {
        matches!(self, Self::AsyncFn | Self::AsyncBlock | Self::AsyncClosure)
    }
}

/// A field, a captured variable, or a value that is live across an await.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Field {
    /// Its name, `0` in a tuple; [`AWAITED`] for the future that is awaited.
    pub name: String,
    /// Its type's name, as in [`TypeLayout::name`].
    #[serde(rename = "type")]
    pub type_name: String,
    /// Where it starts.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// Where a local variable is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Name that the compiler gives the future behind an `.await`.
pub const AWAITED: &str = "__awaitee";

/// One variant of an enum, or one suspend point of a future.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct VariantLayout {
    /// `Corrupt`; `Suspend0` for the first await of a future.
    pub name: String,
    /// Bytes from the start of the type to the end of its last field, so a tag in front counts; 0 without fields.
    pub end: u64,
    /// Bytes that its fields take, those that overlap counted once.
    pub live: u64,
    /// Where the await is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its fields, or what is live across the await, each once; largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// A line of source.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// Relative to the workspace, or from its package's folder.
    pub file: String,
    /// From 1.
    pub line: u32,
}

impl TypeLayout {
    /// The name without modules and generic arguments: `DistriErr`.
    #[must_use]
    pub fn simple_name(&self) -> &str {
        let path = path(&self.name);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// The variant that needs most; of a future the suspend point with the most live bytes.
    #[must_use]
    pub fn fullest(&self) -> Option<&VariantLayout> {
        self.variants.iter().max_by_key(|variant| variant.live)
    }
}

impl TypeTable {
    /// The types of this name, smallest first.
    #[must_use]
    pub fn named(&self, name: &str) -> &[TypeLayout] {
        let start = self.types.partition_point(|ty| *ty.name < *name);
        let count = self.types[start..].partition_point(|ty| ty.name == name);
        &self.types[start..start + count]
    }

    /// Sorts and drops repetitions, as every table is to be.
    pub fn settle(&mut self) {
        // The whole layout decides at last: only neighbours are dropped, and the order must not depend on threads.
        self.types.sort_by(|left, right| {
            (&left.name, left.size, &left.place)
                .cmp(&(&right.name, right.size, &right.place))
                .then_with(|| left.cmp(right))
        });
        self.types.dedup();
    }
}

/// One step on the way from a large type down to what makes it large.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// How the type of the step before has it.
    pub part: Part,
    /// Name of the field, variable or variant; empty for an awaited future.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its bytes.
    pub size: u64,
    /// The await, or where the variable is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// How a type has a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A field of a structure, tuple or union.
    #[default]
    Field,
    /// A variant of an enum; the type is the enum's.
    Variant,
    /// The future behind an `.await`.
    Awaited,
    /// A variable that is live across an await, or an argument.
    Held,
    /// A variable that a closure captures.
    Captured,
}

/// What a type is made of: its parts, their parts, and so on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Piece {
    /// How it is called by what holds it; the type's name at the root. Empty for what nothing uses.
    pub name: String,
    /// Its type; empty for what nothing uses.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its bytes.
    pub size: u64,
    /// The await, or where the variable is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its parts, largest first; together they are as large as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Self>,
}

/// An argument of a future that has two places in it: where it was before the first poll, and where it is across an
/// await. rustc does not merge them (rust-lang/rust#62958).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeldTwice {
    /// The argument.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Bytes of its first place that nothing uses after the first poll.
    pub unused: u64,
    /// Where it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A variant that makes its enum larger than all others need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outlier {
    /// The variant.
    pub variant: String,
    /// Bytes it needs.
    pub size: u64,
    /// Bytes that the next largest needs.
    pub next: u64,
    /// Bytes of the enum with the variant's fields in a box.
    pub boxed: u64,
}

/// The path in a name, without what the type is and without arguments: `ddsplit::query::answer` of
/// `async fn ddsplit::query::answer<DistriErr>`.
#[must_use]
pub fn path(name: &str) -> &str {
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit(' ').next().unwrap_or(plain)
}

/// A name whose generic arguments are short: `ddsplit::query::Backlog<DistriQuery>`.
#[must_use]
pub fn with_short_arguments(name: &str) -> String {
    match name.find('<') {
        Some(at) if at > 0 => format!("{}{}", &name[..at], short_name(&name[at..])),
        _ => name.to_owned(),
    }
}
