//! One page that holds the whole report: no network, no framework, opens from a file.
//!
//! The page forbids itself everything by a content security policy and allows its own script by its hash.
//! The stacks travel in a block of JSON, which browsers do not run. Without JavaScript the page shows
//! everything but the flamegraphs.

mod about;
mod case;
mod findings;
mod flame;
mod load;
mod palette;
mod stages;
mod trend;
mod types;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::digest::cases::{CaseDigest, cases, reasons};
use crate::digest::growth;
use crate::digest::verdict::headline;
use crate::{RenderError, View, text};

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = concat!(
    include_str!("html/flamegraph.js"),
    include_str!("html/report.js")
);

/// Writes the page.
///
/// # Errors
///
/// When the stacks have no JSON form or the writer refuses.
pub fn render(view: &View<'_>, writer: &mut impl Write) -> Result<(), RenderError> {
    let cases = cases(view);
    let palette = palette::Palette::new(&cases);
    let hash = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    let data = flame::json(&cases, &palette)?;
    let reasons = reasons(&cases);

    let mut body = String::new();
    verdict(&mut body, view, &cases);
    navigation(&mut body, &cases);
    findings::section(&mut body, view, &cases);
    findings::failures(&mut body, view);
    for (index, case) in cases.iter().enumerate() {
        case::section(&mut body, index, case, &reasons, &palette);
    }
    about::sentences(&mut body, "How costs grow", &growth::sentences(view));
    trend::section(&mut body, view);
    types::section(&mut body, view);
    about::reasons(&mut body, &reasons);
    about::sentences(&mut body, "Remarks", &view.comparison.remarks);
    about::passes(&mut body, view);
    about::environment(&mut body, view);
    about::lenses(&mut body, view);

    let title = escape(&headline(view, &cases).answer.to_lowercase());
    write!(
        writer,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>perfkit: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"top\"><span class=\"brand\">cargo perfkit</span>\
         <span class=\"when\">{}</span>\
         <button type=\"button\" id=\"theme\" hidden>Dark</button></header>\n\
         <main>\n{body}</main>\n\
         <footer>Written by cargo perfkit {}. Everything is in this page; it loads nothing.</footer>\n\
         <script type=\"application/json\" id=\"stacks\">{data}</script>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        escape(&[view.run.id.as_str(), view.run.started.as_str()].join(" ")),
        escape(&view.run.perfkit),
    )?;
    Ok(())
}

fn verdict(page: &mut String, view: &View<'_>, cases: &[CaseDigest<'_>]) {
    let headline = headline(view, cases);
    page.push_str(&format!(
        "<section class=\"verdict {}\">\n<h1>{}</h1>\n<p class=\"why\">{}</p>\n<ul class=\"scope\">",
        headline.class,
        headline.answer,
        sentence(&headline.sentence)
    ));
    for phrase in &headline.scope {
        page.push_str(&format!("<li>{}</li>", escape(phrase)));
    }
    page.push_str("</ul>\n");
    if !view.comparison.context.is_empty() {
        page.push_str("<div class=\"context\"><h2>What else differs between the sides</h2><ul>");
        for words in &view.comparison.context {
            page.push_str(&format!("<li>{}</li>", sentence(words)));
        }
        page.push_str("</ul></div>\n");
    }
    page.push_str("</section>\n");
}

/// Links to the cases, for a page with several.
fn navigation(page: &mut String, cases: &[CaseDigest<'_>]) {
    if cases.len() < 2 {
        return;
    }
    page.push_str("<nav aria-label=\"Cases\"><ul>");
    for (index, case) in cases.iter().enumerate() {
        let (class, mark) = case::state(case);
        page.push_str(&format!(
            "<li><a class=\"{class}\" href=\"#case-{index}\"><b aria-hidden=\"true\">{mark}</b> {}</a></li>",
            name(&case.case.id.to_string(), 60)
        ));
    }
    page.push_str("</ul></nav>\n");
}

/// Text for any place of the page: between tags and inside double quotes.
pub(crate) fn escape(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for character in text::plain(words).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            character => safe.push(character),
        }
    }
    safe
}

/// A shortened name, escaped.
fn name(words: &str, limit: usize) -> String {
    escape(&text::shortened(words, limit))
}

/// A message: what stands between backticks becomes code.
fn sentence(message: &str) -> String {
    let message = text::shortened(message, 1500);
    let spans = text::spans(&message).into_iter();
    spans
        .map(|(is_code, words)| match is_code {
            true => format!("<code>{}</code>", breakable(words)),
            false => escape(words),
        })
        .collect()
}

/// A path that may break a line after its separators, escaped.
fn breakable(path: &str) -> String {
    escape(path).replace("::", "::<wbr>").replace('/', "/<wbr>")
}
