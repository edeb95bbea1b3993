//! A view to render: a story that regressed, a case without change, and one with a failed pass.
//!
//! The shape and the magnitudes follow the reference workloads; the numbers are made up.

mod history;
mod stacks;
mod stages;

use std::collections::BTreeMap;

use perfkit_model::comparison::{
    Cause, Comparison, Exponent, Finding, Growth, Judgement, Level, MovedType, Naming, Row,
    Symptom, Verdict,
};
use perfkit_model::environment::Environment;
use perfkit_model::history::{History, Step};
use perfkit_model::layout::{AWAITED, Piece, Place, TypeKind};
use perfkit_model::lens::Pass;
use perfkit_model::lint::TypeFinding;
use perfkit_model::load::{Latency, LoadStep};
use perfkit_model::metric::Noise;
use perfkit_model::run::{Busy, Case, CaseId, Measurement, Outcome, PassRecord, Run, Units};
use perfkit_report::{Trend, View};

/// Everything a view borrows.
pub(crate) struct Sample {
    pub(crate) run: Run,
    pub(crate) base: Option<Run>,
    pub(crate) comparison: Comparison,
    pub(crate) history: History,
    pub(crate) steps: Vec<Step>,
}

impl Sample {
    pub(crate) fn view(&self) -> View<'_> {
        View {
            run: &self.run,
            base: self.base.as_ref(),
            comparison: &self.comparison,
            trend: (!self.history.entries.is_empty()).then_some(Trend {
                history: &self.history,
                steps: &self.steps,
            }),
        }
    }
}

/// Base, head and judgement of one metric.
type Line = (&'static str, f64, f64, &'static str, Option<f64>);

const DDSPLIT: &[Line] = &[
    (
        "time.cpu",
        41_300_000.0,
        49_900_000.0,
        "worse",
        Some(1_032_500.0),
    ),
    ("time.wall", 44_100_000.0, 53_800_000.0, WALL, None),
    ("heap.allocs", 18_466.0, 17_442.0, "better", Some(185.0)),
    ("heap.reallocs", 512.0, 512.0, "same", Some(6.0)),
    (
        "heap.bytes",
        12_412_880.0,
        12_931_072.0,
        "worse",
        Some(124_129.0),
    ),
    (
        "heap.peak",
        2_114_560.0,
        8_402_944.0,
        "worse",
        Some(21_146.0),
    ),
    ("heap.retained", 0.0, 0.0, "same", Some(1.0)),
    ("memcpy.calls", 9_874.0, 10_836.0, "worse", Some(99.0)),
    (
        "memcpy.bytes",
        11_208_704.0,
        59_316_400.0,
        "worse",
        Some(112_088.0),
    ),
    ("io.calls", 4_096.0, 4_096.0, "same", Some(41.0)),
    ("io.bytes", 6_553_600.0, 6_553_600.0, "same", Some(65_536.0)),
    ("os.page-faults", 12.0, 1_604.0, ORIENTATION, None),
    ("os.context-switches", 3.0, 4.0, ORIENTATION, None),
    ("os.peak-rss", 21_413_888.0, 28_901_376.0, ORIENTATION, None),
];

const EXCHANGE: &[Line] = &[
    (
        "time.cpu",
        18_220_000.0,
        18_260_000.0,
        "same",
        Some(455_500.0),
    ),
    ("time.wall", 18_900_000.0, 19_050_000.0, WALL, None),
    ("heap.allocs", 4_104.0, 4_104.0, "same", Some(42.0)),
    (
        "heap.bytes",
        33_562_624.0,
        33_562_624.0,
        "same",
        Some(335_627.0),
    ),
    (
        "memcpy.bytes",
        16_777_216.0,
        16_777_216.0,
        "same",
        Some(167_773.0),
    ),
];

