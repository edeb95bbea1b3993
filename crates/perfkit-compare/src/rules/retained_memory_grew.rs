//! More heap bytes outlive the iteration that allocated them.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_BYTES, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More heap bytes outlive the iteration that allocated them.
pub const RULE: Rule = Rule {
    id: "retained-memory-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("heap.retained"),
        change: Change::Grew,
        message: "retained memory grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"An iteration leaves more heap bytes behind than it did: they outlive the iteration that allocated them.

Why it matters: what every iteration leaves behind adds up for as long as the service runs. From nothing to
anything is a leak until shown otherwise, so this rule has the smallest limit of all.

How to fix it: the named call sites allocated what stayed. Look for a map that is only ever inserted into, a task
that never ends, a channel nobody reads, an `Arc` cycle, or a cache without a bound. A cache that fills once is
warm-up: fill it in the workload's set-up.

Before:

```rust
self.seen.insert(request.id, Instant::now()); // never removed
```

After:

```rust
self.seen.insert(request.id, Instant::now());
self.seen.retain(|_, at| at.elapsed() < WINDOW);
```
"#,
};
