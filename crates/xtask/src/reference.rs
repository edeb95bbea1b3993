//! The reference of rules, metrics, lenses, settings and commands, from the catalogues that the code runs on.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use perfkit_compare::rules::{Check, RULES, Selector};
use perfkit_model::comparison::Level;
use perfkit_model::lens::LENSES;
use perfkit_model::metric::{Direction, METRICS, Noise, Unit, metric};
use perfkit_model::quantity::Quantity;

use crate::commands::{self, Help};
use crate::generate::Generated;

const SETTINGS: &str = "crates/cargo-perfkit/src/topics/perfkit.toml.txt";

/// The reference.
///
/// # Errors
///
/// When the command line cannot be asked for its help, or the settings cannot be read.
pub(crate) fn reference(root: &Path) -> anyhow::Result<Generated> {
    let helps = commands::helps(root)?;
    let settings = fs::read_to_string(root.join(SETTINGS))
        .with_context(|| format!("failed to read {SETTINGS}"))?;
    let sections = [
        introduction(),
        commands_section(&helps),
        exit_codes(&helps)?,
        settings_section(&settings),
        lenses(),
        metrics(),
        rules(),
    ];
    Ok(Generated {
        path: "crates/cargo-perfkit/REFERENCE.md",
        text: format!(
            "{}\n",
            sections.map(|text| text.trim().to_owned()).join("\n\n")
        ),
    })
}

fn introduction() -> String {
    "# Reference of cargo perfkit

<!-- Written by `cargo xtask generate` from the catalogues in the code. Change those, not this file. -->

[Commands](#commands) · [Exit codes](#exit-codes) · [Settings](#settings) · [Lenses](#lenses) · [Metrics](#metrics) ·
[Rules](#rules)

`cargo perfkit explain ID` prints the entry of any rule, metric or lens."
        .to_owned()
}

fn commands_section(helps: &[Help]) -> String {
    let mut text = "## Commands\n".to_owned();
    for help in helps {
        let name = [&["cargo perfkit".to_owned()], help.words.as_slice()]
            .concat()
            .join(" ");
        // Writing to a string cannot fail.
        let _ = write!(text, "\n### `{name}`\n\n```text\n{}\n```\n", help.text);
    }
    text
}

/// The codes as the help of the command itself lists them: `Exit codes: 0 pass, 1 …`.
fn exit_codes(helps: &[Help]) -> anyhow::Result<String> {
    let listed = helps
        .iter()
        .find(|help| help.words.is_empty())
        .and_then(|help| help.text.split_once("Exit codes: "))
        .map(|(_, codes)| codes.split_whitespace().collect::<Vec<_>>().join(" "))
        .context("the help of `cargo perfkit` does not list its exit codes")?;
    let mut text = "## Exit codes\n\n| code | meaning |\n|---|---|\n".to_owned();
    let mut meaning = Vec::new();
    let mut code: Option<&str> = None;
    let mut rows = Vec::new();
    for word in listed.trim_end_matches('.').split(' ') {
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            rows.extend(code.map(|code| (code, meaning.join(" "))));
            code = Some(word);
            meaning.clear();
        } else {
            meaning.push(word);
        }
    }
    rows.extend(code.map(|code| (code, meaning.join(" "))));
    for (code, meaning) in rows {
        let _ = writeln!(text, "| {code} | {} |", meaning.trim_end_matches(','));
    }
    text.push_str("\nReports are written before the command exits, whatever the code.");
    Ok(text)
}

/// The topic is written for terminals; its first line is a title, its indented part is TOML.
fn settings_section(topic: &str) -> String {
    let body = topic
        .split_once('\n')
        .map_or(topic, |(_, body)| body)
        .trim();
    let mut text = "## Settings\n\n`perfkit.toml`\n\n".to_owned();
    let mut is_code = false;
    for line in body.lines() {
        match line.strip_prefix("    ") {
            Some(code) => {
                if !is_code {
                    text.push_str("```toml\n");
                }
                is_code = true;
                let _ = writeln!(text, "{code}");
            }
            None if line.is_empty() => text.push('\n'),
            None => {
                if is_code {
                    text.push_str("```\n\n");
                }
                is_code = false;
                let _ = writeln!(text, "{line}");
            }
        }
    }
    if is_code {
        text.push_str("```\n");
    }
    text
}

fn lenses() -> String {
    let mut text = "## Lenses\n\n\
        A lens is what a pass looks through. Lenses of one pass share a process; passes never do.\n\n\
        | lens | pass | by default | sees by | blind to | works on |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for lens in LENSES {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            lens.id,
            lens.pass.map_or("–", |pass| pass.as_str()),
            if lens.default { "yes" } else { "no" },
            lens.how,
            lens.blind,
            lens.platforms
        );
    }
    text
}

