//! A type is new and large.

use perfkit_model::comparison::Level;
use perfkit_model::quantity::grouped;

use crate::anatomy::outlier;
use crate::lint::subject::{Statement, Subject};
use crate::lint::words::box_variant;
use crate::policy::limits::{LARGE_TYPE, Limits};
use crate::rules::{Check, Rule, TypeCheck};

/// A type is new and large.
pub const RULE: Rule = Rule {
    id: "new-large-type",
    level: Level::Warn,
    limits: Limits {
        soft: 0.0,
        hard: LARGE_TYPE,
    },
    check: Check::Types(TypeCheck {
        limited: "size",
        find,
    }),
    explain: r#"A type that the base does not have is larger than a page of memory. Types that were renamed or moved are found again
by what they hold, and are not new.

Why it matters: it is cheapest to change before anything depends on it. Moving a value of it copies all of its bytes.

How to fix it: where values are moved or kept in numbers, box what is large. Where there is one value for the life of
the program, accept it.

Before:

```rust
struct Session {
    peer: SocketAddr,
    window: [u8; 16_384],
}
```

After:

```rust
struct Session {
    peer: SocketAddr,
    window: Box<[u8; 16_384]>,
}
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    (subject.base.is_none() && subject.has_outgrown()).then(|| Statement {
        message: format!(
            "`{}` is new and has {} B",
            subject.name(),
            grouped(subject.head.size)
        ),
        remedy: outlier(subject.head).map(|outlier| box_variant(&outlier)),
    })
}
