//! One case: what it costs, where the time goes, what it moves and allocates.

use perfkit_model::comparison::Judgement;
use perfkit_model::metric::{Noise, Unit};
use perfkit_model::quantity::grouped;
use perfkit_model::run::Outcome;

use super::palette::Palette;
use super::{breakable, escape, name};
use crate::digest::cases::{CaseDigest, Reason, TableRow};
use crate::digest::parts::{Parts, parts};
use crate::digest::sites::sites;
use crate::digest::types::moves;
use crate::text;

/// Rows of the tables of types and sites.
const MOST_ROWS: usize = 15;

/// How a case fared: a class and a mark.
pub(super) fn state(case: &CaseDigest<'_>) -> (&'static str, &'static str) {
    let failed =
        |pass: &perfkit_model::run::PassRecord| matches!(pass.outcome, Outcome::Failed { .. });
    if case.judged(&Judgement::Worse) > 0 || case.case.passes.iter().any(failed) {
        ("worse", "✗")
    } else if case.judged(&Judgement::Better) > 0 {
        ("better", "✓")
    } else if case.judged(&Judgement::Same) > 0 {
        ("same", "=")
    } else {
        ("not-judged", "?")
    }
}

pub(super) fn section(
    page: &mut String,
    index: usize,
    case: &CaseDigest<'_>,
    reasons: &[Reason<'_>],
    palette: &Palette,
) {
    let id = &case.case.id;
    page.push_str(&format!(
        "<section class=\"case\" id=\"case-{index}\">\n<h2>{}</h2>\n<p class=\"units\">",
        name(&id.to_string(), 120)
    ));
    for phrase in case.throughput() {
        page.push_str(&format!("<span>{}</span>", escape(&phrase)));
    }
    let place = [id.package.as_str(), id.target.as_str(), id.runtime.as_str()];
    let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
    page.push_str(&format!(
        "<span class=\"place\">{}</span></p>\n",
        name(&place.join(" · "), 200)
    ));
    let busy = case.busy();
    if !busy.is_empty() {
        page.push_str("<p class=\"units\">");
        for phrase in busy {
            page.push_str(&format!("<span>{}</span>", escape(&phrase)));
        }
        page.push_str("</p>\n");
    }
    if case.is_quiet() {
        let same = text::counted(case.judged(&Judgement::Same), "metric", "metrics");
        page.push_str(&format!("<p class=\"quiet\">No change in {same}.</p>\n"));
        time_bar(page, case, palette);
        page.push_str("<details class=\"fold\"><summary>Numbers</summary>\n");
        metrics(page, case, reasons);
        page.push_str("</details>\n");
    } else {
        metrics(page, case, reasons);
        time_bar(page, case, palette);
    }
    super::load::section(page, case);
    super::stages::section(page, case);
    if super::flame::has_graph(case) {
        page.push_str(&format!(
            "<h3>Flamegraphs</h3>\n<div class=\"flame\" data-case=\"{index}\"><noscript>The flamegraphs need \
             JavaScript; everything else on this page does not.</noscript></div>\n"
        ));
    }
    moved_types(page, case);
    allocation_sites(page, case);
    page.push_str("</section>\n");
}

fn metrics(page: &mut String, case: &CaseDigest<'_>, reasons: &[Reason<'_>]) {
    if case.rows.is_empty() && case.shows_otherwise() {
        return;
    }
    if case.rows.is_empty() {
        page.push_str("<p class=\"quiet\">No metric was measured.</p>\n");
        return;
    }
    // Without a base there is nothing to show under base, change and the smallest effect.
    let alone = match case.rows.iter().any(|row| row.base.is_some()) {
        true => "",
        false => " alone",
    };
    page.push_str(&format!(
        "<div class=\"scroll\"><table class=\"metrics{alone}\"><thead><tr><th>Metric</th><th class=\"n\">Base</th>\
         <th class=\"n\">Head</th><th class=\"n\">Change</th><th>Judgement</th>\
         <th class=\"n wide\">Sees from</th><th class=\"n wide\">Per item</th><th class=\"wide\">Repeats</th>\
         </tr></thead>\n<tbody>\n"
    ));
    for row in &case.rows {
        let (class, judgement) = judgement(row, reasons);
        let repeats = match row.noise {
            Some(Noise::Exact) => "exactly",
            Some(Noise::NearExact) => "nearly",
            Some(Noise::Noisy) => "with noise",
            None => "",
        };
        let help = row
            .metric
            .map(|metric| format!(" title=\"{}\"", escape(metric.help)));
        let per_item = case.per_item(row).map(|value| text::value(value, row.unit));
        page.push_str(&format!(
            "<tr class=\"{class}\"><th scope=\"row\"{}>{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n change\">{}</td><td class=\"judgement\">{judgement}</td><td class=\"n wide\">{}</td>\
             <td class=\"n wide\">{}</td><td class=\"wide\">{repeats}</td></tr>\n",
            help.unwrap_or_default(),
            escape(&row.title),
            text::optional(row.base, row.unit),
            text::optional(row.head, row.unit),
            row.change(),
            row.sees(),
            per_item.unwrap_or_default(),
        ));
    }
    page.push_str("</tbody></table></div>\n");
}

