//! The stacks of the sample.

use perfkit_model::category::Category;
use perfkit_model::stacks::{Frame, FrameKind, Stacks, StacksBuilder};

pub(crate) const RESULT: &str = "Result<SuccessCode, DistriErr>";

const CPU: u32 = 240;
const COUNT: u32 = 20;

/// A frame in short form: kind and category in one word, name, file, line.
fn frame(word: &str, name: &str, file: &str, line: u32) -> Frame {
    let (kind, category) = match word {
        "task" => (FrameKind::Task, Category::App),
        "async" => (FrameKind::Async, Category::App),
        "app" => (FrameKind::Function, Category::App),
        "moved" => (FrameKind::Moved, Category::Memcpy),
        "candidate" => (FrameKind::Candidate, Category::Memcpy),
        "unknown" => (FrameKind::Unknown, Category::Unknown),
        category => (FrameKind::Function, Category::from(category.to_owned())),
    };
    let size = match name {
        RESULT => 50_008,
        "DistriQuery" => 4_096,
        _ => 0,
    };
    Frame {
        name: name.to_owned(),
        kind,
        category,
        file: file.to_owned(),
        line,
        size,
    }
}

/// The story has 50 kB moves; the cured form allocates a box instead.
pub(crate) fn ddsplit(is_story: bool) -> Stacks {
    let serve = frame("task", "ddsplit::cluster::serve", "src/cluster.rs", 41);
    let query = frame(
        "async",
        "ddsplit::cluster::query_node",
        "src/cluster.rs",
        61,
    );
    let gather = frame("async", "ddsplit::store::reassemble", "src/store.rs", 88);
    let decode = frame(
        "app",
        "ddsplit::codec::decode_fragment",
        "src/codec.rs",
        112,
    );
    let checksum = frame("app", "ddsplit::codec::verify", "src/codec.rs", 140);
    let compress = frame("sha2", "sha2::sha256::compress256", "", 0);
    let parse = frame("serde_json", "serde_json::de::from_slice", "", 0);
    let send = frame("sync", "tokio::sync::mpsc::chan::Tx::send", "", 0);
    let lock = frame(
        "sync",
        "std::sys::sync::mutex::futex::Mutex::lock_contended",
        "",
        0,
    );
    let run = frame(
        "runtime",
        "tokio::runtime::scheduler::current_thread::Context::run_task",
        "",
        0,
    );
    let park = frame("runtime", "tokio::runtime::io::driver::Driver::turn", "", 0);
    let wait = frame("kernel", "epoll_wait", "", 0);
    let transmit = frame("kernel", "sendto", "", 0);
    let malloc = frame("allocator", "malloc", "", 0);
    let free = frame("allocator", "free", "", 0);
    let memmove = frame("memcpy", "memmove", "", 0);
    let nameless = frame("unknown", "", "", 0);
    let reply = frame("moved", RESULT, "src/store.rs", 91);
    let answer = frame("moved", RESULT, "src/cluster.rs", 63);
    let request = frame("candidate", "DistriQuery", "src/cluster.rs", 44);

    let pick = |story: u64, cured: u64| if is_story { story } else { cured };
    let samples: [(Vec<&Frame>, u64); 15] = [
        (vec![&serve, &query, &gather, &decode], pick(214, 220)),
        (vec![&serve, &query, &gather, &decode, &parse], pick(92, 95)),
        (
            vec![&serve, &query, &gather, &decode, &checksum, &compress],
            pick(331, 340),
        ),
        (vec![&serve, &query, &gather, &checksum], pick(41, 44)),
        (vec![&serve, &query, &gather, &send, &reply], pick(139, 0)),
        (vec![&serve, &query, &send, &answer], pick(31, 0)),
        (
            vec![&serve, &query, &gather, &decode, &memmove],
            pick(28, 31),
        ),
        (
            vec![&serve, &query, &gather, &decode, &malloc],
            pick(12, 14),
        ),
        (vec![&serve, &query, &gather, &free], pick(6, 11)),
        (vec![&serve, &query, &gather, &send], pick(34, 30)),
        (vec![&serve, &query, &lock], pick(9, 8)),
        (vec![&run], pick(88, 90)),
        (vec![&run, &park, &wait], pick(74, 76)),
        (vec![&serve, &query, &transmit], pick(91, 93)),
        (vec![&nameless], pick(14, 13)),
    ];
    let mut builder = StacksBuilder::default();
    for (path, weight) in samples {
        add(&mut builder, &path, "cpu.samples", CPU, weight);
    }
    let copies: [(Vec<&Frame>, u64, u64); 4] = [
        (
            vec![&serve, &query, &gather, &send, &reply],
            pick(826, 0),
            50_008,
        ),
        (vec![&serve, &query, &send, &answer], pick(136, 0), 50_008),
        (vec![&serve, &request], 6, 4_096),
        (
            vec![&serve, &query, &gather, &decode, &memmove],
            9_868,
            1_135,
        ),
    ];
    for (path, calls, bytes) in copies {
        let calls = calls * u64::from(COUNT);
        add(&mut builder, &path, "memcpy.calls", COUNT, calls);
        add(&mut builder, &path, "memcpy.bytes", COUNT, calls * bytes);
    }
    let allocations: [(Vec<&Frame>, u64, u64); 4] = [
        (vec![&serve, &query, &gather, &decode, &malloc], 12_288, 612),
        (
            vec![&serve, &query, &gather, &decode, &parse, &malloc],
            4_096,
            220,
        ),
        (
            vec![&serve, &query, &gather, &malloc],
            pick(34, 1_058),
            4_096,
        ),
        (vec![&serve, &malloc], 1_024, 3_584),
    ];
    for (path, calls, bytes) in allocations {
        let calls = calls * u64::from(COUNT);
        add(&mut builder, &path, "heap.allocs", COUNT, calls);
        add(&mut builder, &path, "heap.bytes", COUNT, calls * bytes);
    }
    let path = [&serve, &query, &transmit];
    add(
        &mut builder,
        &path,
        "io.calls",
        COUNT,
        4_096 * u64::from(COUNT),
    );
    add(
        &mut builder,
        &path,
        "io.bytes",
        COUNT,
        6_553_600 * u64::from(COUNT),
    );
    builder.finish()
}

