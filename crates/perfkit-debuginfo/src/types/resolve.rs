//! Layouts out of what units say: sizes of fields looked up, live bytes and padding counted.
//!
//! Names stay as debug info spells them; see [`crate::names::qualified`].

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

use perfkit_model::intervals::Intervals;
use perfkit_model::layout::{Field, Place, TypeKind, TypeLayout, VariantLayout};

use super::room::{LONGEST_NAME, Room};
use super::unit::{Entry, EntryKind, Member, RawUnit, Role, Text};

/// Arrays of arrays, aliases of aliases, namespaces in namespaces: real ones are a few levels deep, cyclic ones are
/// damage.
pub(super) const DEEPEST: usize = 64;

/// Units that types are looked up in, by their start.
pub(super) struct Units<'r, 'u>(pub(super) &'r [RawUnit<'u>]);

/// What makes layouts of entries.
pub(super) struct Resolver<'r, 'u> {
    pub(super) units: Units<'r, 'u>,
    /// Fewest bytes of a type that is no future.
    pub(super) least: u64,
    /// Types that were made already: most are in many units.
    pub(super) seen: HashSet<u64>,
    pub(super) hashes: RandomState,
    pub(super) room: Cell<Room>,
}

impl<'r, 'u> Units<'r, 'u> {
    fn find(&self, offset: u64) -> Option<(&'r RawUnit<'u>, &'r Entry<'u>)> {
        let after = self.0.partition_point(|unit| unit.start <= offset);
        let unit = &self.0[after.checked_sub(1)?];
        let index = unit
            .entries
            .binary_search_by_key(&offset, |entry| entry.offset)
            .ok()?;
        Some((unit, &unit.entries[index]))
    }

    fn size(&self, offset: u64) -> Option<u64> {
        // Several dimensions multiply; so do arrays of arrays.
        let mut factor: u64 = 1;
        let mut at = offset;
        for _ in 0..DEEPEST {
            let (unit, entry) = self.find(at)?;
            let own = match entry.kind {
                EntryKind::Pointer => entry.size.or(Some(unit.address_size)),
                _ => entry.size,
            };
            if let Some(size) = own {
                return size.checked_mul(factor);
            }
            if entry.kind == EntryKind::Array {
                factor = factor.checked_mul(entry.count)?;
            }
            at = entry.target?;
        }
        None
    }

    /// As debug info spells it, with modules.
    fn name(&self, offset: u64) -> String {
        self.name_within(offset, DEEPEST)
    }

    fn name_within(&self, offset: u64, depth: usize) -> String {
        let Some((unit, entry)) = self.find(offset).filter(|_| depth > 0) else {
            return String::new();
        };
        match entry.kind {
            EntryKind::Array => {
                let element = entry
                    .target
                    .map_or_else(String::new, |target| self.name_within(target, depth - 1));
                format!("[{element}; {}]", entry.count)
            }
            EntryKind::Pointer | EntryKind::Base => text(entry.name),
            EntryKind::Alias if entry.name.is_empty() => entry
                .target
                .map_or_else(String::new, |target| self.name_within(target, depth - 1)),
            _ => path(unit, entry),
        }
    }
}

