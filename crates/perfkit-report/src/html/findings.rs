//! Findings as cards, and passes that failed.

use perfkit_model::comparison::{Cause, Finding};
use perfkit_model::lint::TypeFinding;
use perfkit_model::metric::{self, Unit};
use perfkit_model::run::Outcome;

use super::{breakable, name, sentence};
use crate::digest::cases::{self, CaseDigest};
use crate::{View, text};

/// Causes shown per finding.
const MOST_CAUSES: usize = 12;

pub(super) fn section(page: &mut String, view: &View<'_>, cases: &[CaseDigest<'_>]) {
    let mut findings = cases::findings(view).peekable();
    let types = &view.comparison.types;
    if findings.peek().is_none() && types.is_empty() {
        return;
    }
    page.push_str("<section class=\"findings\">\n<h2>Findings</h2>\n");
    for finding in findings {
        let index = cases.iter().position(|case| case.case.id == finding.case);
        card(page, finding, index);
    }
    for finding in types {
        type_card(page, finding);
    }
    page.push_str("</section>\n");
}

fn card(page: &mut String, finding: &Finding, case: Option<usize>) {
    let level = text::level(finding.level);
    let title = name(&finding.case.to_string(), 80);
    let title = match case {
        Some(index) => format!("<a href=\"#case-{index}\">{title}</a>"),
        None => title,
    };
    let unit = metric::metric(&finding.metric).map_or(Unit::Count, |metric| metric.unit);
    page.push_str(&format!(
        "<article class=\"finding {level}\">\n<p class=\"tags\"><span class=\"level\">{level}</span>\
         <code>{}</code><span>{title}</span></p>\n<h3>{}</h3>\n",
        name(&finding.rule, 80),
        sentence(&finding.message)
    ));
    causes(page, &finding.causes, unit);
    if let Some(cause) = finding.causes.iter().find(|cause| !cause.stack.is_empty()) {
        page.push_str(
            "<details><summary>Stack of the heaviest cause</summary><ol class=\"stack\">",
        );
        for frame in &cause.stack {
            page.push_str(&format!(
                "<li><code>{}</code></li>",
                breakable(&text::shortened(frame, 400))
            ));
        }
        page.push_str("</ol></details>\n");
    }
    page.push_str("<dl class=\"advice\">");
    for grown in &finding.because {
        page.push_str(&format!(
            "<dt>Because</dt><dd>{}</dd>",
            sentence(&grown.message)
        ));
    }
    if !finding.symptoms.is_empty() {
        let symptoms = finding.symptoms.iter();
        let lines: Vec<String> = symptoms.map(|symptom| sentence(&symptom.message)).collect();
        page.push_str(&format!("<dt>Also</dt><dd>{}</dd>", lines.join("<br>")));
    }
    for (term, words) in [("Remedy", &text::remedy(finding)), ("Gain", &finding.gain)] {
        if let Some(words) = words {
            page.push_str(&format!("<dt>{term}</dt><dd>{}</dd>", sentence(words)));
        }
    }
    page.push_str(&format!(
        "<dt>More</dt><dd><code>cargo perfkit explain {}</code></dd></dl>\n</article>\n",
        name(&finding.rule, 80)
    ));
}

/// A type that grew.
fn type_card(page: &mut String, finding: &TypeFinding) {
    let level = text::level(finding.level);
    let place = finding.place.as_ref();
    let place = place.map(|place| text::location(&place.file, place.line));
    page.push_str(&format!(
        "<article class=\"finding {level}\">\n<p class=\"tags\"><span class=\"level\">{level}</span>\
         <code>{}</code><span>{}</span></p>\n<h3>{}</h3>\n<dl class=\"advice\">",
        name(&finding.rule, 80),
        breakable(&text::shortened(&place.unwrap_or_default(), 200)),
        sentence(&finding.message)
    ));
    let why = crate::types::chain_words(&finding.chain);
    for (term, words) in [("Why", &why), ("Remedy", &finding.remedy)] {
        if let Some(words) = words {
            page.push_str(&format!("<dt>{term}</dt><dd>{}</dd>", sentence(words)));
        }
    }
    page.push_str(&format!(
        "<dt>More</dt><dd><code>cargo perfkit explain {}</code></dd></dl>\n</article>\n",
        name(&finding.rule, 80)
    ));
}

fn causes(page: &mut String, causes: &[Cause], unit: Unit) {
    if causes.is_empty() {
        return;
    }
    page.push_str(
        "<div class=\"scroll\"><table class=\"causes\"><thead><tr><th class=\"n\">Share</th><th class=\"meter\"></th><th>Cause</th>\
         <th class=\"n\">Base</th><th class=\"n\">Head</th></tr></thead>\n<tbody>\n",
    );
    for cause in causes.iter().take(MOST_CAUSES) {
        let width = if cause.share.is_finite() {
            (cause.share * 100.0).clamp(0.0, 100.0)
        } else {
            0.0
        };
        let moved = cause.ty.as_ref().map(|ty| {
            let (verb, name, size) = text::moved(ty);
            format!(
                "<div class=\"moved\">{verb} <code>{}</code> {size}</div>",
                breakable(&text::shortened(&name, 200))
            )
        });
        let location = match cause.location.as_str() {
            "" => String::new(),
            location => format!(
                "<div class=\"at\">{}</div>",
                breakable(&text::shortened(location, 200))
            ),
        };
        page.push_str(&format!(
            "<tr><td class=\"n share\">{}</td><td class=\"meter\"><span><i style=\"width:{width:.1}%\"></i></span></td>\
             <td><code>{}</code>{location}{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
            text::percent(cause.share),
            breakable(&text::shortened(&text::cause(cause), 200)),
            moved.unwrap_or_default(),
            text::value(cause.base, unit),
            text::value(cause.head, unit)
        ));
    }
    page.push_str("</tbody></table></div>\n");
    let more = causes.len().saturating_sub(MOST_CAUSES);
    if more > 0 {
        let words = text::counted(more, "smaller cause", "smaller causes");
        page.push_str(&format!("<p class=\"note\">and {words}</p>\n"));
    }
}

/// Passes that failed, with what is known about why.
pub(super) fn failures(page: &mut String, view: &View<'_>) {
    let mut failures = view.run.failures().peekable();
    if failures.peek().is_none() {
        return;
    }
    page.push_str("<section class=\"findings\">\n<h2>Failed passes</h2>\n");
    for (case, pass) in failures {
        let Outcome::Failed {
            message,
            hint,
            stderr,
        } = &pass.outcome
        else {
            continue;
        };
        page.push_str(&format!(
            "<article class=\"finding deny\">\n<p class=\"tags\"><span class=\"level\">failed</span>\
             <code>{} pass</code><span>{}</span></p>\n<h3>{}</h3>\n",
            pass.pass.as_str(),
            name(&case.id.to_string(), 80),
            sentence(message)
        ));
        if let Some(hint) = hint {
            page.push_str(&format!(
                "<dl class=\"advice\"><dt>Hint</dt><dd>{}</dd></dl>\n",
                sentence(hint)
            ));
        }
        let lines: Vec<&str> = stderr.lines().collect();
        if !lines.is_empty() {
            let last = &lines[lines.len().saturating_sub(40)..];
            let last: Vec<String> = last.iter().map(|line| name(line, 500)).collect();
            page.push_str(&format!(
                "<details><summary>The end of its stderr</summary><pre>{}</pre></details>\n",
                last.join("\n")
            ));
        }
        page.push_str("</article>\n");
    }
    page.push_str("</section>\n");
}
