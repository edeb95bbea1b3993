//! Both forms give the same answers over both transports, and report the same damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::mem::size_of;

use ddsplit::cluster::Deployment;
use ddsplit::dispersal::{disperse, join};
use ddsplit::error::{FragmentError, SuccessCode};
use ddsplit::query::{Answer, Query};
use ddsplit::record::{FragmentId, MAX_FRAGMENT, Record, digest};
use ddsplit::switches::{Switches, UnknownVariant};
use ddsplit::{Cluster, Input, Shape, Transport, cured, story};

const SMALL: Shape = Shape {
    servers: 3,
    records: 7,
    record_bytes: 10_001,
    queries: 9,
    hits: 5,
};

const VARIANTS: [&str; 8] = [
    "story",
    "story+native-dispatch",
    "story+boxed-error",
    "story+boxed-query",
    "story+buffered-io",
    "cured+inline-error",
    "cured+inline-query",
    "cured",
];

/// The story's futures are large, and unoptimised code copies them onto the stack several times over.
fn run<T: Send + 'static>(test: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    thread
        .spawn(move || runtime.block_on(Box::pin(test())))
        .unwrap()
        .join()
        .unwrap()
}

async fn answers(variant: &str, transport: Transport, seed: u64) -> Vec<Answer> {
    let switches = variant.parse().unwrap();
    let cluster = Cluster::start(switches, transport, Input::generate(seed, SMALL))
        .await
        .unwrap();
    let mut answers = Vec::new();
    // The second round replaces what the first one stored.
    for _ in 0..2 {
        answers = cluster.round_trip().await.unwrap();
        cluster.check(&answers).unwrap();
    }
    answers
}

#[test]
fn every_variant_gives_the_expected_answers_over_both_transports() {
    let expected = Input::generate(7, SMALL).answers();
    for variant in VARIANTS {
        for transport in [Transport::Memory, Transport::Tcp] {
            let answers = run(async move || answers(variant, transport, 7).await);
            assert_eq!(answers, expected, "{variant} over {transport:?}");
        }
    }
}

#[test]
fn the_default_input_is_answered() {
    run(async || {
        let input = Input::generate(1, Shape::default());
        let cluster = Cluster::start(Switches::story(), Transport::Memory, input)
            .await
            .unwrap();
        let answers = cluster.round_trip().await.unwrap();
        cluster.check(&answers).unwrap();
        assert!(cluster.check(&answers[1..]).is_err());
    });
}

#[test]
fn an_input_depends_on_its_seed_alone() {
    assert_eq!(
        Input::generate(7, SMALL).answers(),
        Input::generate(7, SMALL).answers()
    );
    assert_ne!(
        Input::generate(7, SMALL).answers(),
        Input::generate(8, SMALL).answers()
    );
}

/// One lost fragment is made up for; two of three are too many, and the first one's error comes back.
async fn damage<E: FragmentError, Q: Query>(switches: Switches) {
    for transport in [Transport::Memory, Transport::Tcp] {
        let input = Input::generate(3, SMALL);
        let record = &input.records[2];
        let question = ddsplit::input::Question {
            id: 0,
            keys: vec![record.key],
        };
        let questions = std::slice::from_ref(&question);
        let deployment = Deployment::<E, Q>::start(input.servers, switches, transport)
            .await
            .unwrap();

        let missing = deployment
            .answer_all(&input.records, questions)
            .await
            .unwrap_err();
        assert_eq!(
            missing.missing_fragment(),
            Some(FragmentId {
                key: record.key,
                index: 0
            })
        );
        assert_eq!(
            deployment.split_all(&input.records).await.unwrap(),
            SuccessCode::Stored
        );
        let answers = deployment
            .answer_all(&input.records, questions)
            .await
            .unwrap();

        deployment
            .rot_fragment(FragmentId {
                key: record.key,
                index: 1,
            })
            .await
            .unwrap();
        assert_eq!(
            deployment
                .answer_all(&input.records, questions)
                .await
                .unwrap(),
            answers
        );
        deployment
            .rot_fragment(FragmentId {
                key: record.key,
                index: 2,
            })
            .await
            .unwrap();
        let corrupt = deployment
            .answer_all(&input.records, questions)
            .await
            .unwrap_err();
        let mut bytes = record.disperse(3, 2)[1].payload.to_vec();
        bytes[0] ^= 1;
        assert_eq!(corrupt.corrupt_fragment(), Some(&bytes[..]));
        let message = corrupt.to_string();
        assert_eq!(message, corrupt.into_boxed().to_string());

        assert_eq!(
            deployment.split_all(&input.records).await.unwrap(),
            SuccessCode::Replaced
        );
        assert_eq!(
            deployment
                .answer_all(&input.records, questions)
                .await
                .unwrap(),
            answers
        );
    }
}

