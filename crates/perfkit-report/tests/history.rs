//! What `cargo perfkit history` prints of the sample's history.

#[expect(dead_code, reason = "the other tests use the rest of the sample")]
mod sample;

use perfkit_model::history::{Series, Step};
use perfkit_report::RenderError;
use perfkit_report::history::{HistoryView, json, show, steps};
use perfkit_report::terminal::Options;

const OPTIONS: Options = Options {
    colour: false,
    width: 100,
};

fn check(
    metrics: &[&str],
    render: impl Fn(&HistoryView<'_>, &mut Vec<u8>) -> Result<(), RenderError>,
) -> String {
    let sample = sample::sample();
    let history = &sample.history;
    let cases = history.cases().into_iter();
    let series: Vec<Series> = cases
        .flat_map(|case| metrics.iter().map(|metric| history.series(case, metric)))
        .filter(|series| !series.points.is_empty())
        .collect();
    let view = HistoryView {
        target: "x86_64-unknown-linux-gnu",
        history,
        series: &series,
        steps: &sample.steps,
    };
    let mut bytes = Vec::new();
    render(&view, &mut bytes).expect("memory takes every write");
    String::from_utf8(bytes).expect("formats are UTF-8")
}

#[test]
fn sparklines_of_all_cases() {
    insta::assert_snapshot!(check(
        &["time.cpu", "heap.allocs", "memcpy.bytes"],
        |view, bytes| show(view, &OPTIONS, bytes)
    ));
}

#[test]
fn values_of_one_series() {
    insta::assert_snapshot!(check(&["time.cpu"], |view, bytes| show(
        view, &OPTIONS, bytes
    )));
}

#[test]
fn steps_newest_first() {
    insta::assert_snapshot!(check(&["time.cpu", "heap.allocs"], |view, bytes| steps(
        view, &OPTIONS, bytes
    )));
}

#[test]
fn values_for_programs() {
    insta::assert_snapshot!(check(&["time.cpu"], json));
}

/// Lines of a history may come from anybody who can open a pull request.
#[test]
fn hostile_words_stay_words() {
    for words in [
        "\u{1b}[31mred\u{7}",
        "two\nlines\r",
        "safe\u{202e}evil\u{200b}",
        "$(touch /tmp/x); `id`",
        &"x".repeat(10_000),
        "",
    ] {
        let mut sample = sample::sample();
        for entry in &mut sample.history.entries {
            entry.revision = words.to_owned();
            entry.time = words.to_owned();
            for case in &mut entry.cases {
                case.id.workload = words.to_owned();
                case.exact = [
                    (words.to_owned(), f64::MAX),
                    ("heap.bytes".to_owned(), -1.0),
                ]
                .into();
            }
        }
        let case = sample.history.entries[0].cases[0].id.clone();
        let step = Step {
            case: case.clone(),
            metric: words.to_owned(),
            entry: 11,
            revision: words.to_owned(),
            time: words.to_owned(),
            previous: words.to_owned(),
            before: f64::MIN_POSITIVE,
            after: f64::MAX,
            exact: true,
            also: vec![words.to_owned()],
        };
        let view = HistoryView {
            target: words,
            history: &sample.history,
            series: &[sample.history.series(&case, words)],
            steps: &[step],
        };
        let mut texts = Vec::new();
        show(&view, &OPTIONS, &mut texts).expect("memory takes every write");
        steps(&view, &OPTIONS, &mut texts).expect("memory takes every write");
        let text = String::from_utf8(texts.clone()).expect("formats are UTF-8");
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(130), "{longest:?} of {words:?}: {text}");
        assert!(!text.contains("git log"), "{text}");
        json(&view, &mut texts).expect("memory takes every write");
        let text = String::from_utf8(texts).expect("formats are UTF-8");
        for bad in ['\u{1b}', '\u{7}', '\r', '\u{202e}', '\u{200b}'] {
            assert!(!text.contains(bad), "{bad:?} of {words:?}");
        }
    }
}
