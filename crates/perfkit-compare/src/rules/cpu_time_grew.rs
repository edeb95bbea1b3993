//! More CPU time per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{Limits, SHORTEST, TIME_SOFT};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More CPU time per iteration.
pub const RULE: Rule = Rule {
    id: "cpu-time-grew",
    level: Level::Deny,
    limits: Limits {
        soft: TIME_SOFT,
        hard: SHORTEST,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("time.cpu"),
        change: Change::Grew,
        message: "CPU time grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration of the workload keeps the processor busy for longer than it did: user and system time of the whole
process.

Timings are judged by `cargo perfkit compare` alone, where both sides are built and run here. A round is of three fresh
processes: base, head, and the base once more as an A/A control. They run at the same time, on one processor where the
workload has one thread, and iterate in turns of a few milliseconds, in random order: what disturbs the machine disturbs all
of them. A round's ratio is the median of its turns' ratios. A workload that cannot run twice at once, as with a port of
its own, runs one by one, and of each process its least iteration counts; the pass's note says so.

The change is the Hodges-Lehmann estimate of the rounds' ratios, and its interval (Wilcoxon's signed-rank test, 1 in 1,000
at each end, less where many cases are compared) has to lie beyond the soft limit as a whole. `soft` is the growth that nobody
has to mend: 1 %, twice that on a multi-thread runtime; growth of three times as much is what is waited for. More rounds follow
while the interval leaves open which it is. Where time runs out before that, a change whose interval excludes the growth that
is waited for is called the same, however much it may have shrunk, and any other is not judged. Where the base differs from
itself nothing is judged.

Where code and data lie in memory moves CPU time, too, of some programs by more than ten percent, and any edit moves them. So
every round is of both programs linked anew, with their sections in another order: what remains is the code's. That takes
a linker that shuffles sections, as lld does; `cargo perfkit doctor` says whether yours is one.

How the compiler arranges the code within a function does the same on a smaller scale. Growth of up to 5 % with the same
instructions (within 1 %, where the `instructions` lens counted them) and every count the same is a note and fails nothing.

Why it matters: this is what a service pays for. Every other count is a cause or a symptom of it.

How to fix it: look at the causes. Where valgrind is installed they come from instructions counted by call stack, else
from samples. Findings about allocations, copies and I/O of the same workload say more about why.

Before:

```rust
let key = format!("{user}/{item}"); // for every item
```

After:

```rust
let prefix = format!("{user}/"); // once
```
"#,
};
