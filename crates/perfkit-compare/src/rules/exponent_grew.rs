//! A cost grows faster with the argument.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXPONENT_SOFT, LEAST_EXPONENT, Limits};
use crate::rules::{Check, Rule};

/// A cost grows faster with the argument.
pub const RULE: Rule = Rule {
    id: "exponent-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXPONENT_SOFT,
        hard: LEAST_EXPONENT,
    },
    check: Check::Growth,
    explain: r#"What an item or an iteration of this workload costs grows faster with the workload's argument (workers, connections,
items) than it did.

A workload with three arguments or more is measured at each of them. Where its cost is `c·argᵏ`, the logarithms lie on a
line with the slope `k`: the exponent, which reports show for every such workload. This rule looks at how the ratio of head
to base grows. It speaks where

- the metric is worse at the largest argument,
- the ratio there is larger than at the smallest argument by the soft limit (5 %), with all of the noise taken into account:
  the lower end of one against the upper end of the other, be it an interval or the spread of iterations, and
- as a power of the argument the ratio grows by at least the hard limit (0.1).

The finding stands for what was found at every single argument with the same cause.

Why it matters: a constant factor hurts as much tomorrow as today. A worse exponent is harmless in the test and an outage in the
data centre: Dask's scheduler took 39 s for a graph on 23 workers and 215 s for the same graph on 191, while its port to
Rust, which does not look at every worker for every task, went from 19 to 21 s (dask/distributed#3139).

How to fix it: the cause is what grew at the largest argument. Look there for a loop over everything that the argument counts:
a search, a copy, a rebuild for each item. Keep an index, an ordered set or a running value instead.

Before:

```rust
let worker = workers.iter().min_by_key(|worker| worker.tasks); // for every task
```

After:

```rust
let worker = by_tasks.pop_first(); // a BTreeSet of (tasks, worker)
```
"#,
};
