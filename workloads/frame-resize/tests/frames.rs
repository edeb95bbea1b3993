//! Every variant finds in a video what was drawn into it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use bytes::Bytes;
use frame_resize::detect::detect;
use frame_resize::mapper::{MapError, Mapper};
use frame_resize::message::{Message, Truncated};
use frame_resize::resize::FrameResizer;
use frame_resize::switches::{Resize, UnknownVariant};
use frame_resize::udf::Function;
use frame_resize::video::{FULL_HD, MODEL, Size};
use frame_resize::{Feed, Pipeline, Switches, Video, grpc, y4m};
use tokio::net::UnixListener;

const SMALL: Size = Size {
    width: 640,
    height: 480,
};

const VARIANTS: [&str; 11] = [
    "story",
    "story+slice-decode",
    "story+share-value",
    "story+preallocate",
    "story+move-freeze",
    "story+borrow-sink",
    "story+direct-mapper",
    "story+native-udf",
    "story+naive-resize",
    "cured+naive-resize",
    "cured",
];

fn feed(video: Video, batch: usize) -> Feed {
    Feed {
        video,
        model: MODEL,
        batch,
    }
}

async fn texts(variant: &str, batch: usize, runs: usize) -> Vec<String> {
    let video = Video::generate(11, 3, SMALL);
    let mut pipeline = Pipeline::start(feed(video, batch), variant.parse().unwrap())
        .await
        .unwrap();
    let mut texts = Vec::new();
    for _ in 0..runs {
        let text = pipeline.run().await.unwrap();
        assert_eq!(
            pipeline.check(&text),
            Ok(()),
            "{variant}, batches of {batch}"
        );
        texts.push(text);
    }
    texts
}

#[tokio::test]
async fn every_variant_finds_every_object() {
    for variant in VARIANTS {
        let texts = texts(variant, 2, 1).await;
        assert_eq!(
            texts[0].lines().count(),
            2,
            "{variant}: the third frame is empty"
        );
    }
}

#[tokio::test]
async fn the_batch_size_does_not_show() {
    let expected = texts("cured", 2, 1).await;
    for (variant, batch) in [("story", 1), ("cured", 1), ("story", 500), ("cured", 500)] {
        for text in texts(variant, batch, 2).await {
            assert_eq!(text, expected[0], "{variant}, batches of {batch}");
        }
    }
}

