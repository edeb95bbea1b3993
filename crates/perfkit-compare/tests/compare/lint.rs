//! The lint: which rule speaks about which change of a type.

use std::collections::BTreeSet;

use perfkit_compare::lint::{Criteria, TypeSide, lint};
use perfkit_compare::policy::Policy;
use perfkit_compare::rules::{Check, RULES};
use perfkit_model::category::Category;
use perfkit_model::comparison::Verdict;
use perfkit_model::environment::Environment;
use perfkit_model::layout::{
    AWAITED, Field, Place, TypeKind, TypeLayout, TypeTable, VariantLayout,
};
use perfkit_model::lint::Lint;
use perfkit_model::run::Run;
use perfkit_model::stacks::{Frame, FrameKind, StacksBuilder};

use crate::run_builder::RunBuilder;

fn field(name: &str, type_name: &str, size: u64) -> Field {
    Field {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        offset: 0,
        size,
        place: None,
    }
}

/// A variable that is declared on this line.
fn local(name: &str, type_name: &str, size: u64, line: u32) -> Field {
    Field {
        place: place(line),
        ..field(name, type_name, size)
    }
}

fn place(line: u32) -> Option<Place> {
    Some(Place {
        file: "src/store.rs".to_owned(),
        line,
    })
}

fn layout(name: &str, kind: TypeKind, size: u64) -> TypeLayout {
    TypeLayout {
        name: name.to_owned(),
        krate: "store".to_owned(),
        kind,
        size,
        align: 8,
        ..TypeLayout::default()
    }
}

/// A structure of a key and a value.
fn structure(name: &str, value: u64) -> TypeLayout {
    TypeLayout {
        fields: vec![
            field("key", "u64", 8),
            field("value", &format!("[u8; {value}]"), value),
        ],
        ..layout(name, TypeKind::Struct, value + 8)
    }
}

/// An enum of a small variant and one of this size.
fn enumeration(name: &str, large: u64) -> TypeLayout {
    let variant = |name: &str, fields: Vec<Field>| VariantLayout {
        name: name.to_owned(),
        live: fields.iter().map(|field| field.size).sum(),
        end: fields.iter().map(|field| field.size + 8).sum(),
        fields,
        ..VariantLayout::default()
    };
    let at = |field: Field| Field { offset: 8, ..field };
    TypeLayout {
        variants: vec![
            variant("Timeout", vec![at(field("after", "u64", 8))]),
            variant(
                "Corrupt",
                vec![at(field("fragment", &format!("[u8; {large}]"), large))],
            ),
        ],
        ..layout(name, TypeKind::Enum, large.max(8) + 8)
    }
}

/// A future that holds these across one await.
fn future(name: &str, arguments: Vec<Field>, held: Vec<Field>) -> TypeLayout {
    let live: u64 = held.iter().map(|field| field.size).sum();
    TypeLayout {
        place: place(20),
        fields: arguments,
        variants: vec![VariantLayout {
            name: "Suspend0".to_owned(),
            end: live,
            live,
            place: place(26),
            fields: held,
        }],
        ..layout(name, TypeKind::AsyncFn, live + 8)
    }
}

fn result(error: &str, success: u64, size: u64) -> TypeLayout {
    let variant = |name: &str, field: Field| VariantLayout {
        name: name.to_owned(),
        end: field.size,
        live: field.size,
        fields: vec![field],
        ..VariantLayout::default()
    };
    TypeLayout {
        krate: "core".to_owned(),
        variants: vec![
            variant("Ok", field("__0", "u64", success)),
            variant("Err", field("__0", error, size)),
        ],
        ..layout(
            &format!("core::result::Result<u64, {error}>"),
            TypeKind::Enum,
            size + 8,
        )
    }
}

fn table(types: Vec<TypeLayout>) -> TypeTable {
    let mut table = TypeTable { types };
    table.settle();
    table
}

fn environment(rustc: &str) -> Environment {
    Environment {
        rustc: rustc.to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        ..Environment::default()
    }
}

