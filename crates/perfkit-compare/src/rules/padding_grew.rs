//! More bytes of a type are never used.

use perfkit_model::comparison::Level;
use perfkit_model::quantity::grouped;

use crate::lint::subject::{Statement, Subject};
use crate::policy::limits::{FEWEST_PADDING, Limits, TYPE_SOFT};
use crate::rules::{Check, Rule, TypeCheck};

/// More bytes of a type are never used.
pub const RULE: Rule = Rule {
    id: "padding-grew",
    level: Level::Warn,
    limits: Limits {
        soft: TYPE_SOFT,
        hard: FEWEST_PADDING,
    },
    check: Check::Types(TypeCheck {
        limited: "growth of the unused bytes",
        find,
    }),
    explain: r#"More bytes of a type belong to no field, variant or tag. Growth of the type itself is the matter of `type-grew` and
`future-grew`; this rule speaks where that is within limits.

Why it matters: unused bytes are copied, cached and allocated like all others.

How to fix it: Rust orders fields by itself, unless `repr(C)` forbids it. What is left comes from alignment: a single
`bool` beside a `u64` takes 8 bytes, a field with `repr(align(64))` up to 64.

Before:

```rust
#[repr(C)]
struct Entry {
    live: bool,
    key: u64,
    dirty: bool,
    value: u64,
}
```

After:

```rust
#[repr(C)]
struct Entry {
    key: u64,
    value: u64,
    live: bool,
    dirty: bool,
}
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    let (base, head) = (subject.base?.padding, subject.head.padding);
    subject.is_beyond(base, head).then(|| Statement {
        message: format!(
            "`{}` has {} B, and {} B of them are never used, {} B more than before",
            subject.name(),
            grouped(subject.head.size),
            grouped(head),
            grouped(head - base)
        ),
        remedy: Some(
            "order the fields by falling alignment where their order is fixed (`repr(C)`), or put small ones together"
                .to_owned(),
        ),
    })
}
