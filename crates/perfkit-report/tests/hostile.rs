//! Views that try to break a format: hostile names, deep stacks, nothing at all, and values that are no numbers.

mod sample;

use std::io::Read;

use perfkit_model::category::Category;
use perfkit_model::comparison::{Comparison, Judgement, Verdict};
use perfkit_model::history::History;
use perfkit_model::layout::Piece;
use perfkit_model::run::{Case, CaseId, Measurement, Outcome, Run};
use perfkit_model::stacks::{Column, Frame, FrameKind, Node, Stacks, StacksBuilder};
use perfkit_report::{Selection, View, folded, html, json, markdown, pprof, svg, terminal};
use sample::Sample;

/// Every format's output as text, by name.
fn outputs(view: &View<'_>) -> Vec<(&'static str, String)> {
    let none = CaseId::default();
    let case = view.run.cases.first().map_or(&none, |case| &case.id);
    let selection = Selection {
        case,
        metric: "cpu.samples",
    };
    let copies = Selection {
        case,
        metric: "memcpy.bytes",
    };
    let options = terminal::Options {
        colour: false,
        width: 100,
    };
    type Draw<'a> = Box<dyn Fn(&mut Vec<u8>) -> Result<(), perfkit_report::RenderError> + 'a>;
    let formats: Vec<(&'static str, Draw<'_>)> = vec![
        (
            "terminal",
            Box::new(|it: &mut Vec<u8>| terminal::render(view, &options, it)),
        ),
        (
            "markdown",
            Box::new(|it: &mut Vec<u8>| markdown::render(view, it)),
        ),
        ("json", Box::new(|it: &mut Vec<u8>| json::render(view, it))),
        ("html", Box::new(|it: &mut Vec<u8>| html::render(view, it))),
        (
            "folded",
            Box::new(|it: &mut Vec<u8>| folded::render(view, &selection, it)),
        ),
        (
            "svg",
            Box::new(|it: &mut Vec<u8>| svg::render(view, &selection, it)),
        ),
        (
            "difference",
            Box::new(|it: &mut Vec<u8>| svg::render_difference(view, &copies, it)),
        ),
        (
            "pprof",
            Box::new(|it: &mut Vec<u8>| pprof::render(view, case, it)),
        ),
    ];
    let text = |name: &str, bytes: Vec<u8>| {
        if name != "pprof" {
            return String::from_utf8(bytes).expect("formats are UTF-8");
        }
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut plain)
            .expect("the profile is gzip");
        String::from_utf8_lossy(&plain).into_owned()
    };
    formats
        .into_iter()
        .map(|(name, draw)| {
            let mut bytes = Vec::new();
            draw(&mut bytes).expect("every view renders");
            (name, text(name, bytes))
        })
        .collect()
}

const HOSTILE: [&str; 8] = [
    "</script><script>alert(1)</script>",
    "<!--<script>alert(1)//-->",
    "\" onmouseover=\"alert(1)\" x='",
    "safe\u{202e}evil\u{2066}\u{200b}",
    "two\nlines\r\u{1b}[31mred\u{7}",
    "a;b | c ` d `` @user #1 12",
    "]]><svg onload=alert(1)>",
    "",
];

/// The sample with a hostile string wherever a name goes.
fn hostile(name: &str) -> Sample {
    let mut sample = sample::sample();
    let bend = |text: &mut String| *text = name.to_owned();
    for run in [Some(&mut sample.run), sample.base.as_mut()]
        .into_iter()
        .flatten()
    {
        bend(&mut run.id);
        bend(&mut run.environment.rustc);
        run.environment.differences.push(name.to_owned());
        for ty in &mut run.types {
            bend_piece(ty, name);
        }
        for case in &mut run.cases {
            case.id.variant = Some(name.to_owned());
            case.id.package = name.to_owned();
            for frame in &mut case.stacks.frames {
                bend(&mut frame.name);
                bend(&mut frame.file);
                if matches!(frame.category, Category::Dependency(_)) {
                    frame.category = Category::Dependency(name.to_owned());
                }
            }
            for stage in case.stages.iter_mut().flat_map(|it| &mut it.stages) {
                bend(&mut stage.name);
                bend(&mut stage.label);
                stage.depth = 1_000;
                bend(&mut stage.file);
            }
            for pass in &mut case.passes {
                pass.notes.push(name.to_owned());
                if let Outcome::Failed {
                    message,
                    hint,
                    stderr,
                } = &mut pass.outcome
                {
                    bend(message);
                    *hint = Some(name.to_owned());
                    bend(stderr);
                }
            }
        }
    }
    let comparison = &mut sample.comparison;
    bend(&mut comparison.base);
    bend(&mut comparison.head);
    comparison.verdict = Verdict::NotJudged {
        reason: name.to_owned(),
    };
    comparison.remarks.push(name.to_owned());
    comparison.context.push(name.to_owned());
    for row in &mut comparison.rows {
        row.case.variant = Some(name.to_owned());
        row.case.package = name.to_owned();
        if let Judgement::NotJudged { reason } = &mut row.judgement {
            bend(reason);
        }
    }
    let case = |id: &mut CaseId| {
        id.variant = Some(name.to_owned());
        id.package = name.to_owned();
    };
    for entry in &mut sample.history.entries {
        entry.cases.iter_mut().for_each(|it| case(&mut it.id));
        let words = [
            &mut entry.revision,
            &mut entry.time,
            &mut entry.rustc,
            &mut entry.target,
            &mut entry.processor,
        ];
        words.into_iter().for_each(bend);
    }
    for step in &mut sample.steps {
        case(&mut step.case);
        let words = [&mut step.revision, &mut step.time, &mut step.previous];
        words.into_iter().for_each(bend);
        step.also = vec![name.to_owned()];
    }
    for finding in &mut comparison.findings {
        finding.case.variant = Some(name.to_owned());
        finding.case.package = name.to_owned();
        bend(&mut finding.rule);
        bend(&mut finding.message);
        finding.remedy = Some(format!("`{name}`"));
        for cause in &mut finding.causes {
            bend(&mut cause.function);
            bend(&mut cause.location);
            cause.stack.push(name.to_owned());
            if let Some(ty) = &mut cause.ty {
                bend(&mut ty.name);
            }
        }
    }
    sample
}