fn judgement(row: &TableRow<'_>, reasons: &[Reason<'_>]) -> (&'static str, String) {
    let number = row
        .reason
        .and_then(|reason| reasons.iter().position(|it| it.reason == reason))
        .map(|index| {
            let number = index + 1;
            format!(" <a class=\"why\" href=\"#reason-{number}\">{number}</a>")
        })
        .unwrap_or_default();
    match row.judgement {
        Some(judgement) => {
            let (mark, word) = text::judgement(judgement);
            let class = match judgement {
                Judgement::Same => "same",
                Judgement::Better => "better",
                Judgement::Worse => "worse",
                Judgement::NotJudged { .. } => "not-judged",
            };
            (
                class,
                format!(
                    "<b aria-hidden=\"true\">{mark}</b> <span class=\"word\">{word}</span>{number}"
                ),
            )
        }
        None if number.is_empty() => ("not-judged", String::new()),
        None => (
            "not-judged",
            format!("<b aria-hidden=\"true\">?</b> <span class=\"word\">not judged</span>{number}"),
        ),
    }
}

fn time_bar(page: &mut String, case: &CaseDigest<'_>, palette: &Palette) {
    let Some(parts) = parts(case.case, case.base) else {
        return;
    };
    page.push_str("<h3>Where the time goes</h3>\n<div class=\"time\">\n");
    if let Some(samples) = parts.base_samples {
        bar(page, "base", samples, &parts, palette, |part| {
            part.base.unwrap_or(0)
        });
    }
    bar(page, "head", parts.samples, &parts, palette, |part| {
        part.head
    });
    page.push_str("<ul class=\"legend\">");
    for (index, part) in parts.parts.iter().enumerate() {
        let base = part
            .base
            .map(|base| format!("<span>{} →</span> ", tenths(base)));
        let margin = if index == 0 {
            format!(" <span>±{:.1}</span>", parts.margin * 100.0)
        } else {
            String::new()
        };
        page.push_str(&format!(
            "<li><i class=\"{}\"></i>{} <b>{}{} %</b>{margin}</li>",
            palette.class(part.category.as_ref()),
            escape(&part.label),
            base.unwrap_or_default(),
            tenths(part.head)
        ));
    }
    page.push_str("</ul>\n</div>\n");
}