const FRAMES: &[Line] = &[
    (
        "time.cpu",
        92_400_000.0,
        92_100_000.0,
        "the A/A control of this session differs by 6.1 %",
        None,
    ),
    ("time.wall", 51_000_000.0, 50_400_000.0, WALL, None),
    (
        "heap.allocs",
        311.0,
        318.5,
        "7 events were dropped, so the counts are not complete",
        None,
    ),
    (
        "memcpy.bytes",
        43_910_144.0,
        43_910_144.0,
        "7 events were dropped, so the counts are not complete",
        None,
    ),
];

const WALL: &str = "wall time depends on the machine and is judged only on request";
const ORIENTATION: &str = "shown for orientation, never judged";

/// The rich view.
pub(crate) fn sample() -> Sample {
    let ddsplit = id("ddsplit", Some(64), "current_thread", Some("story"));
    let exchange = id("exchange", Some(4), "current_thread", None);
    let frames = id("frame-resize", Some(1), "multi_thread(2)", None);
    let table = [
        (&ddsplit, DDSPLIT),
        (&exchange, EXCHANGE),
        (&frames, FRAMES),
    ];
    let units = [(64, 6_553_600), (2_097_152, 0), (1, 6_220_800)];
    let side = |is_head: bool| {
        let cases = table
            .iter()
            .zip(units)
            .map(|((id, lines), (items, bytes))| {
                let mut id = (*id).clone();
                if !is_head && id.variant.is_some() {
                    id.variant = Some("cured".to_owned());
                }
                let stacks = match id.workload.as_str() {
                    "ddsplit" => stacks::ddsplit(is_head),
                    "exchange" => stacks::exchange(),
                    _ => perfkit_model::stacks::Stacks::default(),
                };
                Case {
                    measurements: measurements(lines, is_head),
                    passes: passes(&id),
                    id,
                    units: Units { items, bytes },
                    busy: if items == 64 { busy() } else { Vec::new() },
                    load: if items == 64 {
                        load(is_head)
                    } else {
                        Vec::new()
                    },
                    stages: (items == 64).then(|| stages::stages(is_head)),
                    stacks,
                    ..Case::default()
                }
            });
        Run {
            format: perfkit_model::RUN_FORMAT,
            perfkit: "0.1.0".to_owned(),
            id: if is_head {
                "20261120-181255"
            } else {
                "20261120-175802"
            }
            .to_owned(),
            started: if is_head {
                "2026-11-20T18:12:55Z"
            } else {
                "2026-11-20T17:58:02Z"
            }
            .to_owned(),
            quick: false,
            partial: false,
            left_out: Vec::new(),
            environment: environment(),
            cases: cases.collect(),
            types: types(),
        }
    };
    let rows = table
        .iter()
        .flat_map(|(id, lines)| lines.iter().map(|line| row(id, line)));
    Sample {
        history: history::history(&ddsplit, &exchange),
        steps: history::steps(&ddsplit),
        run: side(true),
        base: Some(side(false)),
        comparison: Comparison {
            base: "baseline main".to_owned(),
            head: "working tree".to_owned(),
            verdict: Verdict::Regressed,
            findings: findings(&ddsplit),
            types: vec![type_finding()],
            rows: rows.collect(),
            growth: growth(&exchange),
            remarks: vec!["`predict/600` is in the base only".to_owned()],
            context: vec![
                "Cargo.lock differs: tokio 1.53.0 → 1.54.0, bytes 1.10.1 → 1.11.0".to_owned(),
            ],
        },
    }
}

/// It keeps up with 400 requests per second, and with 800 in the base.
fn load(is_head: bool) -> Vec<LoadStep> {
    let capacity = if is_head { 450.0 } else { 900.0 };
    let step = |rate: f64| {
        let keeps_up = rate <= capacity;
        let factor = if keeps_up {
            1.0 + rate / 1_000.0
        } else {
            200.0
        };
        LoadStep {
            rate,
            seconds: 1.5,
            sent: (1.5 * rate) as u64,
            done: (1.5 * rate.min(capacity)) as u64,
            failed: if rate > 1.5 * capacity { 17 } else { 0 },
            latency: Latency {
                p50: 1.2e6 * factor,
                p90: 1.9e6 * factor,
                p99: 3.1e6 * factor,
                p999: 4.4e6 * factor,
                max: 5.0e6 * factor,
            },
            histogram: vec![(1_200_000, 7), (5_000_000, 1)],
            busy: if keeps_up { Vec::new() } else { busy() },
        }
    };
    [100.0, 200.0, 400.0, 800.0, 1_600.0].map(step).to_vec()
}

