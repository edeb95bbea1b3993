//! How the numbers came about: reasons, passes, the environment, and what the lenses cannot see.

use perfkit_model::lens::LENSES;
use perfkit_model::run::Outcome;

use super::{escape, name, sentence};
use crate::digest::cases::Reason;
use crate::{View, text};

pub(super) fn reasons(page: &mut String, reasons: &[Reason<'_>]) {
    if reasons.is_empty() {
        return;
    }
    page.push_str("<section class=\"about\">\n<h2>Not judged</h2>\n<ol class=\"reasons\">\n");
    for (index, reason) in reasons.iter().enumerate() {
        page.push_str(&format!(
            "<li id=\"reason-{}\">{} <span class=\"muted\">({}, {})</span></li>\n",
            index + 1,
            sentence(reason.reason),
            text::counted(reason.rows, "row", "rows"),
            escape(&reason.metrics.join(", "))
        ));
    }
    page.push_str("</ol>\n</section>\n");
}

/// A titled list, or nothing.
pub(super) fn sentences(page: &mut String, title: &str, sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    page.push_str(&format!(
        "<section class=\"about\">\n<h2>{title}</h2>\n<ul>\n"
    ));
    for words in sentences {
        page.push_str(&format!("<li>{}</li>\n", sentence(words)));
    }
    page.push_str("</ul>\n</section>\n");
}

pub(super) fn passes(page: &mut String, view: &View<'_>) {
    if view.run.cases.iter().all(|case| case.passes.is_empty()) {
        return;
    }
    page.push_str(
        "<section class=\"about\">\n<h2>Passes</h2>\n<div class=\"scroll\"><table><thead><tr><th>Case</th>\
         <th>Pass</th><th class=\"n\">Iterations</th><th class=\"n\">Seconds</th><th>Outcome</th></tr></thead>\n<tbody>\n",
    );
    for case in &view.run.cases {
        for pass in &case.passes {
            let outcome = match &pass.outcome {
                Outcome::Measured => "measured".to_owned(),
                Outcome::NotAvailable { reason } => format!("not available: {}", sentence(reason)),
                Outcome::Failed { message, .. } => {
                    format!("<b class=\"bad\">failed</b>: {}", sentence(message))
                }
            };
            let notes = pass
                .notes
                .iter()
                .map(|note| format!("<div class=\"at\">{}</div>", sentence(note)));
            let seconds = if pass.seconds.is_finite() {
                format!("{:.2}", pass.seconds)
            } else {
                text::NO_VALUE.to_owned()
            };
            page.push_str(&format!(
                "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{seconds}</td><td>{outcome}{}</td></tr>\n",
                name(&case.id.to_string(), 80),
                pass.pass.as_str(),
                pass.iterations,
                notes.collect::<String>()
            ));
        }
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

pub(super) fn environment(page: &mut String, view: &View<'_>) {
    let environment = &view.run.environment;
    let list = |items: &[String]| items.join(", ");
    let variables: Vec<String> = environment
        .variables
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let moves = match environment.annotated_moves {
        true => "named by the compiler",
        false => "not annotated: types are candidates, found by size",
    };
    let processors = match environment.processors {
        0 => String::new(),
        count => format!("{} × {count}", environment.processor),
    };
    let rows = [
        ("Compiler", environment.rustc.clone()),
        ("Target", environment.target.clone()),
        ("Build", list(&environment.build)),
        ("Differs from release", environment.differences.join("; ")),
        ("Moved types", moves.to_owned()),
        ("Processor", processors),
        ("System", environment.os.clone()),
        ("C library", environment.libc.clone()),
        ("Variables", list(&variables)),
        ("Revision", environment.revision.clone().unwrap_or_default()),
        ("Cargo.lock", environment.lockfile.clone()),
    ];
    page.push_str("<section class=\"about\">\n<h2>Environment</h2>\n<dl class=\"facts\">\n");
    for (term, words) in rows.iter().filter(|(_, words)| !words.is_empty()) {
        page.push_str(&format!("<dt>{term}</dt><dd>{}</dd>\n", sentence(words)));
    }
    page.push_str("</dl>\n</section>\n");
}

/// What the lenses of this run see and cannot see, from the catalogue.
pub(super) fn lenses(page: &mut String, view: &View<'_>) {
    let passes = || view.run.cases.iter().flat_map(|case| &case.passes);
    let used = LENSES.iter().filter(|lens| match lens.pass {
        Some(own) => passes().any(|pass| pass.pass == own && pass.outcome == Outcome::Measured),
        None => !view.run.types.is_empty(),
    });
    let mut used = used.peekable();
    if used.peek().is_none() {
        return;
    }
    page.push_str(
        "<section class=\"about\">\n<h2>How it was seen</h2>\n<div class=\"scroll\"><table class=\"lenses\">\
         <thead><tr><th>Lens</th><th>How it sees</th><th>What it cannot see</th></tr></thead>\n<tbody>\n",
    );
    for lens in used {
        page.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
            lens.id,
            escape(lens.how),
            escape(lens.blind)
        ));
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}
