//! Sums up an access log by route, line by line as it comes in.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// One request, as a line of the log tells it.
#[derive(Debug)]
struct Request<'line> {
    method: &'line str,
    path: &'line str,
    status: u16,
    bytes: u64,
    micros: u64,
}

/// What is known of one route.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Requests that changed something.
    pub writes: u64,
    /// Requests that only read.
    pub reads: u64,
    /// Requests that ended in an error.
    pub failures: u64,
    /// Bytes sent.
    pub bytes: u64,
}

/// The request that took longest.
#[derive(Debug, PartialEq, Eq)]
pub struct Slowest {
    /// What was asked for.
    pub path: String,
    /// How long it took.
    pub micros: u64,
}

/// What a log says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By the first two parts of the path.
    pub routes: BTreeMap<String, Route>,
    /// The first of the slowest.
    pub slowest: Option<Slowest>,
    /// Lines that are no requests.
    pub malformed: u64,
}

impl Summary {
    fn add(&mut self, request: Request<'_>) {
        let name = route_of(request.path);
        if !self.routes.contains_key(name) {
            self.routes.insert(name.to_owned(), Route::default());
        }
        if let Some(route) = self.routes.get_mut(name) {
            match request.method {
                "GET" | "HEAD" => route.reads += 1,
                _ => route.writes += 1,
            }
            route.failures += u64::from(request.status >= 400);
            route.bytes += request.bytes;
        }
        let longest = self.slowest.as_ref().map_or(0, |slowest| slowest.micros);
        if request.micros > longest {
            self.slowest = Some(Slowest {
                path: request.path.to_owned(),
                micros: request.micros,
            });
        }
    }
}

/// Reads a log to its end.
///
/// # Errors
///
/// When it cannot be read.
pub async fn summarize(log: impl AsyncBufRead + Unpin) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let mut lines = log.lines();
    while let Some(line) = lines.next_line().await? {
        match parse(&line) {
            Some(request) => summary.add(request),
            None => summary.malformed += 1,
        }
    }
    Ok(summary)
}

fn parse(line: &str) -> Option<Request<'_>> {
    let mut fields = line.split_ascii_whitespace();
    Some(Request {
        method: fields.next()?,
        path: fields.next()?,
        status: fields.next()?.parse().ok()?,
        bytes: fields.next()?.parse().ok()?,
        micros: fields.next()?.strip_suffix("us")?.parse().ok()?,
    })
}

/// The first two parts of a path, without its query.
fn route_of(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path);
    let mut slashes = path.match_indices('/').map(|(index, _)| index);
    slashes.nth(2).map_or(path, |end| &path[..end])
}

/// A log of so many lines, the same every time.
#[must_use]
pub fn example(lines: u64) -> String {
    const ROUTES: [&str; 6] = ["orders", "stock", "users", "carts", "prices", "search"];
    const METHODS: [&str; 4] = ["GET", "GET", "POST", "HEAD"];
    let mut log = String::new();
    for number in 0..lines {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        let method = METHODS[(mixed % 4) as usize];
        let route = ROUTES[(mixed / 4 % 6) as usize];
        let status = if mixed % 97 == 0 { 503 } else { 200 };
        let (bytes, micros) = (mixed % 9000, mixed / 64 % 40_000);
        if number % 500 == 499 {
            log.push_str("-- log rotated --\n");
        } else {
            writeln!(
                log,
                "{method} /v1/{route}/{number}?page={} {status} {bytes} {micros}us",
                mixed % 12
            )
            .expect("a String takes everything");
        }
    }
    log
}