/// The workload waits for a store, one of whose threads is busy all the time.
fn busy() -> Vec<Busy> {
    let busy = |process: &str, share, threads, busiest: &str, busiest_share| Busy {
        process: process.to_owned(),
        cpu: share * 2e7,
        share,
        threads,
        busiest: busiest.to_owned(),
        busiest_share,
    };
    vec![
        busy("workload", 0.412, 1, "stories", 0.412),
        busy("store", 1.204, 3, "worker-0", 0.968),
    ]
}

/// CPU time grows with the workers, and did not; allocations do not.
fn growth(exchange: &CaseId) -> Vec<Growth> {
    let exponent = |value, low, high| Exponent { value, low, high };
    let growth = |metric: &str, base, head| Growth {
        case: CaseId {
            arg: None,
            ..exchange.clone()
        },
        metric: metric.to_owned(),
        args: (1, 64),
        base: Some(base),
        head,
    };
    vec![
        growth(
            "time.cpu",
            exponent(0.02, -0.03, 0.07),
            exponent(0.61, 0.48, 0.74),
        ),
        growth(
            "heap.allocs",
            exponent(0.0, 0.0, 0.0),
            exponent(0.0, 0.0, 0.0),
        ),
    ]
}

/// A run with nothing in it, and nothing to compare it with.
pub(crate) fn empty() -> Sample {
    Sample {
        run: Run::default(),
        base: None,
        comparison: Comparison::default(),
        history: History::default(),
        steps: Vec::new(),
    }
}

pub(crate) fn id(workload: &str, arg: Option<u64>, runtime: &str, variant: Option<&str>) -> CaseId {
    CaseId {
        package: "reference".to_owned(),
        target: "stories".to_owned(),
        workload: workload.to_owned(),
        arg,
        runtime: runtime.to_owned(),
        variant: variant.map(str::to_owned),
    }
}

fn row(id: &CaseId, line: &Line) -> Row {
    let (metric, base, head, word, smallest_effect) = *line;
    Row {
        case: id.clone(),
        metric: metric.to_owned(),
        base: Some(base),
        head: Some(head),
        judgement: match word {
            "same" => Judgement::Same,
            "better" => Judgement::Better,
            "worse" => Judgement::Worse,
            reason => Judgement::NotJudged {
                reason: reason.to_owned(),
            },
        },
        smallest_effect,
        estimate: None,
    }
}

fn measurements(lines: &[Line], is_head: bool) -> BTreeMap<String, Measurement> {
    let lines = lines.iter();
    lines
        .map(|(metric, base, head, ..)| {
            let value = if is_head { *head } else { *base };
            let is_noisy = metric.starts_with("time") || metric.starts_with("os");
            let measurement = Measurement {
                value,
                noise: if is_noisy { Noise::Noisy } else { Noise::Exact },
                samples: vec![value; 3],
                not_judged: None,
            };
            ((*metric).to_owned(), measurement)
        })
        .collect()
}