fn bend_piece(piece: &mut Piece, name: &str) {
    piece.name = name.to_owned();
    piece.type_name = name.to_owned();
    if let Some(place) = &mut piece.place {
        place.file = name.to_owned();
    }
    for part in &mut piece.pieces {
        bend_piece(part, name);
    }
}

#[test]
fn hostile_names_stay_names() {
    for name in HOSTILE {
        let sample = hostile(name);
        for (format, text) in outputs(&sample.view()) {
            if format == "pprof" {
                continue;
            }
            for bad in ['\u{1b}', '\u{7}', '\r', '\u{202e}', '\u{2066}', '\u{200b}'] {
                assert!(!text.contains(bad), "{format} holds {bad:?} of {name:?}");
            }
            if matches!(format, "html" | "svg" | "difference") {
                // In the block of JSON a quote is escaped by a backslash, and no attribute is near.
                let text = text.replace("\\\"", "'");
                for bad in ["<script>alert", "<!--<", "\" onmouseover", "<svg onload"] {
                    assert!(!text.contains(bad), "{format} holds {bad:?}");
                }
            }
            if format == "html" {
                check_page(&text);
            }
        }
    }
}

/// Reads a page the way a browser's tokenizer does and finds only elements that the report writes.
fn check_page(page: &str) {
    const KNOWN: &str = " !doctype html head meta title style body header span button main section h1 h2 h3 p ul li \
         div nav a b article code wbr table thead tbody tr th td i details summary ol dl dt dd noscript small \
         pre footer script figure figcaption svg line polyline polygon circle ";
    let mut rest = page;
    let mut scripts = 0;
    while let Some((_, after)) = rest.split_once('<') {
        let end = after.find(['>', ' ', '\n']).expect("a tag ends");
        let tag = after[..end].trim_start_matches('/');
        assert!(
            KNOWN.contains(&format!(" {tag} ")),
            "unexpected element {tag:?}"
        );
        let raw = ["script", "style"]
            .into_iter()
            .find(|raw| after.starts_with(raw));
        rest = match raw {
            Some(raw) => {
                scripts += usize::from(raw == "script");
                let (inside, after) = after
                    .split_once(&format!("</{raw}>"))
                    .expect("it is closed");
                assert!(!inside.contains("<!--"));
                after
            }
            None => after,
        };
    }
    assert_eq!(scripts, 2, "one block of data and one script");
}

#[test]
fn long_names_are_cut_where_people_read() {
    let name = "x".repeat(10_000);
    let sample = hostile(&name);
    for (format, text) in outputs(&sample.view()) {
        match format {
            "markdown" => assert!(text.len() < 64 * 1024, "{}", text.len()),
            "html" => assert!(text.len() < 400_000, "{}", text.len()),
            "terminal" => {
                let longest = text.lines().map(|line| line.chars().count()).max();
                assert!(longest <= Some(110), "{longest:?}");
            }
            _ => assert!(!text.is_empty()),
        }
    }
}

#[test]
fn folded_lines_have_one_weight_each() {
    for name in HOSTILE {
        let sample = hostile(name);
        let outputs = outputs(&sample.view());
        let (_, text) = outputs
            .iter()
            .find(|(format, _)| *format == "folded")
            .unwrap();
        let column = sample.run.cases[0].stacks.column("cpu.samples").unwrap();
        assert_eq!(text.lines().count(), column.weights.len());
        for line in text.lines() {
            let (stack, weight) = line.rsplit_once(' ').unwrap();
            weight.parse::<u64>().unwrap();
            let last = stack.rsplit(' ').next().unwrap();
            assert!(
                last.parse::<f64>().is_err(),
                "{line:?} reads as two weights"
            );
            assert!(stack.split(';').all(|frame| !frame.is_empty()), "{line:?}");
        }
    }
}

