//! Starts a rule: one file of the standard shape.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};

/// Writes the file of a new rule and says what else a rule needs.
///
/// # Errors
///
/// When `id` is not in kebab-case, a rule of that name exists, or the file cannot be written.
pub(crate) fn new_rule(root: &Path, id: &str) -> anyhow::Result<String> {
    let is_kebab = id.split('-').all(|word| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    ensure!(
        is_kebab,
        "`{id}` cannot name a rule; ids are kebab-case, as `copies-grew`"
    );
    let module = id.replace('-', "_");
    let path = format!("crates/perfkit-compare/src/rules/{module}.rs");
    let file = root.join(&path);
    ensure!(!file.exists(), "{path} exists already");
    fs::write(&file, TEMPLATE.replace("{id}", id))
        .with_context(|| format!("failed to write {path}"))?;
    Ok(format!(
        "wrote {path}

Still to do:
  1. fill in what stands in angle brackets
  2. crates/perfkit-compare/src/rules/mod.rs: `pub mod {module};` and a row `&{module}::RULE,` in RULES
  3. crates/perfkit-compare/tests/compare/rules.rs: a before/after pair in `pairs`
  4. `cargo test -p perfkit-compare`, then `cargo insta review` for the snapshot of its message
  5. `cargo xtask generate` for the reference
"
    ))
}

/// The parts every rule explains are those that a test of perfkit-compare asks for.
const TEMPLATE: &str = r####"//! <What happened, as a heading.>

use perfkit_model::comparison::Level;

use crate::policy::limits::{EXACT_SOFT, FEWEST_EVENTS, Limits};
use crate::rules::{Change, Check, MetricCheck, Rule, Selector};

/// <What happened, as a heading.>
pub const RULE: Rule = Rule {
    id: "{id}",
    level: Level::Deny,
    limits: Limits {
        soft: EXACT_SOFT,
        hard: FEWEST_EVENTS,
    },
    check: Check::Metrics(MetricCheck {
        selector: Selector::Metric("<metric id>"),
        change: Change::Grew,
        message: "<what> grew {change}, from {base} to {head} per iteration",
    }),
    explain: r#"<What one iteration does now that it did not do before.>

Why it matters: <what it costs, and where a profiler would show it>.

How to fix it: <what to look at in the finding, and the usual cures>.

Before:

```rust
<code that the rule finds>
```

After:

```rust
<the same, cured>
```
"#,
};
"####;
