//! The error of a result is large, and makes every success as large.

use perfkit_model::comparison::Level;
use perfkit_model::quantity::grouped;

use crate::lint::subject::{Statement, Subject};
use crate::policy::limits::{ERROR_SIZE, Limits};
use crate::rules::{Check, Rule, TypeCheck};

/// The error of a result is large, and makes every success as large.
pub const RULE: Rule = Rule {
    id: "result-err-large",
    level: Level::Warn,
    limits: Limits {
        soft: 0.0,
        hard: ERROR_SIZE,
    },
    check: Check::Types(TypeCheck {
        limited: "size",
        find,
    }),
    explain: r#"A type of this workspace is the error of a `Result`, is at least this large, and at least twice as large as the success
beside it. The limit is that of clippy's `result_large_err`, which is silent about `async fn` (rust-clippy#17070).

Why it matters: a `Result` has the size of its larger side. Each success is moved with the room for the error, through
every `?`, channel, `JoinHandle` and `Poll`.

How to fix it: box the error or what is large in it.

Before:

```rust
async fn load(key: Key) -> Result<u64, StoreError>; // StoreError: 480 B
```

After:

```rust
async fn load(key: Key) -> Result<u64, Box<StoreError>>;
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    let success = subject.errors.success(&subject.head.name)?;
    // Where the success is as large, a smaller error gains nothing.
    let is_larger = success.saturating_mul(2) <= subject.head.size;
    (is_larger && subject.has_outgrown()).then(|| Statement {
        message: format!(
            "`{}` has {} B and is the error of a `Result` whose success needs {} B",
            subject.name(),
            grouped(subject.head.size),
            grouped(success)
        ),
        remedy: Some("box the error, or its largest variant or field".to_owned()),
    })
}
