//! More elapsed time per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{Limits, SHORTEST, WALL_SOFT};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More elapsed time per iteration.
pub const RULE: Rule = Rule {
    id: "wall-time-grew",
    level: Level::Allow,
    limits: Limits {
        soft: WALL_SOFT,
        hard: SHORTEST,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("time.wall"),
        change: Change::Grew,
        message: "wall time grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration of the workload takes longer than it did, waiting included.

It is judged as CPU time is (`cargo perfkit explain cpu-time-grew`), in `cargo perfkit compare` alone, and only where somebody
asks for it, because everything else that runs on the machine is part of it:

```toml
[rules.wall-time-grew]
level = "deny"
soft = "5 %"
```

Why it matters: what waits costs no CPU time. Awaits one after the other, a lock held across an await, a blocking call
in a task show here and nowhere else.

How to fix it: compare it with the CPU time. What grew beyond that was spent waiting: join what is independent, drop
guards before awaiting, and hand blocking calls to `spawn_blocking`.

Before:

```rust
let user = users.get(id).await;
let items = stock.list().await;
```

After:

```rust
let (user, items) = tokio::join!(users.get(id), stock.list());
```
"#,
};
