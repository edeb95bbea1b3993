//! What carries the size of a type.

use perfkit_compare::anatomy::{chain, held_twice, outlier};
use perfkit_model::layout::{
    AWAITED, Field, HeldTwice, Outlier, Part, Place, TypeKind, TypeLayout, TypeTable, VariantLayout,
};

fn field(name: &str, type_name: &str, offset: u64, size: u64) -> Field {
    Field {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        offset,
        size,
        place: None,
    }
}

fn place(line: u32) -> Option<Place> {
    Some(Place {
        file: "split.rs".to_owned(),
        line,
    })
}

fn suspended(line: u32, fields: Vec<Field>) -> VariantLayout {
    VariantLayout {
        name: "Suspend0".to_owned(),
        end: 0,
        live: fields.iter().map(|field| field.size).sum(),
        place: place(line),
        fields,
    }
}

fn future(name: &str, size: u64, variants: Vec<VariantLayout>) -> TypeLayout {
    TypeLayout {
        name: name.to_owned(),
        kind: TypeKind::AsyncFn,
        size,
        variants,
        ..TypeLayout::default()
    }
}

fn table(types: Vec<TypeLayout>) -> TypeTable {
    let mut table = TypeTable { types };
    table.settle();
    table
}

/// The chain as one line.
fn told(table: &TypeTable, name: &str) -> String {
    let layout = &table.named(name)[0];
    let steps = chain(table, layout).into_iter().map(|step| {
        let line = step.place.map_or(0, |place| place.line);
        format!("{:?} {}:{} {}", step.part, step.name, line, step.size)
    });
    steps.collect::<Vec<_>>().join(" < ")
}

#[test]
fn a_chain_ends_at_the_variable_that_carries_the_size() {
    let mut buffer = field("buf", "[u8; 16000]", 0, 16_000);
    buffer.place = place(6);
    let table = table(vec![
        future(
            "async fn split_all",
            18_376,
            vec![
                suspended(20, vec![field("small", "u64", 0, 8)]),
                suspended(26, vec![field(AWAITED, "async fn split_one", 0, 18_216)]),
            ],
        ),
        future(
            "async fn split_one",
            18_216,
            vec![suspended(
                12,
                vec![field(AWAITED, "async fn fetch", 0, 16_040)],
            )],
        ),
        future("async fn fetch", 16_040, vec![suspended(7, vec![buffer])]),
    ]);
    assert_eq!(
        told(&table, "async fn split_all"),
        "Awaited :26 18216 < Awaited :12 16040 < Held buf:6 16000"
    );
}

#[test]
fn a_chain_stops_where_no_part_stands_out() {
    let pair = TypeLayout {
        name: "Pair".to_owned(),
        size: 300,
        fields: vec![
            field("left", "[u8; 100]", 0, 100),
            field("middle", "[u8; 100]", 100, 100),
            field("right", "[u8; 100]", 200, 100),
        ],
        ..TypeLayout::default()
    };
    let holder = future(
        "async fn hold",
        400,
        vec![suspended(3, vec![field("pair", "Pair", 0, 300)])],
    );
    let table = table(vec![pair, holder]);
    assert_eq!(told(&table, "Pair"), "");
    // What a temporary has no declaration for is placed at its await.
    assert_eq!(told(&table, "async fn hold"), "Held pair:3 300");
}

#[test]
fn an_argument_may_be_all_that_is_large() {
    let mut layout = future(
        "async fn store",
        4_200,
        vec![suspended(3, vec![field("id", "u64", 0, 8)])],
    );
    layout.fields = vec![field("order", "Order", 0, 4_104)];
    let table = table(vec![layout]);
    assert_eq!(told(&table, "async fn store"), "Held order:0 4104");
}

#[test]
fn an_argument_that_is_held_twice() {
    let order = |offset| field("order", "Order", offset, 4_104);
    let mut layout = future(
        "async fn store",
        8_400,
        vec![
            suspended(3, vec![order(4_200), field("id", "u64", 0, 8)]),
            // Half of the argument's first place is used again.
            suspended(
                5,
                vec![
                    field("buf", "[u8; 2000]", 100, 2_000),
                    field("id", "u64", 0, 8),
                ],
            ),
        ],
    );
    layout.fields = vec![
        order(48),
        field("id", "u64", 0, 8),
        field("small", "u64", 8, 8),
    ];
    let expected = HeldTwice {
        name: "order".to_owned(),
        type_name: "Order".to_owned(),
        unused: 2_104,
        place: None,
    };
    assert_eq!(held_twice(&layout), [expected]);
    layout.kind = TypeKind::Struct;
    assert_eq!(held_twice(&layout), []);
}

#[test]
fn a_type_that_claims_to_hold_itself_ends() {
    let layout = TypeLayout {
        name: "Cyclic".to_owned(),
        size: 100,
        fields: vec![field("own", "Cyclic", 0, 100)],
        ..TypeLayout::default()
    };
    let table = table(vec![layout]);
    assert_eq!(chain(&table, &table.types[0]).len(), 64);
    assert_eq!(chain(&table, &table.types[0])[0].part, Part::Field);
}

#[test]
fn boxing_the_one_large_variant() {
    let variant = |name: &str, end: u64, offset: u64| VariantLayout {
        name: name.to_owned(),
        end,
        live: end - offset,
        place: None,
        fields: vec![field("__0", "T", offset, end - offset)],
    };
    let error = TypeLayout {
        name: "DistriErr".to_owned(),
        kind: TypeKind::Enum,
        size: 50_008,
        align: 8,
        variants: vec![
            variant("Io", 16, 8),
            variant("Corrupt", 50_002, 2),
            variant("Missing", 24, 8),
        ],
        ..TypeLayout::default()
    };
    let expected = Outlier {
        variant: "Corrupt".to_owned(),
        size: 50_002,
        next: 24,
        boxed: 24,
    };
    assert_eq!(outlier(&error), Some(expected));
    let even = TypeLayout {
        size: 24,
        variants: vec![variant("Left", 24, 8), variant("Right", 24, 8)],
        ..error.clone()
    };
    assert_eq!(outlier(&even), None);
    let damaged = TypeLayout {
        size: u64::MAX,
        align: u64::MAX,
        variants: vec![
            variant("Left", u64::MAX, u64::MAX - 1),
            variant("Right", 24, 8),
        ],
        ..error.clone()
    };
    assert_eq!(outlier(&damaged), None);
    let single = TypeLayout {
        variants: vec![variant("Only", 50_002, 2)],
        ..error
    };
    assert_eq!(outlier(&single), None);
}
