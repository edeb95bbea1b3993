//! What the lint says, in every form that a pull request takes.
//!
//! GitHub and GitLab show a finding at a line, so these formats leave out findings without a place, and paths are
//! relative to the repository. Fingerprints are made of the rule and the type: they stay where lines move.

pub mod github;
pub mod gitlab;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod terminal;

use perfkit_model::comparison::{Level, Naming, Verdict};
use perfkit_model::layout::Place;
use perfkit_model::lint::{Copied, Lint, TypeFinding};
use perfkit_model::metric::Unit;
use perfkit_model::quantity::Quantity;
use sha2::{Digest as _, Sha256};

use crate::text;

/// Where the linted workspace lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Folder of the workspace within its repository, with a slash behind it; empty at the root.
    pub prefix: String,
}

impl Origin {
    /// A path of the workspace as a path of the repository.
    fn path(&self, place: &Place) -> String {
        format!("{}{}", self.prefix, place.file)
    }
}

/// The answer in one word, and in one sentence.
fn headline(lint: &Lint) -> (&'static str, String) {
    let denied = |finding: &&TypeFinding| finding.level == Level::Deny;
    let base = match lint.base.as_str() {
        "" => String::new(),
        base => format!(" than in {base}"),
    };
    match &lint.verdict {
        Verdict::Pass => (
            "pass",
            format!(
                "none of {} is worse{base}",
                text::counted(lint.types, "type", "types")
            ),
        ),
        Verdict::Regressed => {
            let count = lint.findings.iter().filter(denied).count();
            let are = if count == 1 { "is" } else { "are" };
            (
                "regressed",
                format!(
                    "{} {are} worse{base}",
                    text::counted(count, "type", "types")
                ),
            )
        }
        Verdict::NotJudged { reason } => ("not judged", reason.clone()),
    }
}

/// Findings that are no acceptances, most important first.
fn shown(lint: &Lint) -> impl Iterator<Item = (&TypeFinding, &Place)> {
    lint.findings
        .iter()
        .filter(|finding| finding.level > Level::Allow)
        .filter_map(|finding| Some((finding, finding.place.as_ref()?)))
}

/// The finding in plain sentences: what happened, what it costs, what to do.
fn sentences(finding: &TypeFinding) -> Vec<String> {
    let mut sentences = vec![finding.message.clone()];
    sentences.extend(chain(finding));
    sentences.extend(holders(finding));
    sentences.extend(evidence(finding));
    sentences.extend(finding.remedy.clone());
    sentences
}

/// `why: ← split.rs:26 awaits fetch 16 040 B ← split.rs:6 buf: [u8; 16000] 16 000 B`.
fn chain(finding: &TypeFinding) -> Option<String> {
    crate::types::chain_words(&finding.chain).map(|words| format!("what carries its size: {words}"))
}

/// `so did 5 types that hold it: …`.
fn holders(finding: &TypeFinding) -> Option<String> {
    const NAMED: usize = 3;
    let first = finding.holders.iter().take(NAMED).map(|grown| {
        format!(
            "`{}` {} → {} B",
            perfkit_model::layout::with_short_arguments(&grown.type_name),
            perfkit_model::quantity::grouped(grown.base),
            perfkit_model::quantity::grouped(grown.head)
        )
    });
    let first: Vec<String> = first.collect();
    let count = finding.holders.len();
    let more = count.saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (count > 0).then(|| {
        format!(
            "so did {} it: {}{more}",
            if count == 1 {
                "1 type that holds".to_owned()
            } else {
                format!("{count} types that hold")
            },
            first.join(", ")
        )
    })
}

/// `the newest run copied 36.9 MB of it per iteration in ddsplit, 48.1 kB per item`.
fn evidence(finding: &TypeFinding) -> Option<String> {
    let copied: &Copied = finding.evidence.first()?;
    let bytes = |value| Quantity {
        value,
        unit: Unit::Bytes,
    };
    let per_item = copied
        .per_item
        .map(|value| format!(", {} per item", bytes(value)))
        .unwrap_or_default();
    let guess = match copied.way {
        Naming::Annotated => "",
        Naming::Candidate => "; a candidate: only the size fits",
    };
    Some(format!(
        "the newest run copied {} of it per iteration in `{}`{per_item}{guess}",
        bytes(copied.bytes),
        copied.case
    ))
}

/// A fingerprint of fixed length.
fn hashed(finding: &TypeFinding) -> String {
    let digest = Sha256::digest(finding.fingerprint.as_bytes());
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
