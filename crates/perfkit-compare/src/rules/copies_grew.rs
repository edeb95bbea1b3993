//! More calls of memcpy and memmove per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_EVENTS, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More calls of memcpy and memmove per iteration.
pub const RULE: Rule = Rule {
    id: "copies-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_EVENTS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("memcpy.calls"),
        change: Change::Grew,
        message: "copies grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration calls `memcpy` or `memmove` more often than it did. Copies the compiler inlines (up to 128 B on
x86-64) are not calls.

Why it matters: every call is a value that is moved or a buffer that is duplicated. Many small copies rarely show
in a profile of one function, because they are spread over all of them.

How to fix it: look at the named move or slice copy. Pass large values by reference or boxed, hand buffers on
(`Bytes`, `Arc<[u8]>`) instead of `to_vec`, and write into the final buffer instead of into one before it.

Before:

```rust
request.payload = message.value.to_vec();
```

After:

```rust
request.payload = message.value.clone(); // `Bytes`: a counter, no copy
```
"#,
};
