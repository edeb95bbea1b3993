//! Something grew, and something dearer shrank.

use perfkit_model::comparison::Level;

use crate::policy::limits::Limits;
use crate::rules::{Check, Rule};

/// Something grew, and something dearer shrank.
pub const RULE: Rule = Rule {
    id: "trade-off",
    level: Level::Warn,
    limits: Limits {
        soft: 0.0,
        hard: 0.0,
    },
    check: Check::Traded,
    explain: r#"A metric of this workload grew beyond its limits, and one that costs more clearly shrank. That is no regression by
itself, and somebody should know.

What costs more comes first: CPU time, instructions, then peak and retained memory, then bytes (allocated, copied, sent),
then counts. Fewer allocations never excuse memory that is not released, or more bytes copied, and nothing excuses CPU
time. What shrank has to cost more than everything that grew, and to shrink by 5 %; CPU time counts where both sides were
measured in turn (`cargo perfkit compare`).

Why it matters: what is cheaper today may be dearer where memory or bandwidth is scarce.

How to fix it: nothing has to be. Where a metric must not grow whatever it buys, pin its rule:

```toml
[rules.allocations-grew]
pinned = true
```

Before:

```rust
tokio::spawn(handle(request)); // a future of 16 kB is copied twice
```

After:

```rust
tokio::spawn(Box::pin(handle(request))); // one more allocation, 32 kB fewer copied
```
"#,
};
