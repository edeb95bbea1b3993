//! A future grew.

use perfkit_model::comparison::Level;
use perfkit_model::layout::AWAITED;

use crate::lint::subject::{Statement, Subject};
use crate::lint::words::grew_by;
use crate::policy::limits::{FEWEST_BYTES, Limits, TYPE_SOFT};
use crate::rules::{Check, Rule, TypeCheck};

/// A future grew.
pub const RULE: Rule = Rule {
    id: "future-grew",
    level: Level::Deny,
    limits: Limits {
        soft: TYPE_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Types(TypeCheck {
        limited: "growth",
        find,
    }),
    explain: r#"The future of an `async fn` or block grew: it awaits something larger, or it has a larger argument. Where a variable
of its own is to blame, the rule is `held-across-await-grew`.

Why it matters: a future holds everything that is live across its awaits, the futures it awaits among them, so growth
adds up along the whole chain of callers. Spawning it, boxing it and returning it copies all of it.

How to fix it: the finding follows the largest parts down to the variable that carries the size. Make that one smaller,
or box the future that is awaited rarely.

Before:

```rust
async fn handle(request: Request) -> Reply {
    match request {
        Request::Ping => Reply::Pong,
        Request::Import(file) => import(file).await, // a future of 16 kB
    }
}
```

After:

```rust
async fn handle(request: Request) -> Reply {
    match request {
        Request::Ping => Reply::Pong,
        Request::Import(file) => Box::pin(import(file)).await,
    }
}
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    let is_awaited = subject.cause.is_some_and(|cause| cause.part == AWAITED);
    (subject.head.kind.is_future() && subject.has_grown()).then(|| Statement {
        message: format!("{}{}", subject.growth(), grew_by(subject)),
        remedy: is_awaited.then(|| {
            "box what it awaits (`Box::pin(…).await`) where that runs rarely, or make that smaller".to_owned()
        }),
    })
}
