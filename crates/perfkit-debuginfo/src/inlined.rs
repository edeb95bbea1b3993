//! Addresses to inline frames: addr2line's answers, with the `DW_AT_name` of every level beside them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use addr2line::Context;
use gimli::{
    AbbreviationsCacheStrategy, AttributeValue, DebugInfoOffset, Dwarf, EndianSlice, RunTimeEndian,
    SectionId, Unit, UnitOffset,
};
use object::Object;
use self_cell::self_cell;

use crate::bounds::{Bounds, Damage};
use crate::image::Image;

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Chains of abstract origins and specifications are two long; more is a damaged file.
const LONGEST_CHAIN: usize = 8;

self_cell!(
    /// A binary with its debug info parsed as far as it was asked for.
    pub(crate) struct Binary {
        owner: Image,
        #[not_covariant]
        dependent: Inlined,
    }
);

/// The debug info of a binary. Units are parsed on first use.
pub(crate) struct Inlined<'a> {
    context: Result<Context<Slice<'a>>, Damage>,
    /// For names across units, as link-time optimisation makes them.
    dwarf: Arc<Dwarf<Slice<'a>>>,
    bounds: Bounds,
    survey: Survey,
    headers: Vec<gimli::UnitHeader<Slice<'a>>>,
    units: RefCell<HashMap<usize, Option<Rc<Unit<Slice<'a>>>>>>,
    names: RefCell<HashMap<usize, Option<Slice<'a>>>>,
}

/// What the compilation units of a binary say about how it was built.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    /// Names of Rust crates with debug info of their own.
    pub(crate) crates: BTreeSet<String>,
    /// Whether some unit's debug info lies in another file.
    pub(crate) split: bool,
}

/// One level, innermost first. Borrowed only for the call.
pub(crate) struct Level<'a> {
    pub(crate) symbol: Option<Cow<'a, str>>,
    pub(crate) debug_name: Option<Cow<'a, str>>,
    pub(crate) file: Option<&'a str>,
    pub(crate) line: u32,
}

impl Binary {
    pub(crate) fn parse(image: Image) -> Self {
        Self::new(image, |image| Inlined::parse(image))
    }

    pub(crate) fn image(&self) -> &Image {
        self.borrow_owner()
    }

    pub(crate) fn survey(&self) -> Survey {
        self.with_dependent(|_, inlined| inlined.survey.clone())
    }

    /// Hands every level of an address to `each`, innermost first. Returns what was wrong with the debug info.
    pub(crate) fn levels(&self, address: u64, each: impl FnMut(Level<'_>)) -> Result<(), Damage> {
        self.with_dependent(|image, inlined| inlined.levels(image, address, each))
    }
}

impl Survey {
    fn note(&mut self, unit: &Unit<Slice<'_>>) {
        self.split |= unit.dwo_id.is_some();
        // rustc names a unit `src/main.rs/@/crate.hash-cgu.0`.
        let name = unit.name.map(|name| name.to_string_lossy());
        let krate = name
            .as_deref()
            .and_then(|name| name.split_once("/@/")?.1.split('.').next());
        self.crates.extend(krate.map(str::to_owned));
    }
}

impl<'a> Inlined<'a> {
    fn parse(image: &'a Image) -> Self {
        let object = image.object();
        let little = object.as_ref().is_none_or(Object::is_little_endian);
        let endian = if little {
            RunTimeEndian::Little
        } else {
            RunTimeEndian::Big
        };
        // Units say themselves where their code is, too, and only that is looked over.
        let section = |id: SectionId| -> Result<Slice<'a>, gimli::Error> {
            let wanted = object.as_ref().filter(|_| id != SectionId::DebugAranges);
            let data = wanted.map_or(&[][..], |object| image.section(object, id.name()));
            Ok(EndianSlice::new(data, endian))
        };
        let mut dwarf = Dwarf::load(section).unwrap_or_default();
        dwarf.populate_abbreviations_cache(AbbreviationsCacheStrategy::Duplicates);
        let dwarf = Arc::new(dwarf);
        let mut headers = Vec::new();
        let mut units = dwarf.units();
        while let Ok(Some(header)) = units.next() {
            headers.push(header);
        }
        let mut bounds = Bounds::new(image.length());
        let mut survey = Survey::default();
        let is_bounded = headers.iter().enumerate().all(|(index, header)| {
            let Ok(unit) = dwarf.unit(*header) else {
                return true;
            };
            survey.note(&unit);
            bounds.note(&dwarf, &unit, index)
        });
        bounds.settle();
        let context = if is_bounded {
            Context::from_arc_dwarf(Arc::clone(&dwarf)).map_err(Damage::Unreadable)
        } else {
            Err(Damage::Unbounded)
        };
        Self {
            context,
            dwarf,
            bounds,
            survey,
            headers,
            units: RefCell::default(),
            names: RefCell::default(),
        }
    }

