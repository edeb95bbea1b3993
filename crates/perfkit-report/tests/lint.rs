//! The formats of the lint: hostile names, the limits of the places where findings are shown, and an empty lint.

use perfkit_model::comparison::{Level, Naming, Verdict};
use perfkit_model::layout::{Part, Place, Step, TypeKind};
use perfkit_model::lint::{Copied, Grown, Lint, TypeFinding};
use perfkit_report::lint::{Origin, github, gitlab, json, markdown, sarif, terminal};
use perfkit_report::terminal::Options;
use serde_json::Value;

fn finding(number: usize, level: Level) -> TypeFinding {
    TypeFinding {
        rule: "type-grew".to_owned(),
        level,
        type_name: format!("store::Entry{number}"),
        krate: "store".to_owned(),
        kind: TypeKind::Struct,
        place: Some(Place {
            file: "src/store entry.rs".to_owned(),
            line: 12,
        }),
        base: Some(1_000),
        head: 2_000,
        message: format!("`store::Entry{number}` grew +100.0 %, from 1 000 to 2 000 B"),
        cause: None,
        chain: vec![Step {
            part: Part::Field,
            name: "value".to_owned(),
            type_name: "[u8; 1992]".to_owned(),
            size: 1_992,
            place: None,
        }],
        holders: vec![Grown {
            type_name: "store::Cache".to_owned(),
            base: 3_000,
            head: 4_000,
        }],
        remedy: Some("box `value`".to_owned()),
        evidence: vec![Copied {
            case: "serve [story]".to_owned(),
            bytes: 3e6,
            per_item: Some(3_000.0),
            way: Naming::Candidate,
        }],
        fingerprint: format!("type-grew store::Entry{number}"),
    }
}

fn lint(findings: Vec<TypeFinding>) -> Lint {
    Lint {
        base: "baseline main".to_owned(),
        head: "this checkout".to_owned(),
        verdict: Verdict::Regressed,
        findings,
        types: 40,
        within_limits: vec![Grown {
            type_name: "store::Key".to_owned(),
            base: 64,
            head: 72,
        }],
        remarks: vec!["no built program has the futures of 1 async function: `a`".to_owned()],
    }
}

fn outputs(lint: &Lint) -> Vec<(&'static str, String)> {
    let origin = Origin {
        prefix: "service/".to_owned(),
    };
    type Draw<'a> = Box<dyn Fn(&mut Vec<u8>) -> Result<(), perfkit_report::RenderError> + 'a>;
    let formats: Vec<(&'static str, Draw<'_>)> = vec![
        (
            "terminal",
            Box::new(|it: &mut Vec<u8>| terminal::render(lint, &Options::default(), it)),
        ),
        ("json", Box::new(|it: &mut Vec<u8>| json::render(lint, it))),
        (
            "markdown",
            Box::new(|it: &mut Vec<u8>| markdown::render(lint, it)),
        ),
        (
            "sarif",
            Box::new(|it: &mut Vec<u8>| sarif::render(lint, &origin, it)),
        ),
        (
            "github",
            Box::new(|it: &mut Vec<u8>| github::render(lint, &origin, it)),
        ),
        (
            "gitlab",
            Box::new(|it: &mut Vec<u8>| gitlab::render(lint, &origin, it)),
        ),
    ];
    formats
        .into_iter()
        .map(|(name, draw)| {
            let mut bytes = Vec::new();
            draw(&mut bytes).expect("every lint renders");
            (name, String::from_utf8(bytes).expect("formats are UTF-8"))
        })
        .collect()
}

