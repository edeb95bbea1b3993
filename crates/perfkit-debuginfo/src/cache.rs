//! Resolved addresses for storing: the next run of the same build opens no file.

use std::collections::BTreeMap;

use perfkit_model::layout::TypeLayout;
use serde::{Deserialize, Serialize};

use crate::code::Code;

/// Bumped whenever names, files or roles are formed differently; a cache of another version is ignored.
pub const VERSION: u32 = 6;

/// What addresses of known builds stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolCache {
    /// [`VERSION`] of the writer.
    pub version: u32,
    /// Folder of the workspace that source paths are relative to.
    pub root: String,
    /// Distinct code, referred to by index.
    pub codes: Vec<Code>,
    /// By build id, ascending by address.
    pub modules: BTreeMap<String, Vec<CachedAddress>>,
    /// Large enums by build id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enums: BTreeMap<String, Vec<TypeLayout>>,
}

/// One looked-up address of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CachedAddress {
    /// Address in the file, as looked up: one less than a return address.
    pub at: u64,
    /// What it stands for, innermost first; indices into [`SymbolCache::codes`].
    pub codes: Vec<u32>,
    /// Function around it, where only that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<(u64, u64)>,
    /// Whether the instruction before it enters the kernel.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub after_system_call: bool,
}
