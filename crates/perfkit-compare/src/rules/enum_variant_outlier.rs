//! One variant of an enum is much larger than all others.

use perfkit_model::comparison::Level;
use perfkit_model::layout::TypeLayout;
use perfkit_model::quantity::grouped;

use crate::anatomy::outlier;
use crate::lint::subject::{Statement, Subject};
use crate::lint::words::box_variant;
use crate::policy::limits::{Limits, VARIANT_GAP};
use crate::rules::{Check, Rule, TypeCheck};

/// One variant of an enum is much larger than all others.
pub const RULE: Rule = Rule {
    id: "enum-variant-outlier",
    level: Level::Warn,
    limits: Limits {
        soft: 0.0,
        hard: VARIANT_GAP,
    },
    check: Check::Types(TypeCheck {
        limited: "gap to the next variant",
        find,
    }),
    explain: r#"An enum is new, or was changed, and one of its variants now needs far more bytes than all others. The limit is that of
clippy's `large_enum_variant`, which looks at source and is silent where types are generic.

Why it matters: every value of the enum has the size of the largest variant, also those that hold nothing.

How to fix it: box the fields of that variant. The finding says how large the enum then is.

Before:

```rust
enum Command {
    Stop,
    Load(Snapshot), // 4 kB
}
```

After:

```rust
enum Command {
    Stop,
    Load(Box<Snapshot>),
}
```
"#,
};

fn find(subject: &Subject<'_>) -> Option<Statement> {
    let gap = |layout: &TypeLayout| {
        outlier(layout).map_or(0, |outlier| outlier.size.saturating_sub(outlier.next))
    };
    let is_wide = |layout: &TypeLayout| gap(layout) as f64 >= subject.limits.hard;
    let outlier = outlier(subject.head)?;
    let is_news = is_wide(subject.head) && !subject.base.is_some_and(is_wide);
    is_news.then(|| Statement {
        message: format!(
            "`{}` has {} B for its variant `{}`, which needs {} B, and the next one {} B",
            subject.name(),
            grouped(subject.head.size),
            outlier.variant,
            grouped(outlier.size),
            grouped(outlier.next)
        ),
        remedy: Some(box_variant(&outlier)),
    })
}
