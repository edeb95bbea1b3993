//! Sends one raw 1080p frame through the pipeline, with its functions in this process and in another one, and small
//! frames by the hundred.

use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use frame_resize::udf::Function;
use frame_resize::video::{FULL_HD, MODEL, Size};
use frame_resize::{Feed, Pipeline, Switches, Video, grpc, y4m};
use perfkit::{Bench, Case, Process, Units};
use tokio::net::UnixListener;

perfkit::main!(frame_resize, in_batches, over_grpc);

/// Frames of a workload, what they are resized to, and how many are read at a time.
struct Frames {
    count: usize,
    size: Size,
    model: Size,
    batch: usize,
}

/// The story's demo.
const DEMO: Frames = Frames {
    count: 1,
    size: FULL_HD,
    model: MODEL,
    batch: 1,
};

/// What the dataplane reads at a time unless it is told otherwise, of frames so small that every message counts.
const THUMBNAILS: Frames = Frames {
    count: 500,
    size: Size {
        width: 128,
        height: 96,
    },
    model: Size {
        width: 16,
        height: 12,
    },
    batch: 500,
};

/// The story, its cure, and the cure with one switch back.
const VARIANTS: [&str; 10] = [
    "story",
    "cured",
    "cured+copy-decode",
    "cured+copy-value",
    "cured+grow",
    "cured+clone-freeze",
    "cured+clone-sink",
    "cured+actor-mapper",
    "cured+boxed-udf",
    "cured+naive-resize",
];

fn frame_resize(bench: &mut Bench) {
    in_memory(bench, "frame-resize", &DEMO);
}

fn in_batches(bench: &mut Bench) {
    in_memory(bench, "frame-resize-batch", &THUMBNAILS);
}

fn in_memory(bench: &mut Bench, name: &'static str, frames: &'static Frames) {
    bench
        .workload(name)
        .variants(VARIANTS)
        .seed(7)
        .set_up(async move |case: &Case| {
            let feed = feed(case, frames).expect("a temporary file can be written");
            Pipeline::start(feed, switches(case))
                .await
                .expect("functions answer the handshake")
        })
        .units(units)
        .before_each(async move |pipeline: &mut Pipeline| {
            // One message at a time finds the same buffers each time.
            if frames.batch > 1 {
                settle(pipeline).await;
            }
        })
        .iterate(async |pipeline: &mut Pipeline| pipeline.run().await)
        .check(|pipeline, text| match text {
            Ok(text) => pipeline.check(text),
            Err(error) => Err(error.to_string()),
        });
}

/// Batches after which pipes, queues and buffers have the size that they keep.
const UNTIL_STEADY: u32 = 2;

/// Starts anew and sends everything through until all buffers have grown. Where in them a batch begins depends on all batches
/// before, and counts would differ from one iteration to the next.
async fn settle(pipeline: &mut Pipeline) {
    pipeline
        .restart()
        .await
        .expect("functions answer the handshake");
    for _ in 0..UNTIL_STEADY {
        pipeline.run().await.expect("functions map every frame");
    }
}

/// A pipeline whose functions are another process.
struct Remote {
    pipeline: Pipeline,
    _functions: Process,
}

fn over_grpc(bench: &mut Bench) {
    bench.process("functions", |link| drop(be_functions(link)));
    bench
        .workload("frame-resize-grpc")
        .on_request()
        .variants(VARIANTS)
        .seed(7)
        .set_up(async |case: &Case| {
            let remote = start(case).await;
            remote.expect("a process and sockets in a folder of their own")
        })
        .units(|remote: &Remote| units(&remote.pipeline))
        .iterate(async |remote: &mut Remote| remote.pipeline.run().await)
        .check(|remote, text| match text {
            Ok(text) => remote.pipeline.check(text),
            Err(error) => Err(error.to_string()),
        });
}

async fn start(case: &Case) -> std::io::Result<Remote> {
    // Once both ends are connected nobody needs the names, and nothing is left behind whatever happens.
    let folder = tempfile::tempdir()?;
    let sockets = ["resize", "infer"].map(|name| folder.path().join(name));
    let functions = Process::start("functions")?;
    let words = (sockets.each_ref(), case.variant());
    writeln!(functions.link(), "{}", serde_json::to_string(&words)?)?;
    BufReader::new(functions.link()).read_line(&mut String::new())?;
    let sockets = sockets.each_ref().map(|socket| socket.as_path());
    Ok(Remote {
        pipeline: Pipeline::connect(feed(case, &DEMO)?, switches(case), sockets).await?,
        _functions: functions,
    })
}

/// Both functions, each behind a socket.
fn be_functions(link: UnixStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(&link).read_line(&mut line)?;
    let (sockets, variant): ([String; 2], String) = serde_json::from_str(&line)?;
    let switches: Switches = variant.parse().map_err(std::io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let [resize, infer] = sockets;
        let resize = UnixListener::bind(Path::new(&resize))?;
        let infer = UnixListener::bind(Path::new(&infer))?;
        writeln!(&link, "ready")?;
        let filter_resize = Function::filter_resize(DEMO.size, DEMO.model, switches);
        let (resized, inferred) = tokio::join!(
            grpc::serve(resize, filter_resize, switches),
            grpc::serve(infer, Function::inference(DEMO.model, switches), switches),
        );
        resized.and(inferred)
    })
}

/// Frames from a file, as a camera's recording would be.
fn feed(case: &Case, frames: &Frames) -> std::io::Result<Feed> {
    let generated = Video::generate(case.seed(), frames.count, frames.size);
    let mut file = tempfile::tempfile()?;
    y4m::write(&generated, BufWriter::new(&file))?;
    file.rewind()?;
    let (size, bytes) = y4m::read(BufReader::new(file))?;
    let video = generated.read_as(size, bytes);
    Ok(Feed {
        video: video.ok_or_else(|| std::io::Error::other("the file has other frames"))?,
        model: frames.model,
        batch: frames.batch,
    })
}

fn units(pipeline: &Pipeline) -> Units {
    let video = pipeline.video();
    let frames = video.frames() as u64;
    Units::items(frames).and_bytes(frames * video.size().bytes() as u64)
}

fn switches(case: &Case) -> Switches {
    let switches = case.variant().parse();
    switches.expect("variants are named as the library reads them")
}
