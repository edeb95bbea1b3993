//! More instructions per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{FEWEST_INSTRUCTIONS, INSTRUCTIONS_SOFT, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More instructions per iteration.
pub const RULE: Rule = Rule {
    id: "instructions-grew",
    level: Level::Deny,
    limits: Limits {
        soft: INSTRUCTIONS_SOFT,
        hard: FEWEST_INSTRUCTIONS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("instructions.count"),
        change: Change::Grew,
        message: "instructions grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration of the workload executes more instructions than it did, as valgrind's callgrind counts them (Ir).

The count is near-exact. On one machine the same program gives the same count in every process, mostly to the last
instruction; from one iteration to the next, and where anything moves in memory, it varies by about 0.1 %. So growth has
to leave behind the limits and three times what the iterations differed by.

Why it matters: it is the steadiest stand-in for CPU time there is, and shows a loop that runs more often, a check that
is no longer hoisted or a function that is no longer inlined long before a timing can. What it is not: time. An
instruction that misses the cache costs two hundred others, and callgrind sees neither caches nor branches, waiting nor
the kernel. It also takes other SIMD paths than the real processor: it has no AVX-512 and no SHA instructions, so code
that chooses at run time (copies in libc, hashing, compression) chooses differently there. Compare Ir with Ir and with
nothing else, and look at the `time` and `cpu` lenses before something is called slow.

How to fix it: each cause is the innermost function of yours that executes more, what it calls in libraries included.
The flamegraph of the difference (`report --format svg --metric instructions.count`) shows where below it.

Before:

```rust
for key in keys {
    if index.iter().any(|known| known == key) { // walks the index for every key
        found += 1;
    }
}
```

After:

```rust
let index: HashSet<_> = index.iter().collect();
for key in keys {
    if index.contains(key) {
        found += 1;
    }
}
```
"#,
};
