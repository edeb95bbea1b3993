//! A future grew, because a variable that it holds across an await did.

use perfkit_model::comparison::Level;

use crate::lint::subject::{Statement, Subject};
use crate::lint::words::grew_by;
use crate::policy::limits::{FEWEST_BYTES, Limits, TYPE_SOFT};
use crate::rules::{Check, Rule, TypeCheck};

/// A future grew, because a variable that it holds across an await did.
pub const RULE: Rule = Rule {
    id: "held-across-await-grew",
    level: Level::Deny,
    limits: Limits {
        soft: TYPE_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Types(TypeCheck {
        limited: "growth",
        find,
    }),
    explain: r#"A future grew, and what made it grow is a variable that is live across an `.await`.

Why it matters: what lives across an await is stored in the future. The future of every caller holds this one in turn,
and whoever spawns it, or passes it by value, copies all of it.

How to fix it: the finding names the variable and its line. Let it go before the await, in a block or a function of its
own (`drop` ends its life, but the compiler still keeps its place), or put it into a box.

Before:

```rust
let mut buffer = [0; 16_000];
let length = encode(&item, &mut buffer);
socket.write_all(&buffer[..length]).await?;
socket.flush().await?;
```

After:

```rust
let mut buffer = vec![0; 16_000];
let length = encode(&item, &mut buffer);
socket.write_all(&buffer[..length]).await?;
socket.flush().await?;
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    let is_held = subject.cause.is_some_and(|cause| cause.held);
    (subject.head.kind.is_future() && is_held && subject.has_grown()).then(|| Statement {
        message: format!("{}{}", subject.growth(), grew_by(subject)),
        remedy: Some(
            "end its life before the await, by a block or a function of its own, or put it into a box"
                .to_owned(),
        ),
    })
}
