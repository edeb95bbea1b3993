//! What other metrics of the same line say about a cause.
//!
//! A copy's stack names the type and an allocation's stack names the container, so the line they share
//! tells `Vec<Query>::push` from two halves. Sharing a line is evidence and no proof, so what is put
//! together here is always called likely.

use std::collections::BTreeMap;

use perfkit_model::comparison::MovedType;
use perfkit_model::stacks::Stacks;

use crate::causes::Carrier;
use crate::causes::site::{self, Site, SiteType};
use perfkit_model::short_name::short_name;

/// The standard library's function between the user's and the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Through {
    /// It is in the stack.
    Seen(String),
    /// It is put together from stacks that share a line.
    Likely(String),
}

/// What copies and allocations say about each line of the head.
pub(crate) struct Evidence<'a> {
    types: BTreeMap<Place<'a>, SiteType<'a>>,
    growing: BTreeMap<Place<'a>, String>,
}

/// Function, file, line.
type Place<'a> = (&'a str, &'a str, u32);

/// Containers of one type whose buffer grows.
const CONTAINERS: [&str; 3] = ["Vec", "VecDeque", "BinaryHeap"];

/// Methods that make a buffer grow.
const GROWING: [&str; 6] = [
    "::push",
    "::extend",
    "::reserve",
    "::grow",
    "::insert",
    "::write",
];

impl Through {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Seen(name) | Self::Likely(name) => name,
        }
    }

    /// Whether a buffer grows there.
    pub(crate) fn grows(&self) -> bool {
        GROWING.iter().any(|method| self.name().contains(method))
    }

    /// Whether it names the container's type.
    pub(crate) fn is_typed(&self) -> bool {
        self.name().contains('<')
    }
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(stacks: &'a Stacks) -> Self {
        let mut types: BTreeMap<Place<'a>, SiteType<'a>> = BTreeMap::new();
        for node in nodes(stacks, "memcpy.bytes") {
            let site = site::site(&stacks.path(node));
            if let Some(ty) = site.ty {
                types
                    .entry(place(&site))
                    .and_modify(|largest| {
                        if (ty.size, largest.name) > (largest.size, ty.name) {
                            *largest = ty;
                        }
                    })
                    .or_insert(ty);
            }
        }
        let mut growing = BTreeMap::new();
        for node in nodes(stacks, "heap.allocs") {
            let path = stacks.path(node);
            if let Some(frame) = site::through(&path) {
                let name = short_name(&frame.name);
                if Through::Seen(name.clone()).grows() {
                    growing.entry(place(&site::site(&path))).or_insert(name);
                }
            }
        }
        Self { types, growing }
    }

    /// Adds what this line's other metrics say.
    pub(crate) fn complete(&self, carrier: Carrier, site: &Site<'a>, metric: &str) -> Carrier {
        let place = place(site);
        let moved_here = match metric.split_once('.') {
            Some(("heap", _)) => self.types.get(&place).map(moved_type),
            _ => None,
        };
        let ty = carrier.cause.ty.as_ref().or(moved_here.as_ref());
        let through = match (&carrier.through, ty) {
            (Some(Through::Seen(name)), Some(ty)) => typed(name, ty),
            (None, Some(ty)) if carrier.cause.ty.is_some() => {
                self.growing.get(&place).and_then(|name| typed(name, ty))
            }
            _ => None,
        };
        Carrier {
            through: through.map(Through::Likely).or(carrier.through),
            moved_here,
            ..carrier
        }
    }
}

/// The type as findings carry it.
pub(crate) fn moved_type(ty: &SiteType<'_>) -> MovedType {
    MovedType {
        name: ty.name.to_owned(),
        size: ty.size,
        way: ty.way.into(),
    }
}

fn nodes<'a>(stacks: &'a Stacks, metric: &str) -> impl Iterator<Item = u32> + 'a {
    let column = stacks.column(metric);
    column
        .into_iter()
        .flat_map(|column| &column.weights)
        .map(|(node, _)| *node)
}

fn place<'a>(site: &Site<'a>) -> Place<'a> {
    (site.function, site.file, site.line)
}

/// `Vec<Query>::push` from `Vec::push` and the type that is moved on the same line.
fn typed(through: &str, ty: &MovedType) -> Option<String> {
    let (container, method) = through.split_once("::")?;
    CONTAINERS
        .contains(&container)
        .then(|| format!("{container}<{}>::{method}", short_name(&ty.name)))
}