fn check_with(base: Option<&TypeTable>, head: &TypeTable, policy: &str, run: Option<&Run>) -> Lint {
    let (policy, crates) = (policy_of(policy), BTreeSet::from(["store".to_owned()]));
    let environment = environment("rustc 1.95.0");
    let side = |name: &str, table| TypeSide {
        name: name.to_owned(),
        table,
        environment: &environment,
    };
    lint(
        base.map(|base| side("baseline main", base)).as_ref(),
        &side("this checkout", head),
        &Criteria {
            crates: &crates,
            policy: &policy,
            started: "2026-11-21T10:00:00Z",
            run,
        },
    )
}

fn policy_of(text: &str) -> Policy {
    toml::from_str(text).expect("a valid policy")
}

fn check(base: Vec<TypeLayout>, head: Vec<TypeLayout>) -> Lint {
    check_with(Some(&table(base)), &table(head), "", None)
}

/// The lint as lines: verdict, findings with what they say, what is within limits, remarks.
fn told(lint: &Lint) -> String {
    let mut lines = vec![format!("{:?}", lint.verdict)];
    for finding in &lint.findings {
        lines.push(format!(
            "{:?} {}: {}",
            finding.level, finding.rule, finding.message
        ));
        let holders = finding.holders.iter();
        lines.extend(holders.map(|grown| {
            format!(
                "  holder {} {} → {}",
                grown.type_name, grown.base, grown.head
            )
        }));
        lines.extend(
            finding
                .remedy
                .iter()
                .map(|remedy| format!("  remedy {remedy}")),
        );
        let evidence = finding.evidence.iter();
        lines.extend(evidence.map(|it| {
            format!(
                "  evidence {} {} B, {:?} per item, {:?}",
                it.case, it.bytes, it.per_item, it.way
            )
        }));
    }
    let within = lint.within_limits.iter();
    lines.extend(
        within.map(|grown| format!("within {} {} → {}", grown.type_name, grown.base, grown.head)),
    );
    lines.extend(lint.remarks.iter().map(|remark| format!("remark {remark}")));
    lines.join("\n")
}

/// A before/after pair, named for the rule that finds it.
fn pairs() -> Vec<(&'static str, Vec<TypeLayout>, Vec<TypeLayout>)> {
    let load = |held| future("async fn store::load", vec![field("id", "u64", 8)], held);
    let buffer = |size: u64| local("buf", &format!("[u8; {size}]"), size, 22);
    let awaited = |size| Field {
        place: place(26),
        ..field(AWAITED, "async fn other::fetch", size)
    };
    let padded = |padding| TypeLayout {
        padding,
        ..layout("store::Entry", TypeKind::Struct, 32 + padding)
    };
    vec![
        (
            "held-across-await-grew",
            vec![load(vec![buffer(100)])],
            vec![load(vec![buffer(16_000)])],
        ),
        (
            "future-grew",
            vec![load(vec![awaited(100)])],
            vec![load(vec![awaited(400)])],
        ),
        (
            "type-grew",
            vec![structure("store::Session", 4_088)],
            vec![structure("store::Session", 5_112)],
        ),
        ("padding-grew", vec![padded(0)], vec![padded(24)]),
        (
            "enum-variant-outlier",
            vec![],
            vec![enumeration("store::Command", 480)],
        ),
        (
            "result-err-large",
            vec![result("store::Error", 8, 24)],
            vec![
                structure("store::Error", 472),
                result("store::Error", 8, 480),
            ],
        ),
        ("future-too-large", vec![], vec![load(vec![buffer(20_000)])]),
        (
            "new-large-type",
            vec![],
            vec![structure("store::Window", 8_192)],
        ),
    ]
}

