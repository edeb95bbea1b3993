//! A future has become very large.

use perfkit_model::comparison::Level;
use perfkit_model::quantity::grouped;

use crate::lint::subject::{Statement, Subject};
use crate::lint::words::grew_by;
use crate::policy::limits::{LARGE_FUTURE, Limits};
use crate::rules::{Check, Rule, TypeCheck};

/// A future has become very large.
pub const RULE: Rule = Rule {
    id: "future-too-large",
    level: Level::Deny,
    limits: Limits {
        soft: 0.0,
        hard: LARGE_FUTURE,
    },
    check: Check::Types(TypeCheck {
        limited: "size",
        find,
    }),
    explain: r#"A future is new, or has grown little by little, and is now larger than the limit. The limit is that of clippy's
`large_futures`, which looks at `.await` only; this rule sees what is spawned and boxed, too.

Why it matters: a future is moved when it is spawned, boxed or returned, and lives on the stack of whoever awaits it.
Deep chains of large futures end in stack overflows, and executors that copy them on every spawn are slow.

How to fix it: the finding follows the largest parts down to what carries the size. Box that, or the future itself.

Before:

```rust
tokio::spawn(async move {
    let mut window = [0_u8; 65_536];
    while socket.read(&mut window).await? > 0 {}
    Ok(())
});
```

After:

```rust
tokio::spawn(async move {
    let mut window = vec![0_u8; 65_536];
    while socket.read(&mut window).await? > 0 {}
    Ok(())
});
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    (subject.head.kind.is_future() && subject.has_outgrown()).then(|| Statement {
        message: match subject.base {
            None => format!(
                "`{}` is new and has {} B",
                subject.name(),
                grouped(subject.head.size)
            ),
            Some(_) => format!("{}{}", subject.growth(), grew_by(subject)),
        },
        remedy: Some(
            "box what carries the size, or spawn it from a function that boxes it (`Box::pin`)"
                .to_owned(),
        ),
    })
}