impl<'u> Resolver<'_, 'u> {
    /// Hands the layouts of this unit's types that were not seen before to `each`.
    pub(super) fn layouts(
        &mut self,
        unit: &RawUnit<'u>,
        file: &mut dyn FnMut(u64) -> String,
        mut each: impl FnMut(TypeLayout),
    ) {
        for entry in &unit.entries {
            let Some(size) = entry.size else { continue };
            let composed = matches!(
                entry.kind,
                EntryKind::Struct | EntryKind::Union | EntryKind::Variants
            );
            let is_body = entry.name.starts_with("{");
            if !composed || (size < self.least && !is_body) || is_variant(unit, entry) {
                continue;
            }
            // The table of a trait's methods is no type of anybody's.
            if entry.name.starts_with("{vtable_type}") {
                continue;
            }
            let kind = kind(entry);
            if size < self.least && !kind.is_future() {
                continue;
            }
            if !self.seen.insert(self.fingerprint(unit, entry)) {
                continue;
            }
            if self.room.get().is_full() {
                return;
            }
            each(self.layout(unit, entry, kind, size, file));
        }
    }

    /// Of what makes a type the same type in two units: path, size, and where its members are.
    fn fingerprint(&self, unit: &RawUnit<'u>, entry: &Entry<'u>) -> u64 {
        let mut hasher = self.hashes.build_hasher();
        let mut around = Some(entry);
        for _ in 0..DEEPEST {
            let Some(entry) = around else { break };
            entry.name.identify(&mut hasher);
            around = parent(unit, entry);
        }
        entry.size.hash(&mut hasher);
        for member in members(unit, entry) {
            member.name.identify(&mut hasher);
            member.offset.hash(&mut hasher);
            // Places of awaits tell two blocks of one function apart.
            member.place.1.hash(&mut hasher);
        }
        hasher.finish()
    }

    fn layout(
        &self,
        unit: &RawUnit<'u>,
        entry: &Entry<'u>,
        kind: TypeKind,
        size: u64,
        file: &mut dyn FnMut(u64) -> String,
    ) -> TypeLayout {
        let mut used = Intervals::default();
        let mut tag = None;
        let mut fields = Vec::new();
        let mut variants = Vec::new();
        let mut first_place = None;
        let mut taken = HashSet::new();
        for member in members(unit, entry) {
            match member.role {
                Role::Field => fields.extend(self.field(member)),
                Role::Tag => tag = self.field(member),
                Role::Variant => {
                    // Each has a structure of its own. What is shared, as only in a damaged file, would be
                    // read as often as it is named.
                    let structure = member.target.and_then(|target| self.units.find(target));
                    let structure = structure.filter(|(around, own)| {
                        parent(around, own).is_some_and(|parent| std::ptr::eq(parent, entry))
                            && taken.insert(own.offset)
                    });
                    let variant = self.variant(member, structure, kind, size, file);
                    first_place = first_place.or_else(|| variant.place.clone());
                    variants.extend(Some(variant));
                }
            }
        }
        if kind.is_future() {
            // The three states without a value: before the first poll, after the last, and after a panic.
            let unresumed = variants.iter().position(|one| one.name == "Unresumed");
            if let Some(index) = unresumed {
                fields = variants[index].fields.clone();
                first_place = variants[index].place.clone();
            }
            variants.retain(|one| one.name.starts_with("Suspend"));
        }
        let mut dataful = Intervals::default();
        for field in fields
            .iter()
            .chain(variants.iter().flat_map(|one| &one.fields))
        {
            used.add(field.offset, field.size);
            dataful.add(field.offset, field.size);
        }
        let mut niche = false;
        if let Some(tag) = &tag {
            niche = dataful.contains(tag.offset, tag.size);
            used.add(tag.offset, tag.size);
        }
        let name = path(unit, entry);
        let bytes = variants.iter().map(|one| size_of_val(one) + one.name.len());
        self.take(size_of::<TypeLayout>() + name.len() + bytes.sum::<usize>());
        TypeLayout {
            name,
            krate: String::new(),
            kind,
            size,
            align: entry.align,
            padding: size.saturating_sub(used.bytes()),
            place: first_place.filter(|_| kind.is_future()),
            fields,
            variants,
            niche: niche && kind == TypeKind::Enum,
        }
    }

    /// A variant's member names the structure that holds its fields.
    fn variant(
        &self,
        member: &Member<'u>,
        structure: Option<(&RawUnit<'u>, &Entry<'u>)>,
        kind: TypeKind,
        size: u64,
        file: &mut dyn FnMut(u64) -> String,
    ) -> VariantLayout {
        let (mut fields, mut name) = (Vec::new(), text(member.name));
        if let Some((unit, structure)) = structure {
            name = text(structure.name);
            for field in members(unit, structure)
                .iter()
                .filter(|one| one.role == Role::Field)
            {
                fields.extend(self.field(field).map(|field| Field {
                    offset: field.offset.saturating_add(member.offset),
                    ..field
                }));
            }
        }
        // A variable that is captured and still live is listed twice.
        fields.sort_by(|left: &Field, right| {
            (right.size.cmp(&left.size))
                .then(left.offset.cmp(&right.offset))
                .then_with(|| left.name.cmp(&right.name))
        });
        fields.dedup();
        let mut live = Intervals::default();
        for field in &fields {
            live.add(field.offset, field.size);
        }
        let end = fields.iter().filter(|field| field.size > 0);
        let end = end
            .map(|field| field.offset.saturating_add(field.size))
            .max();
        VariantLayout {
            name,
            end: end.unwrap_or(0).min(size),
            live: live.bytes(),
            place: kind
                .is_future()
                .then(|| place(member.place, file))
                .flatten(),
            fields,
        }
    }

    /// `None` where the field's size is not known.
    fn field(&self, member: &Member<'u>) -> Option<Field> {
        let target = member.target?;
        let size = self.units.size(target)?;
        if self.room.get().is_full() {
            return None;
        }
        let field = Field {
            name: text(member.name),
            type_name: self.units.name(target),
            offset: member.offset,
            size,
            place: None,
        };
        let bytes = size_of::<Field>() + field.name.len() + field.type_name.len();
        self.take(bytes).then_some(field)
    }

    fn take(&self, bytes: usize) -> bool {
        let mut room = self.room.get();
        let fits = room.take(bytes);
        self.room.set(room);
        fits
    }
}

