//! Latency over the rate of requests: a drawing and the table behind it.

use perfkit_model::load::Latency;

use super::escape;
use crate::digest::cases::CaseDigest;
use crate::digest::load::{Load, TITLES, load};

/// Size of the drawing, in its own units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 150.0;
const MARGIN: f64 = 8.0;

pub(super) fn section(page: &mut String, case: &CaseDigest<'_>) {
    let Some(of_head) = load(case.case) else {
        return;
    };
    page.push_str("<h3>Latency under load <small>from the moment a request was due</small></h3>\n");
    if let Some(of_base) = case.base.and_then(load) {
        sentence(page, "base: ", &of_base);
    }
    sentence(page, "", &of_head);
    chart(page, &of_head);
    table(page, &of_head);
}

fn sentence(page: &mut String, side: &str, load: &Load<'_>) {
    page.push_str("<p class=\"units\">");
    for (index, phrase) in load.phrases().iter().enumerate() {
        let side = if index == 0 { side } else { "" };
        page.push_str(&format!("<span>{side}{}</span>", escape(phrase)));
    }
    page.push_str("</p>\n");
}

/// A percentile: its name, its column in the table, and its value.
type Quantile = (&'static str, usize, fn(&Latency) -> f64);

/// Both axes are logarithmic: rates double, and latencies explode.
fn chart(page: &mut String, load: &Load<'_>) {
    let quantiles: [Quantile; 2] = [("p50", 3, |it| it.p50), ("p99", 5, |it| it.p99)];
    let steps = load.steps;
    let rates = scale(steps.iter().map(|step| step.rate));
    let latencies = scale(
        steps
            .iter()
            .flat_map(|step| quantiles.iter().map(|(_, _, of)| of(&step.latency))),
    );
    let x = |rate: f64| MARGIN + (WIDTH - 2.0 * MARGIN) * rates(rate);
    let y = |latency: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * latencies(latency);
    page.push_str(&format!(
        "<figure class=\"chart load\"><figcaption><span><b class=\"p50\">p50</b> and <b class=\"p99\">p99</b> over requests per second, both logarithmic; \
         the line is the knee</span></figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"latency over rate, {} \
         steps\">\n",
        steps.len()
    ));
    if let Some(knee) = load.knee.and_then(|knee| steps.get(knee)) {
        page.push_str(&format!(
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{HEIGHT}\"/>",
            x = x(knee.rate)
        ));
    }
    let rows = load.rows();
    for (name, column, of) in quantiles {
        let points: Vec<String> = steps
            .iter()
            .map(|step| format!("{:.1},{:.1}", x(step.rate), y(of(&step.latency))))
            .collect();
        page.push_str(&format!(
            "<polyline class=\"{name}\" points=\"{}\"/>\n",
            points.join(" ")
        ));
        for (step, row) in steps.iter().zip(&rows) {
            let words = format!("{name} {} at {}/s", row[column], row[0]);
            page.push_str(&format!(
                "<circle class=\"{name}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"><title>{}</title></circle>",
                x(step.rate),
                y(of(&step.latency)),
                escape(&words),
            ));
        }
    }
    page.push_str("</svg></figure>\n");
}

fn table(page: &mut String, load: &Load<'_>) {
    page.push_str("<div class=\"scroll\"><table class=\"ranking\"><thead><tr>");
    for title in TITLES {
        page.push_str(&format!("<th class=\"n\">{title}</th>"));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (index, row) in load.rows().iter().enumerate() {
        page.push_str(if load.knee == Some(index) {
            "<tr class=\"knee\">"
        } else {
            "<tr>"
        });
        for cell in row {
            page.push_str(&format!("<td class=\"n\">{}</td>", escape(cell)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

/// Where the logarithm of a value lies in the range of all, from 0 to 1.
fn scale(values: impl Iterator<Item = f64>) -> impl Fn(f64) -> f64 {
    let log = |value: f64| value.max(1.0).ln();
    let (least, most) = values
        .map(log)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |range, value| {
            (range.0.min(value), range.1.max(value))
        });
    move |value| {
        let share = (log(value) - least) / (most - least);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.5
        }
    }
}
