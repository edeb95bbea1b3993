//! What the functions that poll futures and run closures tell about them: where their variables are declared, and
//! for which type an `impl` block is.

use std::collections::{HashMap, HashSet};

use perfkit_model::layout::{AWAITED, Field, Place, TypeLayout};

use super::resolve::{DEEPEST, path, place};
use super::room::Room;
use super::unit::{Body, RawUnit};
use crate::names::{self, Facts};

/// Facts of all units.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// By the body's path without generic arguments: name and place of each variable.
    variables: HashMap<String, Vec<(String, Place)>>,
    /// `ddsplit::link::{impl#1}` is for `ddsplit::link::Link`.
    impls: HashMap<String, String>,
    /// Paths of async closures, which debug info tells by their bodies alone.
    async_closures: HashSet<String>,
}

/// Variables kept of one body; more is damage, or nobody's to read.
const MOST_VARIABLES: usize = 4_096;
/// Bytes of the name that stands for an `impl` block: a single name may have its number in it a thousand times.
const LONGEST_IMPLEMENTOR: usize = 2_048;

impl Bodies {
    pub(super) fn collect(
        &mut self,
        unit: &RawUnit<'_>,
        room: &mut Room,
        file: &mut dyn FnMut(u64) -> String,
    ) {
        let mut known_parents = HashSet::new();
        for body in &unit.bodies {
            // Closures of the standard library are many, and nobody asks for their variables.
            let is_future = body.name.starts_with("{async") || body.name.starts_with("{coroutine");
            let is_wanted = is_future || !is_of_std(unit, body);
            if !is_wanted && !known_parents.insert(body.parent) {
                continue;
            }
            let around = body
                .parent
                .and_then(|parent| unit.entries.get(parent as usize));
            let Some(around) = around.map(|around| path(unit, around)) else {
                continue;
            };
            self.note_impl(&around, body, room);
            if !is_wanted {
                continue;
            }
            if body.name.starts_with("{async_closure") {
                self.async_closures.insert(around.clone());
            }
            let (start, end) = body.locals;
            let locals = unit.locals.get(start as usize..end as usize);
            let key = format!("{around}::{}", without_arguments(&body.name.read()));
            if !room.take(key.len()) {
                return;
            }
            let variables = self.variables.entry(key).or_default();
            for local in locals.unwrap_or_default() {
                if variables.len() >= MOST_VARIABLES {
                    break;
                }
                let name = local.name.read();
                let is_known = variables
                    .iter()
                    .any(|(known, place)| *known == name && place.line == local.place.1);
                if is_known {
                    continue;
                }
                let place = place(local.place, file);
                let place = place.filter(|place| room.take(name.len() + place.file.len()));
                variables.extend(place.map(|place| (name.into_owned(), place)));
            }
        }
    }

    /// Adds what another thread has collected.
    pub(super) fn merge(&mut self, other: Self) {
        for (key, variables) in other.variables {
            let own = self.variables.entry(key).or_default();
            for variable in variables {
                if !own.contains(&variable) {
                    own.push(variable);
                }
            }
        }
        for (block, own) in other.impls {
            // Whichever thread was first: the same answer in every run.
            let known = self.impls.entry(block).or_insert_with(|| own.clone());
            if own < *known {
                *known = own;
            }
        }
        self.async_closures.extend(other.async_closures);
    }

    /// Brings what threads have found in any order into one.
    pub(super) fn settle(&mut self) {
        self.variables.values_mut().for_each(|own| own.sort());
    }

    fn note_impl(&mut self, around: &str, body: &Body<'_>, room: &mut Room) {
        let Some(block) = impl_block(around) else {
            return;
        };
        if self.impls.contains_key(block) {
            return;
        }
        let symbol = body.linkage_name.read();
        let Some(demangled) = names::demangle(&symbol) else {
            return;
        };
        let krate = names::defining_crate(&symbol);
        let arguments = names::arguments(&body.name.read());
        let own = names::implementor(&demangled, krate, &arguments);
        let own = own.filter(|own| own.len() <= LONGEST_IMPLEMENTOR);
        if let Some(own) = own.filter(|own| room.take(block.len() + own.len())) {
            self.impls.insert(block.to_owned(), own);
        }
    }

    /// Adds the lines on which variables are declared to a closure or future, whose name is still that of debug info.
    pub(super) fn locate(&self, layout: &mut TypeLayout) {
        let key = without_arguments(&layout.name).replace("_env#", "#");
        let variables = self.variables.get(&key).map_or(&[][..], Vec::as_slice);
        for field in &mut layout.fields {
            let mut named = variables.iter().filter(|(name, _)| is_called(field, name));
            field.place = named.next().map(|(_, place)| place.clone());
        }
        for variant in &mut layout.variants {
            let await_line = variant.place.as_ref().map_or(u32::MAX, |place| place.line);
            for field in variant
                .fields
                .iter_mut()
                .filter(|field| field.name != AWAITED)
            {
                let named = variables.iter().filter(|(name, _)| is_called(field, name));
                // A name may be used again further down: the last declaration before the await is meant.
                let place = named.map(|(_, place)| place).min_by_key(|place| {
                    let is_later = place.line > await_line;
                    (is_later, await_line.abs_diff(place.line))
                });
                field.place = place.cloned();
            }
            // An await inside a macro of another crate has its line there, which helps nobody.
            if let (Some(await_place), Some(own)) = (&mut variant.place, &layout.place)
                && await_place.file != own.file
            {
                *await_place = own.clone();
            }
        }
    }
}

impl Facts for Bodies {
    fn implementor(&self, block: &str) -> Option<&str> {
        self.impls.get(block).map(String::as_str)
    }

    fn is_async_closure(&self, path: &str) -> bool {
        self.async_closures.contains(path)
    }
}

/// A variable that is captured by reference is a field with another name.
fn is_called(field: &Field, variable: &str) -> bool {
    field.name == variable || field.name.strip_prefix("_ref__") == Some(variable)
}

fn is_of_std(unit: &RawUnit<'_>, body: &Body<'_>) -> bool {
    let mut around = body.parent;
    let mut root = None;
    for _ in 0..DEEPEST {
        let Some(entry) = around.and_then(|index| unit.entries.get(index as usize)) else {
            break;
        };
        root = Some(entry);
        around = entry.parent;
    }
    root.is_some_and(|root| ["core", "alloc", "std"].contains(&&*root.name.read()))
}

/// The path of an `impl` block that a path begins with.
fn impl_block(path: &str) -> Option<&str> {
    let start = path.find("{impl#")?;
    let end = start + path[start..].find('}')? + 1;
    Some(&path[..end])
}

/// A path up to the generic arguments of its last segment; no other segment has any in debug info.
fn without_arguments(path: &str) -> &str {
    path.split('<').next().unwrap_or(path)
}