/// What the name and the parts of an entry say.
fn kind(entry: &Entry<'_>) -> TypeKind {
    let rows: [(&str, TypeKind); 7] = [
        ("{async_fn_env#", TypeKind::AsyncFn),
        ("{async_block_env#", TypeKind::AsyncBlock),
        ("{async_closure_env#", TypeKind::AsyncClosure),
        ("{async_gen", TypeKind::AsyncBlock),
        ("{gen_", TypeKind::AsyncBlock),
        ("{coroutine_env#", TypeKind::AsyncBlock),
        ("{closure_env#", TypeKind::Closure),
    ];
    let named = rows.iter().find(|(start, _)| entry.name.starts_with(start));
    match (named, entry.kind) {
        // An async closure that was not called yet is a plain closure.
        (Some((_, kind)), EntryKind::Struct) if kind.is_future() => TypeKind::Closure,
        (Some((_, kind)), _) => *kind,
        (None, EntryKind::Union) => TypeKind::Union,
        (None, EntryKind::Variants) => TypeKind::Enum,
        (None, _) if entry.name.starts_with("(") => TypeKind::Tuple,
        (None, _) => TypeKind::Struct,
    }
}

fn members<'r, 'u>(unit: &'r RawUnit<'u>, entry: &Entry<'u>) -> &'r [Member<'u>] {
    let (start, end) = entry.members;
    unit.members
        .get(start as usize..end as usize)
        .unwrap_or_default()
}

fn parent<'r, 'u>(unit: &'r RawUnit<'u>, entry: &Entry<'u>) -> Option<&'r Entry<'u>> {
    unit.entries.get(entry.parent? as usize)
}

/// The fields of a variant are a structure inside the enum's.
fn is_variant(unit: &RawUnit<'_>, entry: &Entry<'_>) -> bool {
    parent(unit, entry).is_some_and(|parent| parent.kind != EntryKind::Namespace)
}

/// With the modules around it.
pub(super) fn path(unit: &RawUnit<'_>, entry: &Entry<'_>) -> String {
    let mut names = Vec::new();
    let mut around = Some(entry);
    let mut bytes = 0;
    for _ in 0..DEEPEST {
        let Some(entry) = around.filter(|_| bytes < LONGEST_NAME) else {
            break;
        };
        let name = entry.name.read();
        bytes += name.len();
        names.push(name);
        around = parent(unit, entry);
    }
    names.reverse();
    names.join("::")
}

pub(super) fn place(
    (file_index, line): (u64, u32),
    file: &mut dyn FnMut(u64) -> String,
) -> Option<Place> {
    (line > 0).then(|| Place {
        file: file(file_index),
        line,
    })
}

fn text(text: Text<'_>) -> String {
    text.read().into_owned()
}
