//! More bytes moved by I/O calls per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_BYTES, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More bytes moved by I/O calls per iteration.
pub const RULE: Rule = Rule {
    id: "io-bytes-grew",
    level: Level::Warn,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_BYTES,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("io.bytes"),
        change: Change::Grew,
        message: "I/O bytes grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration reads or writes more bytes than it did.

Why it matters: the bytes have to be made, copied by the kernel and carried. It warns only, because a workload
that does more on purpose writes more.

How to fix it: look at the named call site. Is something sent twice, read again, or encoded more loosely? Are debug
fields still in the message?

Before:

```rust
socket.write_all(serde_json::to_string_pretty(&reply)?.as_bytes()).await?;
```

After:

```rust
socket.write_all(&serde_json::to_vec(&reply)?).await?;
```
"#,
};