/// One side's bar. A label that does not fit is hidden whole by the style sheet; the legend has them all.
fn bar(
    page: &mut String,
    side: &str,
    samples: u64,
    parts: &Parts,
    palette: &Palette,
    share: impl Fn(&crate::digest::parts::Part) -> u32,
) {
    page.push_str(&format!(
        "<div class=\"side\"><span>{side}</span><div class=\"bar\">"
    ));
    for part in &parts.parts {
        let thousandths = share(part);
        if thousandths == 0 {
            continue;
        }
        let label = escape(&part.label);
        page.push_str(&format!(
            "<i class=\"{}\" style=\"flex-grow:{thousandths}\" title=\"{label} {} %\">{label}</i>",
            palette.class(part.category.as_ref()),
            tenths(thousandths)
        ));
    }
    page.push_str(&format!(
        "</div><span class=\"count\">{} samples</span></div>\n",
        grouped(samples)
    ));
}

fn tenths(thousandths: u32) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

fn moved_types(page: &mut String, case: &CaseDigest<'_>) {
    let moves = moves(case.case, case.base);
    if moves.moves.is_empty() {
        return;
    }
    page.push_str(
        "<h3>Types moved by memcpy <small>per iteration</small></h3>\n<div class=\"scroll\">\
         <table class=\"ranking\"><thead><tr><th>Type</th><th class=\"n\">Size</th><th>Moved in</th>\
         <th class=\"n\">Moves</th><th class=\"n\">Base</th><th class=\"n\">Head</th></tr></thead>\n<tbody>\n",
    );
    for it in moves.moves.iter().take(MOST_ROWS) {
        let candidate = if it.is_candidate {
            " <span class=\"guess\">candidate, by size</span>"
        } else {
            ""
        };
        page.push_str(&format!(
            "<tr><td><code>{}</code>{candidate}</td><td class=\"n\">{} B</td><td><code>{}</code>{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n strong\">{}</td></tr>\n",
            breakable(&text::shortened(&it.ty, 200)),
            grouped(it.size),
            breakable(&text::shortened(&it.function, 200)),
            at(&it.location),
            text::optional(it.head.1, Unit::Count),
            text::optional(case.base.map(|_| it.base.0), Unit::Bytes),
            text::value(it.head.0, Unit::Bytes)
        ));
    }
    page.push_str("</tbody></table></div>\n");
    more(page, moves.moves.len());
    if moves.unnamed > 0.0 {
        page.push_str(&format!(
            "<p class=\"note\">Besides, {} of slices and others whose type is not named.</p>\n",
            text::value(moves.unnamed, Unit::Bytes)
        ));
    }
}

fn allocation_sites(page: &mut String, case: &CaseDigest<'_>) {
    let sites = sites(case.case, case.base);
    if sites.is_empty() {
        return;
    }
    page.push_str(
        "<h3>Allocation sites <small>per iteration</small></h3>\n<div class=\"scroll\">\
         <table class=\"ranking\"><thead><tr><th>Function</th><th class=\"n\">Allocations, base</th>\
         <th class=\"n\">head</th><th class=\"n\">Bytes, base</th><th class=\"n\">head</th></tr></thead>\n<tbody>\n",
    );
    for site in sites.iter().take(MOST_ROWS) {
        let base = case.base.map(|_| site.base);
        page.push_str(&format!(
            "<tr><td><code>{}</code>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n strong\">{}</td></tr>\n",
            breakable(&text::shortened(&site.function, 200)),
            at(&site.location),
            text::optional(base.map(|(_, allocs)| allocs), Unit::Count),
            text::value(site.head.1, Unit::Count),
            text::optional(base.map(|(bytes, _)| bytes), Unit::Bytes),
            text::value(site.head.0, Unit::Bytes)
        ));
    }
    page.push_str("</tbody></table></div>\n");
    more(page, sites.len());
}

fn at(location: &str) -> String {
    match location {
        "" => String::new(),
        location => format!(
            "<div class=\"at\">{}</div>",
            breakable(&text::shortened(location, 200))
        ),
    }
}

fn more(page: &mut String, count: usize) {
    if count > MOST_ROWS {
        page.push_str(&format!(
            "<p class=\"note\">and {} smaller</p>\n",
            count - MOST_ROWS
        ));
    }
}
