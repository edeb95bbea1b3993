//! More bytes requested from the allocator per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_BYTES, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More bytes requested from the allocator per iteration.
pub const RULE: Rule = Rule {
    id: "allocated-bytes-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("heap.bytes"),
        change: Change::Grew,
        message: "allocated bytes grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration requests more bytes from the allocator than it did. A reallocation counts its whole new size.

Why it matters: fresh memory has to be found, faulted in and cached; large blocks often go to the kernel and back.
The count of allocations may well stand still: a boxed future or an enum that grew takes more with the same calls.

How to fix it: look at the named call site. A container of a large type takes its size for every element, so box
the large variant; a boxed future takes what its largest await holds, so drop buffers before awaiting.

Before:

```rust
enum DistriErr {
    Timeout,
    Corrupt([u8; 50_000]), // every `DistriErr` takes 50 kB
}
```

After:

```rust
enum DistriErr {
    Timeout,
    Corrupt(Box<[u8; 50_000]>),
}
```
"#,
};
