//! Takes the frames of many devices.

use cpu_5_percent::{Frame, Key, Report, take};
use perfkit::{Bench, Case, Runtime, Units};

perfkit::main!(frames);

const FRAMES: u64 = 2_080;
const HEADER: usize = 128;
const PAYLOAD: usize = 1_912;
const KEY: Key = [0x1f83_d9ab, 0x5be0_cd19, 0x3c6e_f372, 0xa54f_f53a];

struct Devices {
    frames: Vec<Frame>,
    expected: Report,
}

fn frames(bench: &mut Bench) {
    bench
        .workload("cpu-5-percent")
        .runtimes([Runtime::CurrentThread, Runtime::MultiThread(2)])
        .set_up(async |case: &Case| devices(case.seed()))
        .units(|_| Units::items(FRAMES).and_bytes(FRAMES * PAYLOAD as u64))
        .iterate(async |devices| take(KEY, &devices.frames).await)
        .check(|devices, report| {
            if *report == devices.expected && report.frames > report.forged {
                Ok(())
            } else {
                Err(format!("expected {:?}, got {report:?}", devices.expected))
            }
        });
}

/// Makes frames, every hundredth of them with a wrong tag, and the report that has to come of them.
fn devices(seed: u64) -> Devices {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut expected = Report::default();
    let mut frames = Vec::new();
    for number in 0..FRAMES {
        let header: Vec<u8> = (0..HEADER).map(|_| next(256) as u8).collect();
        let is_forged = number % 100 == 99;
        let mut payload = Vec::with_capacity(PAYLOAD);
        let mut sample = 0_i32;
        while payload.len() < PAYLOAD - 8 {
            let magnitude = 1 << (2 + next(14));
            let difference = next(2 * magnitude) as i32 - magnitude as i32;
            if difference == 0 {
                continue;
            }
            sample += difference;
            encode(&mut payload, difference);
            if !is_forged {
                let bits = 32 - sample.unsigned_abs().leading_zeros();
                expected.samples += 1;
                expected.sum += i64::from(sample);
                expected.magnitudes[bits as usize] += 1;
            }
        }
        payload.resize(PAYLOAD, 0);
        expected.frames += u64::from(!is_forged);
        expected.forged += u64::from(is_forged);
        frames.push(Frame {
            header_tag: tag(&header),
            payload_tag: tag(&payload) ^ u64::from(is_forged),
            header,
            payload,
        });
    }
    Devices { frames, expected }
}

fn encode(out: &mut Vec<u8>, difference: i32) {
    let mut left = (difference << 1 ^ difference >> 31) as u32;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

/// What a device sends to prove that it has the key.
fn tag(section: &[u8]) -> u64 {
    let mut words = [section.len() as u32, 0];
    for block in section.chunks(8) {
        for (at, byte) in block.iter().enumerate() {
            words[at / 4] ^= u32::from(*byte) << (24 - at % 4 * 8);
        }
        let mut sum = 0_u32;
        for half_round in 0..64 {
            let (to, from) = (half_round % 2, words[1 - half_round % 2]);
            let at = if to == 0 { sum } else { sum >> 11 };
            let mixed = (from << 4 ^ from >> 5).wrapping_add(from);
            words[to] = words[to].wrapping_add(mixed ^ sum.wrapping_add(KEY[at as usize % 4]));
            if to == 0 {
                sum = sum.wrapping_add(0x9e37_79b9);
            }
        }
    }
    u64::from(words[0]) << 32 | u64::from(words[1])
}
