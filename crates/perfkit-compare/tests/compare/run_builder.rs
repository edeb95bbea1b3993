//! Runs as data.

use perfkit_compare::policy::Policy;
use perfkit_compare::{Side, SideKind, compare};
use perfkit_model::category::Category;
use perfkit_model::comparison::{Comparison, Finding, Judgement};
use perfkit_model::environment::Environment;
use perfkit_model::interleaved::{Interleaved, Round};
use perfkit_model::layout::{TypeKind, TypeLayout, VariantLayout};
use perfkit_model::lens::Pass;
use perfkit_model::metric::Noise;
use perfkit_model::run::{Case, CaseId, Measurement, Outcome, PassRecord, Run};
use perfkit_model::stacks::{Frame, FrameKind, StacksBuilder};

/// Iterations stacks are summed over, so that forgetting to divide shows.
const ITERATIONS: u32 = 3;

/// A run in the making; metrics and stacks go to the case that was begun last.
#[derive(Default)]
pub(crate) struct RunBuilder {
    run: Run,
    stacks: Vec<StacksBuilder>,
}

impl RunBuilder {
    pub(crate) fn new() -> Self {
        let run = Run {
            perfkit: "0.1.0".to_owned(),
            started: "2026-11-20T18:12:55Z".to_owned(),
            environment: Environment {
                rustc: "rustc 1.95.0".to_owned(),
                target: "x86_64-unknown-linux-gnu".to_owned(),
                build: vec!["profile=bench".to_owned()],
                annotated_moves: true,
                ..Environment::default()
            },
            ..Run::default()
        };
        Self {
            run,
            stacks: Vec::new(),
        }
    }

    pub(crate) fn environment(mut self, change: impl FnOnce(&mut Environment)) -> Self {
        change(&mut self.run.environment);
        self
    }

    pub(crate) fn case(self, workload: &str, variant: &str) -> Self {
        self.case_on(workload, variant, "current_thread")
    }

    /// An empty `variant` is none.
    pub(crate) fn case_on(mut self, workload: &str, variant: &str, runtime: &str) -> Self {
        self.run.cases.push(Case {
            id: CaseId {
                package: "demo".to_owned(),
                target: "perf".to_owned(),
                workload: workload.to_owned(),
                runtime: runtime.to_owned(),
                variant: (!variant.is_empty()).then(|| variant.to_owned()),
                ..CaseId::default()
            },
            ..Case::default()
        });
        self.stacks.push(StacksBuilder::default());
        self
    }

    /// The argument of the case that was begun last.
    pub(crate) fn arg(mut self, arg: u64) -> Self {
        self.last().id.arg = Some(arg);
        self
    }

    pub(crate) fn exact(self, metric: &str, value: f64) -> Self {
        self.measurement(metric, value, Noise::Exact, &[value, value, value])
    }

    pub(crate) fn near(self, metric: &str, samples: &[f64]) -> Self {
        let value = samples.get(samples.len() / 2).copied().unwrap_or(0.0);
        self.measurement(metric, value, Noise::NearExact, samples)
    }

    pub(crate) fn measurement(
        mut self,
        metric: &str,
        value: f64,
        noise: Noise,
        samples: &[f64],
    ) -> Self {
        let measurement = Measurement {
            value,
            noise,
            samples: samples.to_vec(),
            not_judged: None,
        };
        let case = self.last();
        case.measurements.insert(metric.to_owned(), measurement);
        self
    }

    pub(crate) fn id(mut self, id: &str) -> Self {
        self.run.id = id.to_owned();
        self
    }

    /// A time that was measured in turn with the run `before`, `factor` times its value.
    pub(crate) fn interleaved(self, metric: &str, value: f64, factor: f64) -> Self {
        let noise = |index: u32| 1.0 + 0.002 * f64::from(index * 7 % 5);
        let rounds: Vec<Round> = (0..12)
            .map(|index| Round {
                base: value * noise(index),
                head: value * factor * noise(index + 1),
                control: value * noise(index + 2),
            })
            .collect();
        let samples: Vec<f64> = rounds.iter().map(|round| round.head).collect();
        let mut builder = self.measurement(metric, value * factor, Noise::Noisy, &samples);
        builder.last().interleaved.push(Interleaved {
            metric: metric.to_owned(),
            base: "before".to_owned(),
            orders: 1,
            rounds,
        });
        builder
    }

    pub(crate) fn not_judged(mut self, metric: &str, reason: &str) -> Self {
        if let Some(measurement) = self.last().measurements.get_mut(metric) {
            measurement.not_judged = Some(reason.to_owned());
        }
        self
    }

    pub(crate) fn pass(mut self, pass: Pass, outcome: Outcome) -> Self {
        self.last().passes.push(PassRecord {
            pass,
            seconds: 1.0,
            iterations: ITERATIONS,
            outcome,
            notes: Vec::new(),
        });
        self
    }

