//! The lint: which types of a workspace grew, or are new and large, and what to do about it.
//!
//! What was large already is not red, what grew is. A type gets one finding, of the first rule that speaks; types that
//! grew only because they hold another one are listed with that one.

mod errors;
mod evidence;
pub mod subject;
pub(crate) mod words;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::comparison::{Level, Naming, Verdict};
use perfkit_model::environment::Environment;
use perfkit_model::layout::{TypeLayout, TypeTable};
use perfkit_model::lint::{Grown, GrowthCause, Lint, TypeFinding};
use perfkit_model::run::Run;

use crate::anatomy;
use crate::environment::toolchains_differ;
use crate::policy::Policy;
use crate::policy::accept::About;
use crate::policy::acceptance::Acceptance;
use crate::rules::type_rules;
use crate::types::growth::mentions;
use crate::types::{Growth, compare};

use errors::Errors;
use subject::Subject;

/// One side: the types of a build.
#[derive(Debug, Clone)]
pub struct TypeSide<'a> {
    /// How reports call it, as `baseline main`.
    pub name: String,
    /// Its types.
    pub table: &'a TypeTable,
    /// What built it.
    pub environment: &'a Environment,
}

/// What is linted, and by what.
#[derive(Debug, Clone, Copy)]
pub struct Criteria<'a> {
    /// Crates whose types are looked at.
    pub crates: &'a BTreeSet<String>,
    /// Levels, limits, budgets and acceptances.
    pub policy: &'a Policy,
    /// The day, RFC 3339; acceptances expire.
    pub started: &'a str,
    /// A run that says how much of a type is really copied.
    pub run: Option<&'a Run>,
}

/// Judges the types of a build, against those of another where there is one.
///
/// Without a base only budgets are held: what is new cannot be told. Where the compiler, target or profile differ, what
/// is found is shown as notes and not judged.
#[must_use]
pub fn lint(base: Option<&TypeSide<'_>>, head: &TypeSide<'_>, criteria: &Criteria<'_>) -> Lint {
    let mut remarks = Vec::new();
    let acceptance = Acceptance::new(
        criteria.policy,
        |about| matches!(about, About::Type(_)),
        criteria.started,
        &mut remarks,
    );
    let blocker = base.and_then(|base| toolchains_differ(base.environment, head.environment));
    let difference = base.map(|base| compare(base.table, head.table, criteria.crates));
    let difference = difference.unwrap_or_default();
    let judge = Judge {
        table: head.table,
        errors: Errors::of(head.table),
        policy: criteria.policy,
        acceptance: &acceptance,
        highest: if blocker.is_some() {
            Level::Note
        } else {
            Level::Deny
        },
    };

    let (mut findings, within_limits) = grown(&difference.grown, &judge);
    let new = difference.new.iter();
    findings.extend(new.filter_map(|layout| judge.find(None, layout, None)));
    let own = head.table.types.iter();
    let own: Vec<&TypeLayout> = own
        .filter(|layout| criteria.crates.contains(&layout.krate))
        .collect();
    findings.extend(over_budget(&own, &findings, &judge));
    for finding in &mut findings {
        finding.evidence = criteria
            .run
            .map(|run| evidence::copied(finding, head.table, run))
            .unwrap_or_default();
    }
    number_repeated(&mut findings);
    findings.sort_by(order);
    let verdict = verdict(base, blocker, &findings);
    Lint {
        base: base.map(|base| base.name.clone()).unwrap_or_default(),
        head: head.name.clone(),
        verdict,
        findings,
        types: own.len(),
        within_limits,
        remarks,
    }
}

/// The most serious first, then what is really copied, then what grew most.
fn order(left: &TypeFinding, right: &TypeFinding) -> Ordering {
    // A guess never comes before a fact.
    let copied = |finding: &TypeFinding, way: Naming| {
        let mut evidence = finding.evidence.iter();
        evidence.find(|it| it.way == way).map_or(0.0, |it| it.bytes)
    };
    let by_copied = |way| copied(right, way).total_cmp(&copied(left, way));
    right
        .level
        .cmp(&left.level)
        .then_with(|| by_copied(Naming::Annotated))
        .then_with(|| by_copied(Naming::Candidate))
        .then_with(|| added(right).cmp(&added(left)))
        .then_with(|| left.type_name.cmp(&right.type_name))
}

/// What every finding is made with.
struct Judge<'a> {
    table: &'a TypeTable,
    errors: Errors,
    policy: &'a Policy,
    acceptance: &'a Acceptance<'a>,
    /// No finding is more serious.
    highest: Level,
}

impl Judge<'_> {
    /// The finding of the first rule that speaks.
    fn find(
        &self,
        base: Option<&TypeLayout>,
        head: &TypeLayout,
        cause: Option<&GrowthCause>,
    ) -> Option<TypeFinding> {
        let budget = self.policy.budget(head);
        let (rule, level, statement) = type_rules().find_map(|(rule, check)| {
            let level = self.policy.type_level(rule, head);
            let subject = Subject {
                base,
                head,
                cause,
                limits: self.policy.type_limits(rule, head),
                budget,
                errors: &self.errors,
            };
            // A rule that is switched off leaves the word to the next.
            (level > Level::Allow).then_some(())?;
            Some((rule, level, (check.find)(&subject)?))
        })?;
        let mut finding = TypeFinding {
            rule: rule.id.to_owned(),
            level: level.min(self.highest),
            type_name: head.name.clone(),
            krate: head.krate.clone(),
            kind: head.kind,
            place: head.place.clone(),
            base: base.map(|base| base.size),
            head: head.size,
            message: statement.message,
            cause: cause.cloned(),
            chain: anatomy::chain(self.table, head),
            holders: Vec::new(),
            remedy: statement.remedy,
            evidence: Vec::new(),
            fingerprint: format!("{} {}", rule.id, head.name),
        };
        if let Some(accept) = self.acceptance.of_type(rule.id, &head.name) {
            finding.level = Level::Allow;
            finding.message.push_str(&accept.note());
        }
        Some(finding)
    }
}