#[test]
fn every_format() {
    let mut accepted = finding(3, Level::Allow);
    accepted
        .message
        .push_str(" (accepted until 2027-03-31: wider headers)");
    let lint = lint(vec![
        finding(1, Level::Deny),
        finding(2, Level::Warn),
        accepted,
    ]);
    for (name, text) in outputs(&lint) {
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn nothing_to_say() {
    let lint = Lint {
        verdict: Verdict::Pass,
        base: "baseline main".to_owned(),
        ..Lint::default()
    };
    let texts: Vec<String> = outputs(&lint)
        .into_iter()
        .map(|(name, text)| format!("{name}\n{text}"))
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn hostile_names_stay_names() {
    for name in [
        "</script>\n::error file=x::owned",
        "safe\u{202e}evil\u{200b}",
        "%0A::warning::x\r\u{1b}[31m",
        "a, b: c | d ` `` @user #1",
        "",
    ] {
        let mut bent = finding(1, Level::Deny);
        for text in [&mut bent.message, &mut bent.rule, &mut bent.type_name] {
            *text = name.to_owned();
        }
        bent.place = Some(Place {
            file: name.to_owned(),
            line: 0,
        });
        bent.chain[0].name = name.to_owned();
        bent.remedy = Some(name.to_owned());
        for (format, text) in outputs(&lint(vec![bent])) {
            for bad in ['\u{1b}', '\r', '\u{202e}', '\u{200b}'] {
                assert!(!text.contains(bad), "{format} holds {bad:?} of {name:?}");
            }
            match format {
                "github" => {
                    let commands = text.lines().filter(|line| line.starts_with("::"));
                    assert_eq!(commands.count(), 1, "{text}");
                    assert!(text.starts_with("::error file="), "{text}");
                }
                "sarif" | "gitlab" | "json" => {
                    let _: Value = serde_json::from_str(&text).expect("JSON");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn places_have_limits() {
    let findings = (0..200).map(|number| finding(number, Level::Deny));
    let warnings = (200..230).map(|number| finding(number, Level::Warn));
    let lint = lint(findings.chain(warnings).collect());
    for (format, text) in outputs(&lint) {
        match format {
            "github" => {
                for kind in ["::error ", "::warning "] {
                    let count = text.lines().filter(|line| line.starts_with(kind)).count();
                    assert_eq!(count, 10, "{kind}");
                }
                assert!(text.contains("190 more are in the step summary"), "{text}");
            }
            "markdown" => assert!(text.len() < 64 * 1024, "{}", text.len()),
            _ => assert!(text.contains("store::Entry199"), "{format}"),
        }
    }
}

#[test]
fn fingerprints_tell_findings_apart() {
    let lint = lint((0..50).map(|number| finding(number, Level::Deny)).collect());
    let outputs = outputs(&lint);
    let (_, text) = outputs
        .iter()
        .find(|(name, _)| *name == "gitlab")
        .expect("it is one");
    let issues: Vec<Value> = serde_json::from_str(text).expect("a list");
    let distinct: std::collections::BTreeSet<String> = issues
        .iter()
        .map(|issue| issue["fingerprint"].to_string())
        .collect();
    assert_eq!(distinct.len(), 50);
}

/// What code scanning asks of a file beyond SARIF itself.
#[test]
fn sarif_is_what_code_scanning_takes() {
    let lint = lint(vec![finding(1, Level::Deny), finding(2, Level::Warn)]);
    let outputs = outputs(&lint);
    let (_, text) = outputs
        .iter()
        .find(|(name, _)| *name == "sarif")
        .expect("it is one");
    let document: serde_sarif::sarif::Sarif = serde_json::from_str(text).expect("valid SARIF");
    let run = &document.runs[0];
    let results = run.results.as_ref().expect("there are results");
    let rules = run.tool.driver.rules.as_ref().expect("there are rules");
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result.rule_index.expect("an index")).expect("not negative");
        assert_eq!(Some(&rules[index].id), result.rule_id.as_ref());
        let location = &result.locations.as_ref().expect("a location")[0];
        let place = location.physical_location.as_ref().expect("a file");
        let uri = place
            .artifact_location
            .as_ref()
            .and_then(|it| it.uri.clone());
        assert_eq!(uri.as_deref(), Some("service/src/store%20entry.rs"));
        let prints = result.partial_fingerprints.as_ref().expect("fingerprints");
        assert!(prints.contains_key("primaryLocationLineHash"));
    }
}
