//! Whole outputs of the sample view in every format.

#[expect(dead_code, reason = "the hostile views use the empty sample")]
mod sample;

use std::io::Read;

use perfkit_model::comparison::Estimate;
use perfkit_report::{Selection, View, folded, html, json, markdown, pprof, svg, terminal};

fn bytes(render: impl Fn(&View<'_>, &mut Vec<u8>)) -> Vec<u8> {
    let sample = sample::sample();
    let mut first = Vec::new();
    render(&sample.view(), &mut first);
    let mut second = Vec::new();
    render(&sample.view(), &mut second);
    assert_eq!(first, second, "the same view must give the same bytes");
    first
}

fn rendered(render: impl Fn(&View<'_>, &mut Vec<u8>)) -> String {
    String::from_utf8(bytes(render)).expect("formats are UTF-8")
}

fn select<'a>(view: &View<'a>, metric: &'a str) -> Selection<'a> {
    Selection {
        case: &view.run.cases[0].id,
        metric,
    }
}

#[test]
fn terminal() {
    let options = terminal::Options {
        colour: false,
        width: 100,
    };
    let text = rendered(|view, bytes| terminal::render(view, &options, bytes).unwrap());
    assert!(!text.contains('\u{1b}'), "colour is off");
    insta::assert_snapshot!(text);
}

#[test]
fn colour_only_adds_escapes() {
    let render = |colour| {
        let options = terminal::Options { colour, width: 80 };
        rendered(|view, bytes| terminal::render(view, &options, bytes).unwrap())
    };
    let mut stripped = String::new();
    let coloured = render(true);
    for (index, piece) in coloured.split("\u{1b}[").enumerate() {
        let text = match index {
            0 => piece,
            _ => piece.split_once('m').unwrap().1,
        };
        stripped.push_str(text);
    }
    assert_ne!(coloured, stripped);
    assert_eq!(stripped, render(false));
}

#[test]
fn markdown() {
    let text = rendered(|view, bytes| markdown::render(view, bytes).unwrap());
    insta::assert_snapshot!(text);
}

/// The medians of noisy values need not differ as the values do in pairs.
#[test]
fn a_change_that_was_estimated_is_the_one_that_is_shown() {
    let mut sample = sample::sample();
    let rows = &mut sample.comparison.rows;
    let row = rows.iter_mut().find(|row| row.metric == "time.cpu");
    row.expect("the sample has one").estimate = Some(Estimate {
        effect: 0.0321,
        low: 0.02,
        high: 0.04,
        pairs: 12,
        control: 0.0,
    });
    let view = sample.view();
    let (mut text, mut markup, mut page) = (Vec::new(), Vec::new(), Vec::new());
    terminal::render(&view, &terminal::Options::default(), &mut text).unwrap();
    markdown::render(&view, &mut markup).unwrap();
    html::render(&view, &mut page).unwrap();
    for output in [text, markup, page] {
        let output = String::from_utf8(output).unwrap();
        assert!(output.contains("+3.2 %"), "{output}");
    }
}

#[test]
fn json() {
    let text = rendered(|view, bytes| json::render(view, bytes).unwrap());
    insta::assert_snapshot!(text);
}

#[test]
fn folded() {
    let text = rendered(|view, bytes| {
        folded::render(view, &select(view, "memcpy.bytes"), bytes).unwrap();
    });
    insta::assert_snapshot!(text);
}

/// Style and script are files of their own and change often; the snapshot holds what Rust writes.
#[test]
fn html() {
    let text = rendered(|view, bytes| html::render(view, bytes).unwrap());
    let without = |text: &str, start: &str, end: &str| {
        let (before, rest) = text.split_once(start).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        format!("{before}{start}…{end}{after}")
    };
    let text = without(&text, "<style>", "</style>");
    let text = without(&text, "<script>", "</script>");
    insta::assert_snapshot!(without(&text, "'sha256-", "'"));
}

#[test]
fn flamegraph() {
    let text = rendered(|view, bytes| {
        svg::render(view, &select(view, "cpu.samples"), bytes).unwrap();
    });
    insta::assert_snapshot!(drawing(&text));
}

#[test]
fn flamegraph_of_a_difference() {
    let text = rendered(|view, bytes| {
        svg::render_difference(view, &select(view, "memcpy.bytes"), bytes).unwrap();
    });
    insta::assert_snapshot!(drawing(&text));
}

/// The frames of a drawing, without inferno's own style and script.
fn drawing(svg: &str) -> String {
    let titles = svg.split("<title>").skip(1);
    let titles = titles.filter_map(|rest| rest.split_once("</title>"));
    titles.map(|(title, _)| format!("{title}\n")).collect()
}

/// The fields of google/pprof's `profile.proto` that this test reads.
#[derive(Clone, PartialEq, prost::Message)]
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
}

#[derive(Clone, PartialEq, prost::Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    ty: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

#[test]
fn pprof() {
    let zipped = bytes(|view, bytes| pprof::render(view, &view.run.cases[0].id, bytes).unwrap());
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(zipped.as_slice())
        .read_to_end(&mut plain)
        .unwrap();
    let profile = <Profile as prost::Message>::decode(plain.as_slice()).unwrap();
    let text = |index: i64| profile.string_table[index as usize].as_str();
    let types = profile.sample_type.iter();
    let mut listing: String = types
        .map(|it| format!("{}/{} ", text(it.ty), text(it.unit)))
        .collect();
    listing.push('\n');
    for sample in &profile.sample {
        for id in &sample.location_id {
            let location = profile.location.iter().find(|it| it.id == *id).unwrap();
            let line = &location.line[0];
            let function = profile
                .function
                .iter()
                .find(|it| it.id == line.function_id)
                .unwrap();
            listing.push_str(&format!(
                "{} {}:{} < ",
                text(function.name),
                text(function.filename),
                line.line
            ));
        }
        listing.push_str(&format!("{:?}\n", sample.value));
    }
    insta::assert_snapshot!(listing);
}

/// A run through other lenses than its base had.
#[test]
fn what_was_not_looked_at_is_not_nothing() {
    let mut sample = sample::sample();
    for case in &mut sample.run.cases {
        case.measurements
            .retain(|id, _| !id.starts_with("heap.") && !id.starts_with("memcpy."));
        case.stacks = perfkit_model::stacks::Stacks::default();
    }
    let mut text = Vec::new();
    let options = terminal::Options {
        colour: false,
        width: 100,
    };
    terminal::render(&sample.view(), &options, &mut text).unwrap();
    html::render(&sample.view(), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("in 0 allocations"), "{text}");
    assert!(!text.contains("Allocation sites"), "{text}");
    assert!(!text.contains("Types moved by memcpy"), "{text}");
}