fn passes(id: &CaseId) -> Vec<PassRecord> {
    let failed = Outcome::Failed {
        message: "the child was killed by signal 11 (SIGSEGV)".to_owned(),
        hint: Some("run it once with `--lens time` to see whether the workload itself crashes".to_owned()),
        stderr: "thread 'worker-1' panicked at src/resize.rs:140:9:\nindex out of bounds: the len is 519168 but the index is 519168\nnote: run with `RUST_BACKTRACE=1`\n".to_owned(),
    };
    let is_broken = id.workload == "frame-resize";
    let cpu = if is_broken { failed } else { Outcome::Measured };
    let notes = if is_broken {
        vec![]
    } else {
        vec!["1 204 of 1 260 expected samples".to_owned()]
    };
    [
        (Pass::Time, 2.41, 30, Outcome::Measured, vec![]),
        (Pass::Count, 1.87, 20, Outcome::Measured, vec![]),
        (Pass::Cpu, 12.6, if is_broken { 0 } else { 240 }, cpu, notes),
    ]
    .into_iter()
    .map(|(pass, seconds, iterations, outcome, notes)| PassRecord {
        pass,
        seconds,
        iterations,
        outcome,
        notes,
    })
    .collect()
}

fn environment() -> Environment {
    Environment {
        rustc: "rustc 1.95.0 (f2d3ce0bd 2026-03-21)".to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        build: vec![
            "profile=bench".to_owned(),
            "debug=2".to_owned(),
            "force-frame-pointers=yes".to_owned(),
        ],
        annotated_moves: true,
        lockfile: "4f1c9a7e".to_owned(),
        packages: BTreeMap::from([("tokio".to_owned(), "1.54.0".to_owned())]),
        os: "Linux 6.1 (Debian 12)".to_owned(),
        libc: "glibc 2.36".to_owned(),
        processor: "AMD EPYC 7B13".to_owned(),
        processors: 2,
        variables: BTreeMap::from([("MALLOC_TRIM_THRESHOLD_".to_owned(), "134217728".to_owned())]),
        revision: Some("1f3c2ab (dirty)".to_owned()),
        differences: vec![
            "`panic = \"abort\"` of the release profile is ignored for bench targets".to_owned(),
        ],
    }
}

fn findings(case: &CaseId) -> Vec<Finding> {
    let cause = |function: &str,
                 location: &str,
                 base: f64,
                 head: f64,
                 share: f64,
                 ty: Option<(&str, u64, Naming)>| Cause {
        function: function.to_owned(),
        is_async: true,
        location: location.to_owned(),
        through: None,
        ty: ty.map(|(name, size, way)| MovedType {
            name: name.to_owned(),
            size,
            way,
        }),
        base,
        head,
        share,
        stack: vec![
            "task ddsplit::cluster::serve".to_owned(),
            "async fn ddsplit::cluster::query_node".to_owned(),
            format!("async fn {function}"),
            "tokio::sync::mpsc::chan::Tx::send".to_owned(),
            "memmove".to_owned(),
        ],
    };
    let result = Some((stacks::RESULT, 50_008, Naming::Annotated));
    vec![
        Finding {
            rule: "copied-bytes-grew".to_owned(),
            level: Level::Deny,
            case: case.clone(),
            metric: "memcpy.bytes".to_owned(),
            base: 11_208_704.0,
            head: 59_316_400.0,
            message: "copied bytes grew ×5.3, from 11.2 MB to 59.3 MB per iteration: `Result<SuccessCode, DistriErr>` (50 008 B) is moved 962 times in `async fn ddsplit::store::reassemble`".to_owned(),
            causes: vec![
                cause("ddsplit::store::reassemble", "src/store.rs:88", 23_088.0, 41_306_608.0, 0.858, result),
                cause("ddsplit::cluster::query_node", "src/cluster.rs:61", 3_264.0, 6_801_088.0, 0.141, result),
                cause("ddsplit::cluster::serve", "src/cluster.rs:44", 0.0, 24_576.0, 0.001, Some(("DistriQuery", 4_096, Naming::Candidate))),
            ],
            remedy: Some("`DistriErr::Corrupt` holds `[u8; 50000]` inline; box it: 50 008 → 24 B".to_owned()),
            gain: Some("at most 7.9 % of CPU time and 81 % of copied bytes".to_owned()),
            because: vec![TypeFinding {
                rule: "type-grew".to_owned(),
                message: "`DistriErr` grew from 24 to 50 008 B: its variant `Corrupt` holds `fragment: [u8; 50000]`".to_owned(),
                ..type_finding()
            }],
            symptoms: vec![Symptom {
                rule: "copies-grew".to_owned(),
                level: Level::Deny,
                metric: "memcpy.calls".to_owned(),
                base: 1_204.0,
                head: 2_166.0,
                message: "copies grew +79.9 %, from 1204 to 2166 per iteration".to_owned(),
                causes: Vec::new(),
            }],
        },
        Finding {
            rule: "cpu-time-grew".to_owned(),
            level: Level::Deny,
            case: case.clone(),
            metric: "time.cpu".to_owned(),
            base: 41_300_000.0,
            head: 49_900_000.0,
            message: "CPU time grew 20.8 %, from 41.3 ms to 49.9 ms per iteration".to_owned(),
            causes: vec![
                cause("ddsplit::store::reassemble", "src/store.rs:88", 2_100_000.0, 6_900_000.0, 0.558, None),
                cause("ddsplit::codec::decode_fragment", "src/codec.rs:112", 19_400_000.0, 21_000_000.0, 0.186, None),
            ],
            remedy: None,
            gain: Some("at most 17.2 % of CPU time".to_owned()),
            because: Vec::new(),
            symptoms: Vec::new(),
        },
        Finding {
            rule: "peak-memory-grew".to_owned(),
            level: Level::Warn,
            case: case.clone(),
            metric: "heap.peak".to_owned(),
            base: 2_114_560.0,
            head: 8_402_944.0,
            message: "peak memory grew 297.4 %, from 2.11 MB to 8.40 MB per iteration".to_owned(),
            causes: Vec::new(),
            remedy: Some("bound the reply channel; 128 replies of 50 008 B wait in it".to_owned()),
            gain: None,
            because: Vec::new(),
            symptoms: Vec::new(),
        },
    ]
}