/// Findings about types that grew, and those that no rule minds.
fn grown(grown: &[Growth<'_>], judge: &Judge<'_>) -> (Vec<TypeFinding>, Vec<Grown>) {
    // A part that is there for the first time is this type's own growth, whatever has become of the part's type.
    let is_root = |growth: &Growth<'_>| {
        let cause = growth.cause.as_ref();
        cause.is_none_or(|cause| !cause.passed_on || cause.before == 0)
    };
    let mut findings: BTreeMap<usize, TypeFinding> = BTreeMap::new();
    let mut within = Vec::new();
    let find =
        |growth: &Growth<'_>| judge.find(Some(growth.base), growth.head, growth.cause.as_ref());
    for (at, growth) in grown
        .iter()
        .enumerate()
        .filter(|(_, growth)| is_root(growth))
    {
        match find(growth) {
            Some(finding) => {
                findings.insert(at, finding);
            }
            None => within.push(summary(growth)),
        }
    }
    for (at, growth) in grown
        .iter()
        .enumerate()
        .filter(|(_, growth)| !is_root(growth))
    {
        let root = root(grown, at, &is_root);
        match root.and_then(|root| findings.get_mut(&root)) {
            Some(finding) => finding.holders.push(summary(growth)),
            // What it holds grew too little to be a finding, and this may hold many of it.
            None => match find(growth) {
                Some(finding) => {
                    findings.insert(at, finding);
                }
                None => within.push(summary(growth)),
            },
        }
    }
    (findings.into_values().collect(), within)
}

/// The growth that another one passes on.
fn root(grown: &[Growth<'_>], of: usize, is_root: &impl Fn(&Growth<'_>) -> bool) -> Option<usize> {
    let mut at = of;
    let mut seen = BTreeSet::from([of]);
    loop {
        let cause = grown.get(at)?.cause.as_ref()?;
        let is_named = |growth: &Growth<'_>| {
            (&growth.head.name, growth.head.size) == (&cause.type_name, cause.after)
        };
        let others = || {
            grown
                .iter()
                .enumerate()
                .filter(|(other, _)| !seen.contains(other))
        };
        let next = others().find(|(_, growth)| is_named(growth));
        let next = next
            .or_else(|| others().find(|(_, growth)| mentions(&cause.type_name, &growth.head.name)));
        let (next, growth) = next?;
        if is_root(growth) {
            return Some(next);
        }
        seen.insert(next);
        at = next;
    }
}

/// Types that are larger than somebody allowed, and that no finding speaks of yet.
fn over_budget(
    own: &[&TypeLayout],
    findings: &[TypeFinding],
    judge: &Judge<'_>,
) -> Vec<TypeFinding> {
    let known: BTreeSet<(&str, u64)> = findings
        .iter()
        .map(|finding| (finding.type_name.as_str(), finding.head))
        .collect();
    let is_over = |layout: &&&TypeLayout| {
        let budget = judge.policy.budget(layout);
        budget.is_some_and(|budget| layout.size as f64 > budget)
            && !known.contains(&(layout.name.as_str(), layout.size))
    };
    own.iter()
        .filter(is_over)
        // As its own base it is neither new nor grown.
        .filter_map(|layout| judge.find(Some(layout), layout, None))
        .collect()
}

/// Closures and blocks of one function share a name; their findings are told apart by number.
///
/// In the order of their lines, which an edit elsewhere leaves as it is.
fn number_repeated(findings: &mut [TypeFinding]) {
    findings.sort_by(|left, right| {
        let key = |finding: &TypeFinding| (finding.fingerprint.clone(), finding.place.clone());
        key(left).cmp(&key(right))
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let count = counts.entry(finding.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            finding.fingerprint.push_str(&format!(" #{count}"));
        }
    }
}

fn verdict(
    base: Option<&TypeSide<'_>>,
    blocker: Option<String>,
    findings: &[TypeFinding],
) -> Verdict {
    if findings.iter().any(|finding| finding.level == Level::Deny) {
        return Verdict::Regressed;
    }
    match (base, blocker) {
        (None, _) => Verdict::default(),
        (_, Some(reason)) => Verdict::NotJudged { reason },
        (Some(base), None) if base.table.types.is_empty() => Verdict::NotJudged {
            reason: format!("{} has no types", base.name),
        },
        (Some(_), None) => Verdict::Pass,
    }
}

fn added(finding: &TypeFinding) -> u64 {
    finding.head.saturating_sub(finding.base.unwrap_or(0))
}

fn summary(growth: &Growth<'_>) -> Grown {
    Grown {
        type_name: growth.head.name.clone(),
        base: growth.base.size,
        head: growth.head.size,
    }
}
