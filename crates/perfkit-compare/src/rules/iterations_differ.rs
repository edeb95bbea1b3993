//! A count that repeated exactly no longer does.

use perfkit_model::comparison::Level;

use crate::policy::limits::{FEWEST_EVENTS, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// A count that repeated exactly no longer does.
pub const RULE: Rule = Rule {
    id: "iterations-differ",
    level: Level::Warn,
    // The size of the spread says little: what is new is that there is one. One event is rounding at the
    // end of a measured region, hence the floor.
    limits: Limits {
        soft: 0.0,
        hard: FEWEST_EVENTS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::EveryExact,
        change: Change::TurnedInexact,
        message: "{title} were the same in every iteration and now differ by {spread} ({base} before, {head} now)",
    }),
    explain: r#"Every iteration of the base gave the same count. In the head they differ, so this count is now judged against the
spread that was seen, and small regressions in it pass unseen. Workloads on a multi-threaded runtime are left out, as
their counts depend on scheduling, and so is the I/O of all: how often a thread waits depends on how fast it is.

Why it matters: the same input should do the same work. Counts that vary point to a race, a timer, a table that
grows from iteration to iteration, or randomness that is not taken from the workload's seed.

How to fix it: reset in the body what the body changes, fill caches in the set-up, and draw random numbers from the
seed the workload is given.

Before:

```rust
let mut cache = HashMap::new(); // lives in the set-up and grows with every iteration
```

After:

```rust
let mut cache = HashMap::with_capacity(KEYS); // made in the body, or filled in the set-up
```
"#,
};
