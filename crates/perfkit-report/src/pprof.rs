//! The stacks of one case as a gzipped pprof profile, for `pprof`, speedscope and other viewers.
//!
//! The messages follow `profile.proto` of google/pprof; only the fields that are used are spelled out.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use flate2::{Compression, GzBuilder};
use perfkit_model::metric::{self, Unit};
use perfkit_model::run::CaseId;
use perfkit_model::stacks::Stacks;
use prost::Message;

use crate::digest::cases;
use crate::{RenderError, View, text};

#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, repeated, tag = "13")]
    comment: Vec<i64>,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    ty: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    str: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// Writes the profile. There is one sample type per metric that has stacks, with weights summed over all
/// iterations; every sample carries its leaf's category as the label `category`.
///
/// A case that the run does not have gives an empty profile.
///
/// # Errors
///
/// When the writer refuses.
pub fn render(view: &View<'_>, case: &CaseId, writer: &mut impl Write) -> Result<(), RenderError> {
    let empty = Stacks::default();
    let stacks = cases::select(view, case).map_or(&empty, |(case, _)| &case.stacks);
    let profile = profile(stacks, case);
    // No name and no time in the header: the same stacks give the same bytes.
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(writer, Compression::default());
    encoder.write_all(&profile.encode_to_vec())?;
    encoder.finish()?;
    Ok(())
}

fn profile(stacks: &Stacks, case: &CaseId) -> Profile {
    let mut strings = Strings::default();
    let sample_type = stacks
        .columns
        .iter()
        .map(|column| ValueType {
            ty: strings.index(text::plain(&column.metric)),
            unit: strings.index(unit(&column.metric).to_owned()),
        })
        .collect();
    let (location, function) = stacks
        .frames
        .iter()
        .zip(1..)
        .map(|(frame, id)| {
            let name = strings.index(text::frame(frame));
            let line = Line {
                function_id: id,
                line: i64::from(frame.line),
            };
            let function = Function {
                id,
                name,
                system_name: name,
                filename: strings.index(text::plain(&frame.file)),
            };
            let location = Location {
                id,
                line: vec![line],
            };
            (location, function)
        })
        .unzip();
    // Rows are stacks and columns are metrics; the model stores one sparse list per metric.
    let mut values: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for (index, column) in stacks.columns.iter().enumerate() {
        for (node, weight) in &column.weights {
            let row = values
                .entry(*node)
                .or_insert_with(|| vec![0; stacks.columns.len()]);
            row[index] = i64::try_from(*weight).unwrap_or(i64::MAX);
        }
    }
    let category = strings.index("category".to_owned());
    let sample = values
        .into_iter()
        .filter_map(|(node, value)| {
            let leaf = stacks.leaf(node)?;
            let label = Label {
                key: category,
                str: strings.index(text::plain(leaf.category.as_str())),
            };
            Some(Sample {
                location_id: locations(stacks, node),
                value,
                label: vec![label],
            })
        })
        .collect();
    let comment = vec![strings.index(text::plain(&case.to_string()))];
    let default_sample_type = match stacks.column("cpu.samples") {
        Some(_) => strings.index("cpu.samples".to_owned()),
        None => 0,
    };
    Profile {
        sample_type,
        sample,
        location,
        function,
        string_table: strings.table,
        comment,
        default_sample_type,
    }
}

/// Location ids from the leaf to the root; ids are frame indices counted from 1.
fn locations(stacks: &Stacks, node: u32) -> Vec<u64> {
    let mut locations = Vec::new();
    let mut next = Some(node);
    while let Some((index, node)) =
        next.and_then(|index| Some((index, stacks.nodes.get(index as usize)?)))
    {
        if (node.frame as usize) < stacks.frames.len() {
            locations.push(u64::from(node.frame) + 1);
        }
        next = node.parent.filter(|parent| *parent < index);
    }
    locations
}

fn unit(id: &str) -> &'static str {
    match metric::metric(id).map(|metric| metric.unit) {
        Some(Unit::Bytes) => "bytes",
        Some(Unit::Nanoseconds) => "nanoseconds",
        Some(Unit::Count) | None => "count",
    }
}

/// The string table. Its first entry is the empty string, as the format demands.
struct Strings {
    table: Vec<String>,
    known: HashMap<String, i64>,
}

impl Default for Strings {
    fn default() -> Self {
        Self {
            table: vec![String::new()],
            known: HashMap::from([(String::new(), 0)]),
        }
    }
}

impl Strings {
    fn index(&mut self, text: String) -> i64 {
        if let Some(index) = self.known.get(&text) {
            return *index;
        }
        let index = self.table.len() as i64;
        self.table.push(text.clone());
        self.known.insert(text, index);
        index
    }
}
