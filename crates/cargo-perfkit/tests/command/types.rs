//! `cargo perfkit types`: what is large, why, and every part of one type.

use insta::assert_snapshot;
use serde_json::Value;

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    Sandbox::service().built()
}

#[test]
fn table_tree_and_nothing() {
    let sandbox = sandbox();
    for (what, arguments) in [
        ("table", vec!["--limit", "4"]),
        ("futures", vec!["--futures", "--limit", "3"]),
        ("tree", vec!["service::Order"]),
        (
            "tree_of_a_future",
            vec!["async block in service::book_by_value"],
        ),
        ("nothing", vec!["NoSuchType"]),
        ("only_elsewhere", vec!["tokio::runtime"]),
    ] {
        let outcome =
            sandbox.perfkit(&[&["types", "--bench", "orders", "--quiet"], &arguments[..]].concat());
        assert_snapshot!(format!("types_{what}"), outcome.text());
    }
}

#[test]
fn json_names_what_carries_the_size() {
    let sandbox = sandbox();
    let arguments = [
        "types",
        "book_by_value",
        "--min-size",
        "0",
        "--bench",
        "orders",
        "--format",
        "json",
    ];
    let outcome = sandbox.perfkit(&arguments);
    let document: Value = serde_json::from_str(&outcome.stdout).expect("JSON on stdout");
    let named = |name: &str| {
        let types = document["types"].as_array().expect("a list");
        let found = types.iter().find(|ty| ty["name"] == name);
        found
            .unwrap_or_else(|| panic!("{name} is not in {}", outcome.stdout))
            .clone()
    };
    let block = named("async block in service::book_by_value");
    assert_eq!(block["chain"][0]["name"], "order");
    assert_eq!(block["chain"][0]["size"], 4104);
    assert_eq!(block["chain"][1]["name"], "document");
    assert_eq!(block["chain"][1]["type"], "[u8; 4096]");
    assert_eq!(block["place"]["file"], "src/lib.rs");
    let future = named("async fn service::book_by_value");
    assert_eq!(future["kind"], "async-fn");
    assert!(document["binaries"][0]["crates"]["tokio"].as_u64() > Some(10_000));
}
