//! How many of the copied bytes carry the type that the compiler annotated.

use std::convert::Infallible;
use std::path::Path;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, RunTimeEndian, SectionId};
use object::{Object as _, ObjectSection as _};
use perfkit_model::lens::Pass;
use perfkit_model::part::Part;
use perfkit_model::stacks::FrameKind;

use crate::place::Place;
use crate::program::request;
use crate::run::weighted;

/// Functions that copy out of slices: what they copy has no type but `[u8]`, and nobody moved it. They are innermost
/// where the standard library's own function was folded into them.
const BYTE_SLICE_COPIES: [&str; 4] = [
    "copy_from_slice",
    "extend_from_slice",
    "put_slice",
    "to_vec",
];

/// Bytes per iteration whose innermost function copies bytes out of a slice. The symboliser is not asked: its answers
/// are what is tested.
fn slice_copies(program: &Path, part: &Part) -> u64 {
    let bytes = std::fs::read(program).unwrap();
    let object = object::File::parse(&*bytes).expect("cargo built a program");
    let section = |id: SectionId| {
        let section = object.section_by_name(id.name());
        let data = section.and_then(|section| section.data().ok());
        Ok::<_, Infallible>(EndianSlice::new(
            data.unwrap_or_default(),
            RunTimeEndian::default(),
        ))
    };
    let Ok(dwarf) = Dwarf::load(section);
    let context = Context::from_dwarf(dwarf).expect("rustc writes valid debug info");
    let column = part
        .columns
        .iter()
        .position(|column| column == "memcpy.bytes");
    let column = column.expect("the lens was asked for") as u16;
    let own = program.canonicalize().unwrap();
    let module = part
        .modules
        .iter()
        .find(|module| Path::new(&module.path) == own);
    let bias = module.expect("a program is a module of its own").bias;
    let mut bytes = 0;
    for stack in &part.stacks {
        // One before the return address is the call.
        let call = stack.frames[0].wrapping_sub(bias) - 1;
        let mut frames = context
            .find_frames(call)
            .skip_all_loads()
            .expect("valid debug info");
        let innermost = frames.next().expect("valid debug info");
        let function = innermost.and_then(|frame| frame.function);
        let name = function.map(|name| name.raw_name().expect("names are text").into_owned());
        let name = name.map(|name| format!("{:#}", rustc_demangle::demangle(&name)));
        if !name.is_some_and(|name| copies_a_byte_slice(&name)) {
            continue;
        }
        let weights = stack.weights.iter();
        bytes += weights
            .filter(|(index, _)| *index == column)
            .map(|(_, weight)| weight)
            .sum::<u64>();
    }
    bytes / part.iterations.len() as u64
}

/// `core::ptr::copy_nonoverlapping::<u8>`, or a function that has it inlined.
fn copies_a_byte_slice(name: &str) -> bool {
    let name = name.replace("::<", "<");
    let typed = ["copy_nonoverlapping<u8>", "copy<u8>"];
    let path = name.split('<').next().unwrap_or_default();
    let function = path.rsplit("::").next().unwrap_or_default();
    typed.iter().any(|typed| name.ends_with(typed)) || BYTE_SLICE_COPIES.contains(&function)
}

#[test]
fn moves_carry_their_type() {
    let place = Place::repository();
    let run = place.run(&[
        "ddsplit",
        "--lens",
        "memcpy",
        "--quick",
        "--variant",
        "story,cured",
    ]);
    let program = place.program("ddsplit");
    let (mut all_moved, mut all_named) = (0, 0);
    for case in &run.cases {
        let (mut copied, mut named) = (0, 0);
        for (path, bytes) in weighted(&case.stacks, "memcpy.bytes") {
            copied += bytes;
            let leaf = path.last().expect("no stack is empty");
            if leaf.kind == FrameKind::Moved {
                named += bytes;
            }
        }
        let column = case
            .stacks
            .column("memcpy.bytes")
            .expect("the lens was asked for");
        let iterations = u64::from(column.iterations);
        let (copied, named) = (copied / iterations, named / iterations);
        let measure = request("ddsplit", case.id.variant.as_deref(), Pass::Count);
        let slices = slice_copies(program.executable(), &program.measure(measure));
        let moved = copied - slices;
        assert!(named <= moved, "a slice's copy is called a move");
        let share = 100.0 * named as f64 / moved as f64;
        eprintln!(
            "{}: {named} of {moved} B moved ({share:.2} %) carry a type; {slices} B are copies of slices",
            case.id
        );
        all_moved += moved;
        all_named += named;
    }
    assert_eq!(run.cases.len(), 2, "the story and its cure");
    let share = 100.0 * all_named as f64 / all_moved as f64;
    eprintln!("ddsplit: {share:.2} % of what was moved carries an annotated type");
    assert!(share >= 95.0, "{share:.2} %");
}