/// A synchronous exchange between workers.
pub(crate) fn exchange() -> Stacks {
    let worker = frame("task", "exchange::worker", "src/exchange.rs", 30);
    let route = frame("app", "exchange::route", "src/exchange.rs", 74);
    let push = frame("sync", "tokio::sync::mpsc::chan::Tx::send", "", 0);
    let malloc = frame("allocator", "malloc", "", 0);
    let run = frame(
        "runtime",
        "tokio::runtime::scheduler::current_thread::Context::run_task",
        "",
        0,
    );
    let mut builder = StacksBuilder::default();
    let samples: [(Vec<&Frame>, u64); 4] = [
        (vec![&worker, &route], 812),
        (vec![&worker, &push], 96),
        (vec![&worker, &route, &malloc], 61),
        (vec![&run], 48),
    ];
    for (path, weight) in samples {
        add(&mut builder, &path, "cpu.samples", CPU, weight);
    }
    let path = [&worker, &route, &malloc];
    add(
        &mut builder,
        &path,
        "heap.allocs",
        COUNT,
        4_104 * u64::from(COUNT),
    );
    add(
        &mut builder,
        &path,
        "heap.bytes",
        COUNT,
        33_562_624 * u64::from(COUNT),
    );
    builder.finish()
}

fn add(builder: &mut StacksBuilder, path: &[&Frame], metric: &str, iterations: u32, weight: u64) {
    let path: Vec<Frame> = path.iter().copied().cloned().collect();
    if let Some(node) = builder.node(&path) {
        builder.add(node, metric, iterations, weight);
    }
}
