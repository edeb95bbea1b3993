//! A type grew.

use perfkit_model::comparison::Level;

use crate::anatomy::outlier;
use crate::lint::subject::{Statement, Subject};
use crate::lint::words::{box_variant, grew_by};
use crate::policy::limits::{FEWEST_BYTES, Limits, TYPE_SOFT};
use crate::rules::{Check, Rule, TypeCheck};

/// A type grew.
pub const RULE: Rule = Rule {
    id: "type-grew",
    level: Level::Deny,
    limits: Limits {
        soft: TYPE_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Types(TypeCheck {
        limited: "growth",
        find,
    }),
    explain: r#"A structure, enum, tuple or closure has more bytes than in the base.

Why it matters: moving a value copies every byte of its type, used or not. An enum is as large as its largest variant, so
one variant makes every value large; a type that is sent through channels or kept in a `Vec` costs its size each time.

How to fix it: the finding names the field or variant that grew. Box it where most values do without it, share it
behind an `Arc`, or take the growth and accept it.

Before:

```rust
enum DistriErr {
    Timeout,
    Corrupt { fragment: [u8; 50_000] },
}
```

After:

```rust
enum DistriErr {
    Timeout,
    Corrupt { fragment: Box<[u8; 50_000]> },
}
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    (!subject.head.kind.is_future() && subject.has_grown()).then(|| Statement {
        message: format!("{}{}", subject.growth(), grew_by(subject)),
        remedy: outlier(subject.head).map(|outlier| box_variant(&outlier)),
    })
}