    /// An enum with its variants.
    pub(crate) fn enumeration(mut self, name: &str, size: u64, variants: &[(&str, u64)]) -> Self {
        let variants = variants.iter().map(|(name, size)| VariantLayout {
            name: (*name).to_owned(),
            end: *size,
            ..VariantLayout::default()
        });
        let layout = TypeLayout {
            name: name.to_owned(),
            kind: TypeKind::Enum,
            size,
            variants: variants.collect(),
            ..TypeLayout::default()
        };
        self.last().enums.push(layout);
        self
    }

    /// A stack (root first) with weights per iteration.
    pub(crate) fn stack(mut self, path: &[Frame], weights: &[(&str, u64)]) -> Self {
        let builder = self.stacks.last_mut().expect("a case was begun");
        if let Some(node) = builder.node(path) {
            for (metric, weight) in weights {
                builder.add(node, metric, ITERATIONS, weight * u64::from(ITERATIONS));
            }
        }
        self
    }

    pub(crate) fn build(mut self) -> Run {
        for (case, stacks) in self.run.cases.iter_mut().zip(self.stacks) {
            case.stacks = stacks.finish();
        }
        self.run
    }

    fn last(&mut self) -> &mut Case {
        self.run.cases.last_mut().expect("a case was begun")
    }
}

pub(crate) fn frame(
    name: &str,
    kind: FrameKind,
    category: Category,
    file: &str,
    line: u32,
) -> Frame {
    Frame {
        name: name.to_owned(),
        kind,
        category,
        file: file.to_owned(),
        line,
        size: 0,
    }
}

pub(crate) fn function(name: &str, file: &str, line: u32) -> Frame {
    frame(name, FrameKind::Function, Category::App, file, line)
}

pub(crate) fn async_fn(name: &str, file: &str, line: u32) -> Frame {
    frame(name, FrameKind::Async, Category::App, file, line)
}

/// A function of the standard library; it belongs to its caller.
pub(crate) fn std_fn(name: &str) -> Frame {
    frame(
        name,
        FrameKind::Function,
        Category::App,
        "/rustc/0/library/std.rs",
        1,
    )
}

pub(crate) fn dependency(krate: &str, name: &str) -> Frame {
    frame(
        name,
        FrameKind::Function,
        Category::Dependency(krate.to_owned()),
        &format!("{krate}/src/lib.rs"),
        7,
    )
}

pub(crate) fn allocator() -> Frame {
    frame("malloc", FrameKind::Function, Category::Allocator, "", 0)
}

pub(crate) fn moved(ty: &str, size: u64, file: &str, line: u32) -> Frame {
    Frame {
        size,
        ..frame(ty, FrameKind::Moved, Category::Memcpy, file, line)
    }
}

pub(crate) fn candidate(ty: &str, size: u64) -> Frame {
    Frame {
        size,
        ..frame(ty, FrameKind::Candidate, Category::Memcpy, "", 0)
    }
}

pub(crate) fn side<'a>(name: &str, kind: SideKind, run: &'a Run) -> Side<'a> {
    Side {
        name: name.to_owned(),
        kind,
        run,
    }
}

/// A stored baseline against what was measured now, under the default policy.
pub(crate) fn check(base: &Run, head: &Run) -> Comparison {
    check_with(base, head, &Policy::default())
}

pub(crate) fn check_with(base: &Run, head: &Run, policy: &Policy) -> Comparison {
    compare(
        &side("baseline main", SideKind::Baseline, base),
        &side("this run", SideKind::Measured, head),
        policy,
    )
}

/// One line per row: `work heap.allocs 10 → 12: worse (from 2 up)`.
pub(crate) fn rows(comparison: &Comparison) -> String {
    let value = |value: Option<f64>| value.map_or("-".to_owned(), |value| value.to_string());
    let lines: Vec<String> = comparison
        .rows
        .iter()
        .map(|row| {
            let judgement = match &row.judgement {
                Judgement::Same => "same".to_owned(),
                Judgement::Better => "better".to_owned(),
                Judgement::Worse => "worse".to_owned(),
                Judgement::NotJudged { reason } => format!("not judged, {reason}"),
            };
            let effect = row
                .smallest_effect
                .map_or(String::new(), |effect| format!(" (from {effect} up)"));
            let (base, head) = (value(row.base), value(row.head));
            format!(
                "{} {} {base} → {head}: {judgement}{effect}",
                row.case, row.metric
            )
        })
        .collect();
    lines.join("\n")
}

/// Ids of the rules that found something, in order.
pub(crate) fn found(comparison: &Comparison) -> Vec<&str> {
    comparison
        .findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect()
}

/// One line per finding and cause.
pub(crate) fn findings(comparison: &Comparison) -> String {
    let lines: Vec<String> = comparison.findings.iter().map(finding).collect();
    lines.join("\n")
}

fn finding(finding: &Finding) -> String {
    let mut text = format!(
        "{:?} {} in {}: {}",
        finding.level, finding.rule, finding.case, finding.message
    );
    for cause in &finding.causes {
        let ty = cause.ty.as_ref().map_or(String::new(), |ty| {
            format!(" {} {} {:?}", ty.name, ty.size, ty.way)
        });
        text.push_str(&format!(
            "\n  {:.0} % {} → {}: {} {}{ty}",
            cause.share * 100.0,
            cause.base,
            cause.head,
            cause.function,
            cause.location
        ));
    }
    text
}