#[tokio::test]
async fn story_and_cured_write_the_same_text_for_full_frames() {
    let video = Video::generate(5, 1, FULL_HD);
    assert_eq!((video.frame(0).len(), MODEL.bytes()), (6_220_800, 519_168));
    let mut texts = Vec::new();
    for switches in [Switches::story(), Switches::cured()] {
        let mut pipeline = Pipeline::start(feed(video.clone(), 1), switches)
            .await
            .unwrap();
        let text = pipeline.run().await.unwrap();
        assert_eq!(pipeline.check(&text), Ok(()));
        assert!(
            pipeline
                .check(&text.replace("object at ", "object at 1"))
                .is_err()
        );
        assert!(pipeline.check("").is_err());
        texts.push(text);
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn small_frames_for_a_small_model() {
    let size = Size {
        width: 128,
        height: 96,
    };
    let model = Size {
        width: 32,
        height: 24,
    };
    for variant in ["story", "cured", "cured+naive-resize"] {
        let feed = Feed {
            video: Video::generate(7, 30, size),
            model,
            batch: 16,
        };
        let mut pipeline = Pipeline::start(feed, variant.parse().unwrap())
            .await
            .unwrap();
        let text = pipeline.run().await.unwrap();
        assert_eq!(pipeline.check(&text), Ok(()), "{variant}");
        assert_eq!(text.lines().count(), 20, "{variant}");
    }
}

#[tokio::test]
async fn a_function_that_fails_ends_a_batch_that_is_still_sent() {
    // More than the stream holds, all of it refused.
    let messages = |count: u64| -> Vec<Message> {
        let value = Bytes::from(vec![255; SMALL.bytes() - 3]);
        let message = |id| Message {
            id,
            event_time: 0,
            value: value.clone(),
        };
        (1..=count).map(message).collect()
    };
    for variant in ["story", "cured"] {
        let switches: Switches = variant.parse().unwrap();
        let function = Function::filter_resize(SMALL, MODEL, switches);
        let in_memory = Mapper::connect(function, switches).await.unwrap();
        let (_folder, sockets) = behind_sockets(switches, SMALL).await;
        let over_grpc = Mapper::connect_to(&sockets[0], switches).await.unwrap();
        for mut mapper in [in_memory, over_grpc] {
            // Beyond what is asked for in one go, too.
            match mapper.map(messages(300)).await {
                Err(MapError::Function { id: 1, .. }) => {}
                other => panic!("{variant}: {other:?}"),
            }
            // What is left of the stream is of no use, and nobody waits for it.
            assert!(mapper.map(messages(1)).await.is_err(), "{variant}");
        }
    }
}

#[tokio::test]
async fn a_function_that_goes_away_is_no_function_that_failed() {
    for variant in ["story", "cured"] {
        let switches: Switches = variant.parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("resize");
        let listener = UnixListener::bind(&socket).unwrap();
        let function = Function::filter_resize(SMALL, MODEL, switches);
        // A runtime of its own ends all of the connection's tasks with it.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.spawn(grpc::serve(listener, function, switches));
        let mut mapper = Mapper::connect_to(&socket, switches).await.unwrap();
        runtime.shutdown_background();
        let message = Message {
            id: 3,
            event_time: 0,
            value: Video::generate(11, 1, SMALL).frame(0),
        };
        match mapper.map(vec![message]).await {
            Err(MapError::Stream(_)) => {}
            other => panic!("{variant}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_frame_of_the_wrong_size_is_refused_by_its_number() {
    for switches in [Switches::story(), Switches::cured()] {
        let function = Function::filter_resize(SMALL, MODEL, switches);
        let mut mapper = Mapper::connect(function, switches).await.unwrap();
        // Bright enough to pass the filter, too short to be a frame.
        let value = Bytes::from(vec![255; SMALL.bytes() - 3]);
        let message = Message {
            id: 9,
            event_time: 0,
            value,
        };
        match mapper.map(vec![message]).await {
            Err(MapError::Function { id: 9, reason }) => {
                assert_eq!(reason, "frame has 921597 B instead of 921600 B");
            }
            other => panic!("expected the function to fail, got {other:?}"),
        }
    }
}

#[test]
fn a_video_depends_on_its_seed_alone() {
    let frames = |seed| Video::generate(seed, 2, SMALL).frame(1);
    assert_eq!(frames(1), frames(1));
    assert_ne!(frames(1), frames(2));
}

#[test]
fn both_resizings_keep_the_object_in_its_place() {
    let video = Video::generate(3, 2, SMALL);
    for resize in [Resize::Fast, Resize::Naive] {
        let mut resizer = FrameResizer::new(SMALL, MODEL, resize);
        for number in 0..2 {
            let resized = resizer.resize(&video.frame(number)).unwrap();
            let found = detect(&resized, MODEL).unwrap();
            let drawn = video.object(number, MODEL).unwrap();
            assert!(
                found.is_near(drawn, 2),
                "{resize:?}: {found} is not near {drawn}"
            );
        }
        assert!(resizer.resize(&[0; 5]).is_err());
    }
}

#[test]
fn messages_survive_encoding() {
    for switches in [Switches::story(), Switches::cured()] {
        for length in [0, 1, 10_000] {
            let message = Message {
                id: 3,
                event_time: 120,
                value: Bytes::from(vec![7; length]),
            };
            let bytes = message.encode(switches);
            assert_eq!(Message::decode(bytes.clone(), switches).unwrap(), message);
            let short = bytes.slice(..bytes.len() - 1);
            assert_eq!(
                Message::decode(short, switches),
                Err(Truncated {
                    length: bytes.len() - 1
                })
            );
        }
    }
}

#[test]
fn variant_names_are_checked() {
    let all = "story+slice-decode+share-value+preallocate+move-freeze+borrow-sink+direct-mapper+native-udf";
    assert_eq!(all.parse(), Ok(Switches::cured()));
    assert_eq!(
        "cured+fast".parse::<Switches>(),
        Err(UnknownVariant {
            part: "fast".to_owned()
        })
    );
}

/// Both functions behind sockets of a folder, here in the same process.
async fn behind_sockets(switches: Switches, size: Size) -> (tempfile::TempDir, [PathBuf; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let sockets = ["resize", "infer"].map(|name| folder.path().join(name));
    let functions = [
        Function::filter_resize(size, MODEL, switches),
        Function::inference(MODEL, switches),
    ];
    for (socket, function) in sockets.iter().zip(functions) {
        let listener = UnixListener::bind(socket).unwrap();
        tokio::spawn(grpc::serve(listener, function, switches));
    }
    (folder, sockets)
}

#[tokio::test]
async fn every_variant_finds_every_object_over_grpc() {
    for variant in VARIANTS {
        let switches: Switches = variant.parse().unwrap();
        let (_folder, sockets) = behind_sockets(switches, SMALL).await;
        let paths = sockets.each_ref().map(PathBuf::as_path);
        let video = Video::generate(11, 3, SMALL);
        let mut pipeline = Pipeline::connect(feed(video, 2), switches, paths)
            .await
            .unwrap();
        for _ in 0..2 {
            let text = pipeline.run().await.unwrap();
            assert_eq!(pipeline.check(&text), Ok(()), "{variant}");
            assert_eq!(text.lines().count(), 2, "{variant}");
        }
    }
}

#[tokio::test]
async fn a_function_that_fails_over_grpc_says_why() {
    for variant in ["story", "cured"] {
        let switches: Switches = variant.parse().unwrap();
        let (_folder, sockets) = behind_sockets(switches, SMALL).await;
        let mut mapper = Mapper::connect_to(&sockets[0], switches).await.unwrap();
        let wrong = Message {
            id: 5,
            event_time: 0,
            value: Bytes::from(vec![255; SMALL.bytes() - 3]),
        };
        match mapper.map(vec![wrong]).await {
            Err(MapError::Function { id: 5, reason }) => {
                assert_eq!(reason, "frame has 921597 B instead of 921600 B");
            }
            other => panic!("{other:?}"),
        }
        // The function serves one stream, and nobody is where no socket is.
        assert!(Mapper::connect_to(&sockets[0], switches).await.is_err());
        let nowhere = sockets[0].with_extension("none");
        assert!(Mapper::connect_to(&nowhere, switches).await.is_err());
    }
}

#[test]
fn a_file_holds_the_video() {
    let video = Video::generate(11, 2, SMALL);
    let mut file = Vec::new();
    y4m::write(&video, &mut file).unwrap();
    assert!(file.starts_with(b"YUV4MPEG2 W640 H480 F25:1 Ip A1:1 C444 XCOLORRANGE=FULL\nFRAME\n"));
    let (size, frames) = y4m::read(&file[..]).unwrap();
    assert_eq!(size, SMALL);
    assert_eq!(frames.len(), 2 * SMALL.bytes());
    let original = [video.frame(0), video.frame(1)].concat();
    let furthest = original
        .iter()
        .zip(&frames)
        .map(|(left, right)| left.abs_diff(*right))
        .max();
    // Eight bits of each plane do not hold every colour.
    assert!(
        furthest.is_some_and(|furthest| furthest <= 3),
        "{furthest:?}"
    );
    let read = video.clone().read_as(size, frames.clone()).unwrap();
    assert_eq!(read.object(0, MODEL), video.object(0, MODEL));
    assert!(video.clone().read_as(FULL_HD, frames.clone()).is_none());
    assert!(video.read_as(size, frames.slice(1..)).is_none());
}

#[test]
fn files_that_are_none() {
    let frame = "FRAME\n".to_owned() + &"x".repeat(12);
    let whole = format!("YUV4MPEG2 W2 H2 C444\n{frame}{frame}");
    assert_eq!(y4m::read(whole.as_bytes()).unwrap().1.len(), 24);
    for (file, said) in [
        ("".to_owned(), "empty"),
        ("RIFF\n".to_owned(), "no YUV4MPEG2"),
        (
            whole.replace("C444", "C420jpeg"),
            "C420jpeg".trim_start_matches('C'),
        ),
        (whole.replace(" C444", ""), "420"),
        (whole.replace("C444", "C444 XCOLORRANGE=LIMITED"), "limited"),
        (whole.replace("W2", "W0"), "width"),
        (whole.replace("H2", "H99999"), "width"),
        (whole.replace("W2 ", ""), "width"),
        (whole.replacen("FRAME", "FRUME", 1), "expected a frame"),
        (whole.replacen('\n', "", 1), "understood"),
        ("YUV4MPEG2 ".to_owned() + &"X".repeat(1_000), "no end"),
    ] {
        let error = y4m::read(file.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{file:?}");
        assert!(error.to_string().contains(said), "{error} on {file:?}");
    }
    let cut = y4m::read(&whole.as_bytes()[..whole.len() - 1]).unwrap_err();
    assert_eq!(cut.kind(), std::io::ErrorKind::UnexpectedEof);
}
