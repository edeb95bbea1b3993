//! More bytes moved by memcpy and memmove per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_BYTES, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More bytes moved by memcpy and memmove per iteration.
pub const RULE: Rule = Rule {
    id: "copied-bytes-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("memcpy.bytes"),
        change: Change::Grew,
        message: "copied bytes grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration moves more bytes by `memcpy` and `memmove` than it did.

Why it matters: moving a value copies every byte of its type, used or not. One error variant that holds 50 kB
makes every `Result` with that error 50 kB, and each pass through a channel, a `JoinHandle` or a `Vec` copies it
whole, also when the value is `Ok`. A profiler shows that as anonymous memcpy.

How to fix it: the finding names the type that is moved and the line that moves it. Box the large variant or field,
keep large buffers out of what crosses an await or a channel, or send a handle instead of the value. A type named
as likely was guessed by its size: check it before acting.

Before:

```rust
enum DistriErr {
    Timeout,
    Corrupt([u8; 50_000]),
}
// moves 50 008 B for every answer, also for `Ok`
replies.send(Ok::<SuccessCode, DistriErr>(code)).await;
```

After:

```rust
enum DistriErr {
    Timeout,
    Corrupt(Box<[u8; 50_000]>),
}
// moves 24 B
replies.send(Ok::<SuccessCode, DistriErr>(code)).await;
```
"#,
};
