//! More heap blocks resized per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_EVENTS, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More heap blocks resized per iteration.
pub const RULE: Rule = Rule {
    id: "reallocations-grew",
    level: Level::Warn,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_EVENTS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("heap.reallocs"),
        change: Change::Grew,
        message: "reallocations grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration resizes heap blocks more often than it did.

Why it matters: a `Vec` or `String` that grows from empty reallocates at every doubling, and most doublings copy
what is there. It warns only, because the price also shows in the allocated and copied bytes.

How to fix it: say how much will come before it comes.

Before:

```rust
let mut queries = Vec::new();
for fragment in fragments {
    queries.push(query(fragment));
}
```

After:

```rust
let mut queries = Vec::with_capacity(fragments.len());
for fragment in fragments {
    queries.push(query(fragment));
}
```
"#,
};