#[test]
fn corrupt_fragments_are_reported_with_their_bytes() {
    run(async || {
        Box::pin(damage::<story::DistriErr, story::DistriQuery>(
            Switches::story(),
        ))
        .await
    });
    run(async || damage::<cured::DistriErr, story::DistriQuery>(Switches::story()).await);
    run(async || {
        Box::pin(damage::<story::DistriErr, cured::DistriQuery>(
            Switches::cured(),
        ))
        .await
    });
    run(async || damage::<cured::DistriErr, cured::DistriQuery>(Switches::cured()).await);
}

#[test]
fn a_record_beyond_the_limit_is_refused() {
    run(async || {
        let record = Record::generate(1, 1, 2 * (MAX_FRAGMENT + 1));
        let deployment = Deployment::<cured::DistriErr, cured::DistriQuery>::start(
            3,
            Switches::cured(),
            Transport::Memory,
        )
        .await
        .unwrap();
        let error = deployment.split_all(&[record]).await.unwrap_err();
        assert!(matches!(error, cured::DistriErr::Transport(_)));
    });
}

#[test]
fn sizes_are_those_of_the_story() {
    assert_eq!(size_of::<Result<SuccessCode, story::DistriErr>>(), 50_008);
    assert_eq!(size_of::<story::DistriQuery>(), 4_100);
    assert_eq!(size_of::<Result<SuccessCode, cured::DistriErr>>(), 24);
    assert_eq!(size_of::<cured::DistriQuery>(), 16);
}

#[test]
fn any_sufficient_fragments_join_to_the_record() {
    for length in [0, 1, 5, 4_097] {
        let record = Record::generate(9, 1, length);
        let fragments = disperse(&record.payload, 5, 3);
        assert!(
            fragments
                .iter()
                .all(|fragment| fragment.len() == length.div_ceil(3))
        );
        for indices in [[0, 1, 2], [2, 3, 4], [4, 0, 2]] {
            let shares = indices.map(|index| (index, &fragments[usize::from(index)][..]));
            assert_eq!(
                join(&shares, length).unwrap(),
                record.payload,
                "{length} B from {indices:?}"
            );
        }
        let twice = [0, 0, 1].map(|index| (index, &fragments[usize::from(index)][..]));
        assert_eq!(join(&twice, length), None);
    }
    assert_eq!(join(&[(0, &[1]), (1, &[2])], 3), None);
    // FNV-1a's published test vector.
    assert_eq!(digest(b"foobar"), 0x8594_4171_f739_67e8);
}

#[test]
fn variant_names_are_checked() {
    let unknown = |part: &str| {
        Err(UnknownVariant {
            part: part.to_owned(),
        })
    };
    assert_eq!(
        "story+boxed-errors".parse::<Switches>(),
        unknown("boxed-errors")
    );
    assert_eq!("".parse::<Switches>(), unknown(""));
    let all = "story+native-dispatch+boxed-error+boxed-query+buffered-io";
    assert_eq!(all.parse(), Ok(Switches::cured()));
}