    fn levels(
        &self,
        image: &Image,
        address: u64,
        mut each: impl FnMut(Level<'_>),
    ) -> Result<(), Damage> {
        // addr2line asks for the range up to the next address.
        if address == u64::MAX {
            return Ok(());
        }
        let context = self.context.as_ref().map_err(|damage| *damage)?;
        self.bounds
            .check(&self.dwarf, address, |index| self.unit(index))?;
        let unit = context.find_dwarf_and_unit(address).skip_all_loads();
        let unit = unit.and_then(|unit| unit.header.debug_info_offset());
        let mut frames = context.find_frames(address).skip_all_loads()?;
        let mut next = frames.next()?;
        while let Some(frame) = next {
            next = frames.next()?;
            let debug_name = match (frame.dw_die_offset, unit) {
                (Some(entry), Some(unit)) => {
                    self.name(DebugInfoOffset(unit.0.saturating_add(entry.0)))
                }
                _ => None,
            };
            let linkage = frame.function.as_ref().map(|function| function.name);
            // A function that was not inlined has its mangled name in the symbol table, even with line tables only.
            let table = || image.symbol(address).map(Cow::Borrowed);
            let mangled = linkage
                .filter(|name| debug_name != Some(*name))
                .map(|name| name.to_string_lossy());
            let symbol = match mangled {
                None if next.is_none() => table(),
                mangled => mangled,
            };
            let location = frame.location.as_ref();
            each(Level {
                symbol,
                debug_name: debug_name.or(linkage).map(|name| name.to_string_lossy()),
                file: location.and_then(|location| location.file),
                line: location.and_then(|location| location.line).unwrap_or(0),
            });
        }
        Ok(())
    }

    fn unit(&self, index: usize) -> Option<Rc<Unit<Slice<'a>>>> {
        let mut units = self.units.borrow_mut();
        let parse = || {
            let header = self.headers.get(index)?;
            Some(Rc::new(self.dwarf.unit(*header).ok()?))
        };
        units.entry(index).or_insert_with(parse).clone()
    }

    /// `DW_AT_name` of an entry, or of the entry it is an instance of.
    fn name(&self, entry: DebugInfoOffset) -> Option<Slice<'a>> {
        if let Some(name) = self.names.borrow().get(&entry.0) {
            return *name;
        }
        let mut at = entry;
        let mut found = None;
        for _ in 0..LONGEST_CHAIN {
            let index = self.headers.partition_point(|header| start(header) <= at.0);
            let Some(index) = index.checked_sub(1) else {
                break;
            };
            let header = self.headers[index];
            let Some(unit) = self.unit(index) else { break };
            let offset = UnitOffset(at.0 - start(&header));
            let Ok(die) = unit.entry(offset) else { break };
            if let Some(name) = die.attr_value(gimli::DW_AT_name) {
                found = self.dwarf.attr_string(&unit, name).ok();
                break;
            }
            let origin = die
                .attr_value(gimli::DW_AT_abstract_origin)
                .or_else(|| die.attr_value(gimli::DW_AT_specification));
            at = match origin {
                Some(AttributeValue::UnitRef(offset)) => {
                    DebugInfoOffset(start(&header).saturating_add(offset.0))
                }
                Some(AttributeValue::DebugInfoRef(offset)) => offset,
                _ => break,
            };
        }
        self.names.borrow_mut().insert(entry.0, found);
        found
    }
}

fn start(header: &gimli::UnitHeader<Slice<'_>>) -> usize {
    header
        .debug_info_offset()
        .map_or(usize::MAX, |offset| offset.0)
}