fn metrics() -> String {
    let mut text = "## Metrics\n\n\
        Values are per iteration of a workload's body. An exact metric is one whose iterations may all agree; a run in which \
        they do not demotes it to near-exact, and says so. Every metric on a multi-threaded runtime is near-exact at best.\n\n\
        | metric | title | unit | better | noise | lens | what it is |\n|---|---|---|---|---|---|---|\n"
        .to_owned();
    for metric in METRICS {
        let unit = match metric.unit {
            Unit::Count => "events",
            Unit::Bytes => "bytes",
            Unit::Nanoseconds => "nanoseconds",
        };
        let better = match metric.direction {
            Direction::LowerIsBetter => "lower",
            Direction::Neutral => "shown only",
        };
        let noise = match metric.noise {
            Noise::Exact => "exact",
            Noise::NearExact => "near-exact",
            Noise::Noisy => "noisy",
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {unit} | {better} | {noise} | `{}` | {} |",
            metric.id, metric.title, metric.lens, metric.help
        );
    }
    text
}

fn rules() -> String {
    let mut text = "## Rules\n\n\
        A finding needs growth beyond both limits: `soft` is relative, `hard` absolute. `deny` fails the build, `warn` and \
        `note` do not, `allow` is switched off. `perfkit.toml` sets all three per rule.\n\n\
        Rules about metrics speak in `cargo perfkit run` and `compare`, those about timings in `compare` alone:\n\n\
        | rule | level | metric | soft | hard |\n|---|---|---|---|---|\n"
        .to_owned();
    for rule in RULES {
        let Check::Metrics(check) = rule.check else {
            continue;
        };
        let (selected, unit) = selection(check.selector);
        let hard = Quantity {
            value: rule.limits.hard,
            unit,
        };
        let _ = writeln!(
            text,
            "| [`{id}`](#{id}) | {} | {selected} | {} % | {hard} |",
            level(rule.level),
            rule.limits.soft * 100.0,
            id = rule.id,
        );
    }
    text.push_str(
        "\nRules about types speak in `cargo perfkit lint` and `compare`. A type gets one finding, of the first rule that speaks:\n\n\
        | rule | level | what is limited | soft | hard |\n|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let Check::Types(check) = rule.check else {
            continue;
        };
        let _ = writeln!(
            text,
            "| [`{id}`](#{id}) | {} | {} | {} % | {} B |",
            level(rule.level),
            check.limited,
            rule.limits.soft * 100.0,
            rule.limits.hard,
            id = rule.id,
        );
    }
    for rule in RULES {
        let _ = write!(text, "\n### {}\n\n{}\n", rule.id, rule.explain.trim());
    }
    text
}

fn selection(selector: Selector) -> (String, Unit) {
    match selector {
        Selector::Metric(id) => (
            format!("`{id}`"),
            metric(id).map_or(Unit::Count, |metric| metric.unit),
        ),
        Selector::EveryExact => ("every exact one".to_owned(), Unit::Count),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Note => "note",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}