#[test]
fn every_rule_about_types_finds_its_pair_and_no_other() {
    // Something else has to be there: a base without types is no base.
    let with_other = |mut types: Vec<TypeLayout>| {
        types.push(structure("store::Other", 100));
        types
    };
    let pairs = pairs();
    let told: Vec<String> = pairs
        .iter()
        .map(|(id, base, head)| {
            let lint = check(with_other(base.clone()), with_other(head.clone()));
            let rules: Vec<&str> = lint.findings.iter().map(|it| it.rule.as_str()).collect();
            assert_eq!(rules, [*id]);
            for types in [base, head] {
                let same = check(with_other(types.clone()), with_other(types.clone()));
                assert_eq!(
                    (same.findings, same.verdict),
                    (vec![], Verdict::Pass),
                    "{id}"
                );
            }
            let cured = check(with_other(head.clone()), with_other(base.clone()));
            assert_eq!(cured.findings, [], "{id}");
            told(&lint)
        })
        .collect();
    let with_pair: BTreeSet<&str> = pairs.iter().map(|(id, _, _)| *id).collect();
    let of_types = RULES
        .iter()
        .filter(|rule| matches!(rule.check, Check::Types(_)));
    let mut all: BTreeSet<&str> = of_types.map(|rule| rule.id).collect();
    // It needs a policy, and has a test of its own.
    assert!(all.remove("over-budget"));
    assert_eq!(with_pair, all);
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn what_was_large_is_not_red() {
    let types = || {
        vec![
            structure("store::Window", 65_536),
            enumeration("store::Error", 50_000),
            result("store::Error", 8, 50_008),
            future(
                "async fn store::load",
                vec![],
                vec![local("buf", "[u8; 40000]", 40_000, 3)],
            ),
        ]
    };
    assert_eq!(told(&check(types(), types())), "Pass");
}

#[test]
fn one_cause_is_one_finding() {
    let holds = |name: &str, size: u64| TypeLayout {
        fields: vec![field("inner", "store::Session", size)],
        ..layout(name, TypeKind::Struct, size)
    };
    let types = |value: u64| {
        let session = structure("store::Session", value);
        let size = session.size;
        let held = vec![local("session", "store::Session", size, 9)];
        vec![
            session,
            holds("store::Guard", size),
            future("async fn store::serve", vec![], held),
        ]
    };
    insta::assert_snapshot!(told(&check(types(1_000), types(2_000))), @r"
    Regressed
    Deny type-grew: `store::Session` grew +99.2 %, from 1 008 to 2 008 B: its field `value`: `[u8; 2000]` (2 000 B, was 1 000 B)
      holder async fn store::serve 1016 → 2016
      holder store::Guard 1008 → 2008
    ");
}

#[test]
fn many_of_what_grew_little_are_a_finding() {
    let types = |value: u64| {
        let entry = structure("store::Entry", value);
        let size = entry.size * 100;
        let entries = TypeLayout {
            fields: vec![field("entries", "[store::Entry; 100]", size)],
            ..layout("store::Cache", TypeKind::Struct, size)
        };
        vec![entry, entries]
    };
    insta::assert_snapshot!(told(&check(types(56), types(72))), @r"
    Regressed
    Deny type-grew: `store::Cache` grew +25.0 %, from 6 400 to 8 000 B: its field `entries`: `[Entry; 100]` (8 000 B, was 6 400 B)
    within store::Entry 64 → 80
    ");
}

#[test]
fn a_new_part_is_growth_of_its_own() {
    // `Session` grew, and `Guard` holds one for the first time.
    let guard = |fields: Vec<Field>| TypeLayout {
        size: fields.iter().map(|field| field.size).sum(),
        fields,
        ..layout("store::Guard", TypeKind::Struct, 0)
    };
    let base = vec![
        structure("store::Session", 1_000),
        guard(vec![field("count", "u64", 8), field("limit", "u32", 4)]),
    ];
    let head = vec![
        structure("store::Session", 2_000),
        guard(vec![
            field("count", "u64", 8),
            field("limit", "u32", 4),
            field("session", "store::Session", 2_008),
        ]),
    ];
    insta::assert_snapshot!(told(&check(base, head)), @r"
    Regressed
    Deny type-grew: `store::Guard` grew ×168, from 12 to 2 020 B: its field `session`: `Session` (2 008 B, new)
    Deny type-grew: `store::Session` grew +99.2 %, from 1 008 to 2 008 B: its field `value`: `[u8; 2000]` (2 000 B, was 1 000 B)
    ");
}

#[test]
fn policies_are_about_paths_crates_and_rules() {
    let base = table(vec![structure("store::wire::Frame", 1_000)]);
    let head = table(vec![structure("store::wire::Frame", 2_000)]);
    let told = |policy: &str| told(&check_with(Some(&base), &head, policy, None));
    let cases = [
        "[rules.type-grew]\nlevel = \"allow\"",
        "[rules.type-grew]\nhard = \"2 kB\"",
        "[[types]]\npath = \"store::wire::*\"\nlevel = \"warn\"",
        "[[types]]\npath = \"store::disk::*\"\nlevel = \"warn\"",
        "[[types]]\ncrate = \"store\"\nrule = \"type-grew\"\nsoft = \"200 %\"",
        "[[types]]\nlevel = \"note\"\n[[types]]\ncrate = \"other\"\nlevel = \"allow\"",
        "[[types]]\npath = \"*::Frame\"\nbudget = \"1 kB\"",
        "[[accept]]\nrule = \"type-grew\"\ntype = \"store::wire::Frame\"\nreason = \"wider headers\"\nexpires = \"2027-03-31\"",
        "[[accept]]\nrule = \"type-grew\"\ntype = \"store::wire::Frame\"\nreason = \"wider headers\"\nexpires = \"2026-11-20\"",
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|policy| format!("{policy}\n=> {}", told(policy)))
        .collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_budget_holds_for_what_was_there() {
    let types = table(vec![structure("store::Frame", 2_000)]);
    let policy = "[[types]]\npath = \"store::Frame\"\nbudget = 1500";
    insta::assert_snapshot!(told(&check_with(Some(&types), &types, policy, None)), @r"
    Regressed
    Deny over-budget: `store::Frame` has 2 008 B, and its budget is 1 500 B
    ");
    // Also where there is nothing to compare with.
    insta::assert_snapshot!(told(&check_with(None, &types, policy, None)), @r"
    Regressed
    Deny over-budget: `store::Frame` has 2 008 B, and its budget is 1 500 B
    ");
}

#[test]
fn acceptances_say_what_they_are_about() {
    let error = |text: &str| {
        let error = toml::from_str::<Policy>(text).expect_err("an invalid policy");
        error
            .to_string()
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    };
    let rest = "reason = \"x\"\nexpires = \"2027-03-31\"";
    insta::assert_snapshot!(error(&format!("[[accept]]\nrule = \"type-grew\"\nworkload = \"a\"\n{rest}")), @"`type-grew` is accepted by its `type`, and by nothing else");
    insta::assert_snapshot!(error(&format!("[[accept]]\nrule = \"copies-grew\"\ntype = \"a\"\n{rest}")), @"`copies-grew` is accepted by its `workload`, and by nothing else");
    insta::assert_snapshot!(error(&format!("[[accept]]\nrule = \"copies-grew\"\n{rest}")), @"`copies-grew` is accepted by its `workload`, and by nothing else");
}

#[test]
fn another_compiler_is_not_judged() {
    let (base, head) = (
        table(vec![structure("store::Session", 1_000)]),
        table(vec![structure("store::Session", 2_000)]),
    );
    let (old, new) = (environment("rustc 1.94.0"), environment("rustc 1.95.0"));
    let side = |name: &str, table, environment| TypeSide {
        name: name.to_owned(),
        table,
        environment,
    };
    let lint = lint(
        Some(&side("baseline main", &base, &old)),
        &side("this checkout", &head, &new),
        &Criteria {
            crates: &BTreeSet::from(["store".to_owned()]),
            policy: &Policy::default(),
            started: "2026-11-21T10:00:00Z",
            run: None,
        },
    );
    insta::assert_snapshot!(told(&lint), @r#"
    NotJudged { reason: "the builds are not comparable: rustc differs: `rustc 1.94.0` → `rustc 1.95.0`" }
    Note type-grew: `store::Session` grew +99.2 %, from 1 008 to 2 008 B: its field `value`: `[u8; 2000]` (2 000 B, was 1 000 B)
    "#);
}

/// A run that moved each of these types, of this size.
fn run(moves: &[(&str, u64, FrameKind, u64)]) -> Run {
    let mut builder = StacksBuilder::default();
    for (name, size, kind, bytes) in moves {
        let frame = Frame {
            name: (*name).to_owned(),
            kind: *kind,
            category: Category::Memcpy,
            file: String::new(),
            line: 0,
            size: *size,
        };
        let node = builder.node(&[frame]).expect("there is a frame");
        builder.add(node, "memcpy.bytes", 2, *bytes);
    }
    let mut run = RunBuilder::new().case("serve", "").build();
    run.cases[0].units.items = 10;
    run.cases[0].stacks = builder.finish();
    run
}

#[test]
fn what_is_really_copied_comes_first() {
    let held = |size| vec![local("buf", "[u8; 9]", size, 3)];
    let types = |value: u64| {
        table(vec![
            structure("store::Cold", value * 2),
            structure("store::Hot", value),
            structure("store::Maybe", value),
            structure("store::disk::Twice", value),
            structure("store::wire::Twice", 8),
            future("async fn store::session::load", vec![], held(value)),
        ])
    };
    let run = run(&[
        ("Result<Hot, Error>", 1_016, FrameKind::Moved, 4_000),
        ("Hot", 1_008, FrameKind::Moved, 2_000),
        // Another type, and one that is too small to hold it.
        ("Hotter", 5_000, FrameKind::Moved, 9_000),
        ("Option<Hot>", 24, FrameKind::Moved, 9_000),
        ("Maybe", 1_008, FrameKind::Candidate, 500),
        // Two types have this name, and only the size of the first fits one of them.
        ("Twice", 1_008, FrameKind::Moved, 600),
        ("Vec<Twice>", 1_200, FrameKind::Moved, 800),
        (
            "Cell<async fn session::load, Arc<Handle>>",
            1_100,
            FrameKind::Moved,
            700,
        ),
        ("async fn reload", 1_100, FrameKind::Moved, 9_000),
    ]);
    let lint = check_with(Some(&types(1_000)), &types(2_000), "", Some(&run));
    insta::assert_snapshot!(told(&lint), @r"
    Regressed
    Deny type-grew: `store::Hot` grew +99.2 %, from 1 008 to 2 008 B: its field `value`: `[u8; 2000]` (2 000 B, was 1 000 B)
      evidence serve 3000 B, Some(300.0) per item, Annotated
    Deny held-across-await-grew: `async fn store::session::load` grew +99.2 %, from 1 008 to 2 008 B: it holds `buf`: `[u8; 9]` (2 000 B, was 1 000 B) across an await from src/store.rs:3
      remedy end its life before the await, by a block or a function of its own, or put it into a box
      evidence serve 350 B, Some(35.0) per item, Annotated
    Deny type-grew: `store::disk::Twice` grew +99.2 %, from 1 008 to 2 008 B: its field `value`: `[u8; 2000]` (2 000 B, was 1 000 B)
      evidence serve 300 B, Some(30.0) per item, Annotated
      evidence serve 400 B, Some(40.0) per item, Candidate
    Deny type-grew: `store::Maybe` grew +99.2 %, from 1 008 to 2 008 B: its field `value`: `[u8; 2000]` (2 000 B, was 1 000 B)
      evidence serve 250 B, Some(25.0) per item, Candidate
    Deny type-grew: `store::Cold` grew +99.6 %, from 2 008 to 4 008 B: its field `value`: `[u8; 4000]` (4 000 B, was 2 000 B)
    ");
}

#[test]
fn fingerprints_stay_where_lines_move() {
    let load = |line: u32, size: u64| TypeLayout {
        place: place(line),
        ..future(
            "async fn store::load",
            vec![],
            vec![local("buf", "[u8; 9]", size, line + 2)],
        )
    };
    let fingerprints = |line| -> Vec<String> {
        let lint = check(vec![load(3, 100)], vec![load(line, 1_000)]);
        lint.findings
            .into_iter()
            .map(|finding| finding.fingerprint)
            .collect()
    };
    assert_eq!(fingerprints(3), fingerprints(300));
    assert_eq!(
        fingerprints(3),
        ["held-across-await-grew async fn store::load"]
    );
}
