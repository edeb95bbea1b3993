//! Whole outputs of the sample view in every format.

mod sample;

use perfkit_report::{Selection, View, folded, json, markdown, terminal};

fn rendered(render: impl FnOnce(&View<'_>, &mut Vec<u8>)) -> String {
    let sample = sample::sample();
    let mut bytes = Vec::new();
    render(&sample.view(), &mut bytes);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn terminal() {
    let options = terminal::Options { colour: false, width: 100 };
    let text = rendered(|view, bytes| terminal::render(view, &options, bytes).unwrap());
    insta::assert_snapshot!(text);
}

#[test]
fn markdown() {
    let text = rendered(|view, bytes| markdown::render(view, bytes).unwrap());
    insta::assert_snapshot!(text);
}

#[test]
fn json() {
    let text = rendered(|view, bytes| json::render(view, bytes).unwrap());
    insta::assert_snapshot!(text);
}

#[test]
fn folded() {
    let text = rendered(|view, bytes| {
        let selection = Selection { case: &view.run.cases[0].id, metric: "memcpy.bytes" };
        folded::render(view, &selection, bytes).unwrap();
    });
    insta::assert_snapshot!(text);
}
