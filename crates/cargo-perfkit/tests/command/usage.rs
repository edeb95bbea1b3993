//! What cannot be understood: exit code 2, the nearest name, and what there is.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn unknown_workload() {
    let sandbox = Sandbox::service().built();
    assert_snapshot!(
        "unknown_workload_near",
        sandbox.perfkit(&["run", "ordesr"]).text()
    );
    assert_snapshot!(
        "unknown_workload_far",
        sandbox.perfkit(&["list", "zebra"]).text()
    );
}

#[test]
fn unknown_variant() {
    let sandbox = Sandbox::service().built();
    let unknown = ["run", "orders", "--variant", "waste"];
    assert_snapshot!("unknown_variant", sandbox.perfkit(&unknown).text());
    let of_another = ["run", "orders", "sizes", "--variant", "in-body"];
    assert_snapshot!(
        "variant_of_another_workload",
        sandbox.perfkit(&of_another).text()
    );
}

#[test]
fn unknown_names() {
    let sandbox = Sandbox::service();
    for (what, arguments) in [
        ("lens", &["run", "--lens", "heap,memcopy"][..]),
        ("package", &["run", "--package", "servic"]),
        ("bench_target", &["list", "--bench", "order"]),
        ("baseline", &["run", "--baseline", "mian"]),
        ("baseline_to_show", &["baseline", "show", "mian"]),
        ("baseline_to_remove", &["baseline", "remove", "mian"]),
        ("run", &["report", "20200101-000000"]),
        ("rule", &["explain", "copied-byte-grew"]),
        ("topic", &["explain", "weather"]),
        ("command", &["rnu"]),
        ("option", &["run", "--gat"]),
        ("format", &["run", "--format", "pdf"]),
        (
            "manifest",
            &["run", "--manifest-path", "nowhere/Cargo.toml"],
        ),
    ] {
        assert_snapshot!(format!("unknown_{what}"), sandbox.perfkit(arguments).text());
    }
}

#[test]
fn names_that_cannot_be() {
    let sandbox = Sandbox::service();
    for (what, arguments) in [
        // Told before anything is built or measured.
        ("saved_baseline", &["run", "--save-baseline", "../main"][..]),
        ("baseline", &["run", "--baseline", "a/b"]),
        ("removed_baseline", &["baseline", "remove", "../../etc"]),
        ("threshold", &["run", "--noise-threshold=-1"]),
        ("threshold_nan", &["run", "--noise-threshold", "nan"]),
        ("format_of_a_run", &["run", "--format", "svg"]),
    ] {
        assert_snapshot!(
            format!("impossible_{what}"),
            sandbox.perfkit(arguments).text()
        );
    }
}

#[test]
fn unknown_metric() {
    let sandbox = Sandbox::service().built();
    sandbox.prepare(&["run", "orders", "--lens", "heap"]);
    for (what, arguments) in [
        (
            "metric",
            &["report", "--format", "svg", "--metric", "heap.byte"][..],
        ),
        (
            "metric_not_taken",
            &["report", "--format", "svg", "--metric", "memcpy.bytes"],
        ),
        (
            "case",
            &[
                "report",
                "--format",
                "folded",
                "--case",
                "sizes",
                "--metric",
                "heap.bytes",
            ],
        ),
    ] {
        assert_snapshot!(
            format!("report_of_unknown_{what}"),
            sandbox.perfkit(arguments).text()
        );
    }
}

#[test]
fn no_run_yet() {
    let sandbox = Sandbox::service();
    assert_snapshot!("report_without_a_run", sandbox.perfkit(&["report"]).text());
    assert_snapshot!(
        "save_without_a_run",
        sandbox.perfkit(&["baseline", "save"]).text()
    );
    assert_snapshot!(
        "list_without_a_run",
        sandbox.perfkit(&["report", "--list"]).text()
    );
}

#[test]
fn settings_that_are_not_understood() {
    for (what, text) in [
        ("key", "time-limits = 3\n"),
        ("value", "time-limit = \"long\"\n"),
        ("rule", "[rules.copied-byte-grew]\nlevel = \"deny\"\n"),
        ("level", "[rules.copied-bytes-grew]\nlevel = \"fatal\"\n"),
        ("limit", "[rules.copied-bytes-grew]\nsoft = \"much\"\n"),
        (
            "accept_without_reason",
            "[[accept]]\nrule = \"copies-grew\"\nworkload = \"orders\"\n",
        ),
        ("accept_key", "[[accept]]\nrules = \"copies-grew\"\n"),
        ("syntax", "time-limit = = 3\n"),
    ] {
        let sandbox = Sandbox::copy_of("service", "");
        sandbox.write("perfkit.toml", text);
        assert_snapshot!(format!("settings_{what}"), sandbox.perfkit(&["run"]).text());
    }
    let sandbox = Sandbox::service().with("PERFKIT_TIME_LIMIT", "soon");
    assert_snapshot!("settings_variable", sandbox.perfkit(&["list"]).text());
}

#[test]
fn no_workspace() {
    let sandbox = Sandbox::of(&[("notes.txt", "no cargo here\n")]);
    assert_snapshot!(sandbox.perfkit(&["run"]).text());
}

#[test]
fn no_perfkit_dependency() {
    let sandbox = Sandbox::of(&[
        (
            "Cargo.toml",
            "[package]\nname = \"plain\"\nedition = \"2024\"\n",
        ),
        ("src/lib.rs", ""),
    ]);
    assert_snapshot!(sandbox.perfkit(&["run"]).text());
}

#[test]
fn no_bench_target() {
    let sandbox = Sandbox::of(&[
        (
            "Cargo.toml",
            "[package]\nname = \"plain\"\nedition = \"2024\"\n[dev-dependencies]\nperfkit = { path = \"perfkit\" }\n",
        ),
        ("src/lib.rs", ""),
        (
            "perfkit/Cargo.toml",
            "[package]\nname = \"perfkit\"\nedition = \"2024\"\n",
        ),
        ("perfkit/src/lib.rs", ""),
    ]);
    assert_snapshot!(sandbox.perfkit(&["run"]).text());
}

#[test]
fn zero_workloads() {
    let sandbox = Sandbox::service().built();
    let arguments = ["run", "--bench", "nothing", "--features", "odd"];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
}

#[test]
fn required_features_leave_bench_targets_out() {
    let sandbox = Sandbox::service().built();
    assert_snapshot!(sandbox.perfkit(&["list"]).text());
}

#[test]
fn a_name_declared_twice() {
    let sandbox = Sandbox::service().built();
    let arguments = ["list", "--bench", "twice", "--features", "odd"];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
}

#[test]
fn a_declaration_that_panics() {
    let sandbox = Sandbox::service().built();
    let arguments = ["list", "--bench", "dies", "--features", "odd"];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
}