#[test]
fn json_keeps_every_name() {
    for name in HOSTILE {
        let sample = hostile(name);
        let outputs = outputs(&sample.view());
        let (_, text) = outputs
            .iter()
            .find(|(format, _)| *format == "json")
            .unwrap();
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let comparison: Comparison = serde_json::from_value(value["comparison"].clone()).unwrap();
        assert_eq!(comparison, sample.comparison);
    }
}

#[test]
fn an_empty_view_renders() {
    let sample = sample::empty();
    for (format, text) in outputs(&sample.view()) {
        let is_silent = matches!(format, "folded" | "pprof");
        assert!(is_silent || !text.trim().is_empty(), "{format}");
        if matches!(format, "terminal" | "markdown" | "html") {
            assert!(
                text.to_lowercase().contains("nothing measured"),
                "{format}: {text}"
            );
        }
    }
}

/// One case with these stacks on both sides and no values.
fn with_stacks(stacks: Stacks) -> Sample {
    let case = Case {
        id: sample::id("deep", None, "current_thread", None),
        stacks,
        ..Case::default()
    };
    let run = Run {
        cases: vec![case],
        ..Run::default()
    };
    Sample {
        base: Some(run.clone()),
        run,
        comparison: Comparison::default(),
        history: History::default(),
        steps: Vec::new(),
    }
}

#[test]
fn deep_stacks_do_not_overflow() {
    let frame = |index: usize| Frame {
        name: format!("level{index}"),
        kind: FrameKind::Function,
        category: Category::App,
        file: String::new(),
        line: 0,
        size: 0,
    };
    let path: Vec<Frame> = (0..2_000).map(frame).collect();
    let mut builder = StacksBuilder::default();
    for metric in ["cpu.samples", "memcpy.bytes", "heap.bytes"] {
        let node = builder.node(&path).unwrap();
        builder.add(node, metric, 1, 1_000);
    }
    let sample = with_stacks(builder.finish());
    let outputs = outputs(&sample.view());
    for (format, text) in outputs {
        if matches!(format, "html" | "folded" | "svg" | "difference" | "pprof") {
            assert!(text.contains("level1999"), "{format}");
        }
    }
}

#[test]
fn damaged_stacks_render() {
    let stacks = Stacks {
        frames: Vec::new(),
        nodes: vec![
            Node {
                parent: Some(1),
                frame: 7,
            },
            Node {
                parent: Some(0),
                frame: 8,
            },
        ],
        columns: vec![Column {
            metric: "cpu.samples".to_owned(),
            iterations: 0,
            weights: vec![(0, 3), (1, 4), (99, 5)],
        }],
    };
    for (format, text) in outputs(&with_stacks(stacks).view()) {
        assert!(!text.is_empty() || format == "folded", "{format}");
    }
}

#[test]
fn what_is_no_number_is_not_shown_as_one() {
    for value in [0.0, f64::NAN, f64::INFINITY] {
        let mut sample = sample::sample();
        for run in [Some(&mut sample.run), sample.base.as_mut()]
            .into_iter()
            .flatten()
        {
            for case in &mut run.cases {
                case.units.items = 1;
                for measurement in case.measurements.values_mut() {
                    *measurement = Measurement {
                        value,
                        ..measurement.clone()
                    };
                }
                for column in &mut case.stacks.columns {
                    column.iterations = 0;
                    column
                        .weights
                        .iter_mut()
                        .for_each(|(_, weight)| *weight = 0);
                }
                case.passes[0].seconds = value;
            }
        }
        for entry in &mut sample.history.entries {
            for values in entry
                .cases
                .iter_mut()
                .flat_map(|it| [&mut it.exact, &mut it.median])
            {
                values.values_mut().for_each(|it| *it = value);
            }
        }
        for step in &mut sample.steps {
            (step.before, step.after) = (value, value);
        }
        for row in &mut sample.comparison.rows {
            (row.base, row.head, row.smallest_effect) = (Some(value), Some(value), Some(value));
        }
        for finding in &mut sample.comparison.findings {
            (finding.base, finding.head) = (value, value);
            for cause in &mut finding.causes {
                (cause.base, cause.head, cause.share) = (value, value, value);
            }
        }
        for (format, text) in outputs(&sample.view()) {
            for bad in ["NaN", "inf ", "inf%", ">inf", "Infinity", ":inf"] {
                assert!(!text.contains(bad), "{format} holds {bad:?} for {value}");
            }
        }
    }
}

#[test]
fn a_long_summary_says_that_it_was_cut() {
    let mut sample = sample::sample();
    let finding = sample.comparison.findings[0].clone();
    sample.comparison.findings = vec![finding; 500];
    let outputs = outputs(&sample.view());
    let (_, text) = outputs
        .iter()
        .find(|(format, _)| *format == "markdown")
        .unwrap();
    assert!(text.len() < 64 * 1024);
    assert!(text.contains("Cut here"));
}
