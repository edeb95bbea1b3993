//! A type is larger than its budget.

use perfkit_model::comparison::Level;
use perfkit_model::quantity::grouped;

use crate::lint::subject::{Statement, Subject};
use crate::policy::limits::Limits;
use crate::rules::{Check, Rule, TypeCheck};

/// A type is larger than its budget.
pub const RULE: Rule = Rule {
    id: "over-budget",
    level: Level::Deny,
    limits: Limits {
        soft: 0.0,
        hard: 0.0,
    },
    check: Check::Types(TypeCheck {
        limited: "the budget in perfkit.toml",
        find,
    }),
    explain: r#"A type is larger than `perfkit.toml` allows types like it to be. A budget is a promise about what is, so it also holds
for types that were larger before anybody looked.

```toml
[[types]]
path = "ddsplit::wire::*"
budget = "256 B"
```

Why it matters: somebody decided that values of this type are moved or kept in such numbers that their size counts.

How to fix it: `cargo perfkit types NAME` shows what the type is made of. Box what few values have, or raise the budget
in a change of its own, with the reason.

Before:

```rust
struct Frame {
    header: Header,
    scratch: [u8; 4096],
}
```

After:

```rust
struct Frame {
    header: Header,
    scratch: Box<[u8; 4096]>,
}
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    let budget = subject.budget?;
    let size = subject.head.size;
    (size as f64 > budget).then(|| Statement {
        message: format!(
            "`{}` has {} B, and its budget is {} B",
            subject.name(),
            grouped(size),
            grouped(budget as u64)
        ),
        remedy: None,
    })
}
