//! `cargo perfkit explain`: what a rule, metric or lens means.

use perfkit_compare::rules::RULES;
use perfkit_model::lens::LENSES;
use perfkit_model::metric::{METRICS, Noise};

use crate::failure::Exit;
use crate::workspace::unknown;

/// Texts that belong to no catalogue.
const TOPICS: [(&str, &str); 2] = [
    ("allocator", include_str!("../topics/allocator.txt")),
    ("perfkit.toml", include_str!("../topics/perfkit.toml.txt")),
];

/// Runs the command.
pub(crate) fn explain(id: Option<&str>) -> anyhow::Result<Exit> {
    let Some(id) = id else {
        return super::print(&index());
    };
    if let Some(rule) = RULES.iter().find(|rule| rule.id == id) {
        return super::print(&format!("{id}\n\n{}\n", rule.explain.trim()));
    }
    if let Some(metric) = METRICS.iter().find(|metric| metric.id == id) {
        let noise = match metric.noise {
            Noise::Exact => {
                "exact where all iterations agree; judged against any baseline of the same toolchain"
            }
            Noise::NearExact => "near-exact; judged against the spread that was seen",
            Noise::Noisy => {
                "noisy; shown, and judged only when both sides are measured in one session"
            }
        };
        return super::print(&format!(
            "{id}: {}\n\n{}\nNoise: {noise}.\nLens: {}\n",
            metric.title, metric.help, metric.lens
        ));
    }
    if let Some(lens) = LENSES.iter().find(|lens| lens.id == id) {
        return super::print(&format!(
            "{id}\n\nSees by: {}.\nBlind to: {}.\nWorks on: {}.\nTaken by default: {}.\n",
            lens.how,
            lens.blind,
            lens.platforms,
            if lens.default {
                "yes"
            } else {
                "no, ask with `--lens`"
            }
        ));
    }
    if let Some((_, text)) = TOPICS.iter().find(|(topic, _)| *topic == id) {
        return super::print(text);
    }
    Err(unknown("rule, metric, lens or topic", id, known().into_iter()).into())
}

fn known() -> Vec<&'static str> {
    let rules = RULES.iter().map(|rule| rule.id);
    let metrics = METRICS.iter().map(|metric| metric.id);
    let lenses = LENSES.iter().map(|lens| lens.id);
    rules
        .chain(metrics)
        .chain(lenses)
        .chain(TOPICS.iter().map(|(topic, _)| *topic))
        .collect()
}

fn index() -> String {
    let list = |title: &str, rows: Vec<(&str, &str)>| {
        let lines: Vec<String> = rows
            .iter()
            .map(|(id, about)| format!("  {id:<24}{about}\n"))
            .collect();
        format!("{title}:\n{}\n", lines.concat())
    };
    [
        list(
            "Rules",
            RULES
                .iter()
                .map(|rule| {
                    (
                        rule.id,
                        rule.explain.trim().lines().next().unwrap_or_default(),
                    )
                })
                .collect(),
        ),
        list(
            "Metrics",
            METRICS
                .iter()
                .map(|metric| (metric.id, metric.help))
                .collect(),
        ),
        list(
            "Lenses",
            LENSES.iter().map(|lens| (lens.id, lens.how)).collect(),
        ),
        list(
            "Topics",
            vec![
                ("allocator", "two global allocators in one program"),
                ("perfkit.toml", "every setting"),
            ],
        ),
    ]
    .concat()
}