/// A future that grew.
fn type_finding() -> TypeFinding {
    TypeFinding {
        rule: "held-across-await-grew".to_owned(),
        level: Level::Warn,
        type_name: "async fn ddsplit::cluster::serve".to_owned(),
        krate: "ddsplit".to_owned(),
        kind: TypeKind::AsyncFn,
        place: Some(Place {
            file: "src/cluster.rs".to_owned(),
            line: 40,
        }),
        base: Some(192),
        head: 4_296,
        message: "`async fn serve` grew ×22.4, from 192 to 4 296 B: it holds `scratch: [u8; 4096]` across an await"
            .to_owned(),
        cause: None,
        chain: Vec::new(),
        holders: Vec::new(),
        remedy: Some("drop `scratch` before the await, or box it".to_owned()),
        evidence: Vec::new(),
        fingerprint: "held-across-await-grew ddsplit::cluster::serve".to_owned(),
    }
}

/// A future that awaits one with an error in it.
fn types() -> Vec<Piece> {
    let place = |line| {
        Some(Place {
            file: "src/query.rs".to_owned(),
            line,
        })
    };
    let piece = |name: &str, type_name: &str, size, pieces| Piece {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        size,
        place: None,
        pieces,
    };
    let rest = |size| piece("", "", size, Vec::new());
    let failure = piece("failure", "ddsplit::story::DistriErr", 50_008, Vec::new());
    let awaited = Piece {
        place: place(71),
        ..piece(
            AWAITED,
            "async fn ddsplit::reassemble::reassemble<ddsplit::story::DistriErr>",
            50_184,
            vec![failure, rest(176)],
        )
    };
    let query = Piece {
        place: place(68),
        ..piece("query", "ddsplit::story::DistriQuery", 4_100, Vec::new())
    };
    let name = "async fn ddsplit::query::answer<ddsplit::story::DistriQuery>";
    vec![Piece {
        place: place(68),
        ..piece(name, name, 58_520, vec![awaited, query, rest(4_236)])
    }]
}
