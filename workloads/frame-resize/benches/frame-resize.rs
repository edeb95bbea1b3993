//! Sends one raw 1080p frame through the pipeline, with its functions in this process and in another one.

use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use frame_resize::udf::Function;
use frame_resize::video::FULL_HD;
use frame_resize::{Pipeline, Switches, Video, grpc, y4m};
use perfkit::{Bench, Case, Process, Units};
use tokio::net::UnixListener;

perfkit::main!(frame_resize, over_grpc);

/// What the story's demo reads at a time.
const BATCH: usize = 1;

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
    bench
        .workload("frame-resize")
        .variants(VARIANTS)
        .seed(7)
        .set_up(async |case: &Case| {
            let video = video(case).expect("a temporary file can be written");
            Pipeline::start(video, BATCH, switches(case))
                .await
                .expect("functions answer the handshake")
        })
        .units(units)
        .iterate(async |pipeline: &mut Pipeline| pipeline.run().await)
        .check(|pipeline, text| match text {
            Ok(text) => pipeline.check(text),
            Err(error) => Err(error.to_string()),
        });
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
    let video = video(case)?;
    let sockets = sockets.each_ref().map(|socket| socket.as_path());
    Ok(Remote {
        pipeline: Pipeline::connect(video, BATCH, switches(case), sockets).await?,
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
        let filter_resize = Function::filter_resize(FULL_HD, switches);
        let (resized, inferred) = tokio::join!(
            grpc::serve(resize, filter_resize, switches),
            grpc::serve(infer, Function::inference(switches), switches),
        );
        resized.and(inferred)
    })
}

/// One frame, from a file as a camera's recording would be.
fn video(case: &Case) -> std::io::Result<Video> {
    let generated = Video::generate(case.seed(), 1, FULL_HD);
    let mut file = tempfile::tempfile()?;
    y4m::write(&generated, BufWriter::new(&file))?;
    file.rewind()?;
    let (size, frames) = y4m::read(BufReader::new(file))?;
    let read = generated.read_as(size, frames);
    read.map_err(|_| std::io::Error::other("the file has other frames"))
}

fn units(pipeline: &Pipeline) -> Units {
    let frames = pipeline.video().frames() as u64;
    Units::items(frames).and_bytes(frames * FULL_HD.bytes() as u64)
}

fn switches(case: &Case) -> Switches {
    let switches = case.variant().parse();
    switches.expect("variants are named as the library reads them")
}
