//! More I/O calls per iteration.

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_EVENTS, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// More I/O calls per iteration.
pub const RULE: Rule = Rule {
    id: "io-calls-grew",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_EVENTS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("io.calls"),
        change: Change::Grew,
        message: "I/O calls grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"One iteration calls the functions that read, write, send, receive or wait more often than it did.

Why it matters: each is a system call of a microsecond or so, whatever it carries, and on sockets also a packet
and a wake-up of the other side. Over sockets the count varies by itself; it is then judged against that spread.

How to fix it: look at the named call site. Buffer small writes and reads, and flush once per message; write header
and body with one vectored write.

Before:

```rust
socket.write_u32(length).await?;
socket.write_all(&body).await?; // two calls per fragment
```

After:

```rust
let mut socket = BufWriter::new(socket);
socket.write_u32(length).await?;
socket.write_all(&body).await?;
socket.flush().await?; // one
```
"#,
};
