//! More heap blocks per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_EVENTS, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More heap blocks per iteration.
pub const RULE: Rule = Rule {
    id: "allocations-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_EVENTS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("heap.allocs"),
        change: Change::Grew,
        message: "allocations grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration of the workload asks the allocator for more blocks than it did. A reallocation counts as a block.

Why it matters: every block costs a call, a free and cache lines, and contends with other threads. In async code
the usual sources are boxed futures (`#[async_trait]`, `Box::pin`), `clone`, `to_vec`, `format!` and a `String` or
`Vec` built anew for every request.

How to fix it: look at the named call site. Borrow instead of cloning, reuse a buffer across iterations, reserve
capacity once, and use a native `async fn` in the trait (or an enum of implementations) where one box per call
buys nothing.

Before:

```rust
#[async_trait]
trait Storage {
    async fn get(&self, key: u64) -> Fragment; // one box per call
}
```

After:

```rust
trait Storage {
    fn get(&self, key: u64) -> impl Future<Output = Fragment> + Send;
}
```
"#,
};
