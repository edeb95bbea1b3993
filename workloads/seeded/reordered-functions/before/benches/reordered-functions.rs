//! Routes requests of a small site.

use perfkit::{Bench, Case, Units};
use reordered_functions::{Router, Summary, detail, listing, serve};

perfkit::main!(reordered_functions);

const REQUESTS: usize = 20_000;
const DIGEST: u64 = 0x7b6a_c427_5e0f_c953;

fn reordered_functions(bench: &mut Bench) {
    bench
        .workload("reordered-functions")
        .set_up(async |_: &Case| (router(), requests()))
        .units(|_| Units::items(REQUESTS as u64))
        .iterate(async |(router, lines): &mut (Router, Vec<String>)| serve(router, lines).await)
        .check(|_, summary: &Summary| {
            let answered = summary.found + summary.missing + summary.malformed;
            if answered == REQUESTS as u64 && summary.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {summary:x?}"))
            }
        });
}

fn router() -> Router {
    Router::default()
        .route("/", listing)
        .route("/users/:user", detail)
        .route("/users/:user/posts/:post", listing)
        .route("/users/:user/posts/:post/comments/:comment", listing)
        .route("/teams/:team/members/:member", detail)
        .route("/status", listing)
}

fn requests() -> Vec<String> {
    let mut dice = Dice(5);
    let mut line = |_| {
        let (kind, outer, inner) = (dice.roll(8), dice.roll(90_000), dice.roll(5_000));
        let last = dice.roll(300);
        match kind {
            0 => "GET / HTTP/1.1".to_owned(),
            1 => format!("GET /users/{outer}?full=1 HTTP/1.1"),
            2 => format!("GET /users/{outer}/posts/{inner} HTTP/1.1"),
            3 | 4 => format!("GET /users/{outer}/posts/{inner}/comments/{last} HTTP/1.1"),
            5 => format!("HEAD /teams/{inner}/members/{outer} HTTP/1.0"),
            6 => format!("GET /images/{outer}.png HTTP/1.1"),
            _ => format!("BREW /pots/{last} COFFEE/1.0"),
        }
    };
    (0..REQUESTS).map(&mut line).collect()
}

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }
}
