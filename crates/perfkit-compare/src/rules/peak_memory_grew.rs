//! More heap bytes live at once.

use perfkit_model::comparison::Level;

use crate::policy::limits::{Limits, PEAK_FEWEST_BYTES, PEAK_SOFT};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More heap bytes live at once.
pub const RULE: Rule = Rule {
    id: "peak-memory-grew",
    level: Level::Deny,
    limits: Limits {
        soft: PEAK_SOFT,
        hard: PEAK_FEWEST_BYTES,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("heap.peak"),
        change: Change::Grew,
        message: "peak memory grew {change}, from {base} to {head}",
    }),
    explain: r#"More heap bytes are live at once during an iteration than were, counted above what was live when it began.

Why it matters: the peak is what a container limit kills for, and what decides how many requests fit one machine.
It can grow while every count falls: fewer, larger blocks held longer.

How to fix it: the named call sites are what was live at the peak. Bound channels and concurrency, stream instead
of collecting, and drop a buffer before the await that waits longest.

Before:

```rust
let replies = join_all(requests.iter().map(fetch)).await; // all replies at once
```

After:

```rust
let mut replies = stream::iter(requests).map(fetch).buffered(8); // eight at once
```
"#,
};
