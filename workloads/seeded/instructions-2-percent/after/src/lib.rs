//! Routes requests for the resources of a shop, and answers each with a short description of what it found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tokio::sync::mpsc;

/// Requests that wait for an answer.
const WAITING: usize = 32;

/// A place in the tree of routes.
#[derive(Debug, Clone, Default)]
struct Node {
    /// Nodes below by the segment that leads there.
    fixed: BTreeMap<String, usize>,
    /// The node below for any other segment.
    any: Option<usize>,
    /// The route that ends here.
    route: Option<usize>,
}

/// Routes by path. A segment in braces stands for any.
#[derive(Debug, Clone)]
pub struct Routes {
    nodes: Vec<Node>,
    names: Vec<String>,
}

/// What became of requests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Served {
    /// Requests by route.
    pub hits: Vec<u64>,
    /// Requests without a route.
    pub missed: u64,
    /// Malformed requests.
    pub refused: u64,
    /// Bytes of the answers.
    pub bytes: u64,
    /// Over all answers.
    pub digest: u64,
}

impl Routes {
    /// Builds the tree.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut routes = Self {
            nodes: vec![Node::default()],
            names: Vec::new(),
        };
        for path in paths {
            let mut at = 0;
            for segment in segments(path) {
                at = routes.below(at, segment);
            }
            routes.nodes[at].route = Some(routes.names.len());
            routes.names.push(path.to_owned());
        }
        routes
    }

    fn below(&mut self, at: usize, segment: &str) -> usize {
        let new = self.nodes.len();
        let node = &mut self.nodes[at];
        let below = if segment.starts_with('{') {
            *node.any.get_or_insert(new)
        } else {
            *node.fixed.entry(segment.to_owned()).or_insert(new)
        };
        if below == new {
            self.nodes.push(Node::default());
        }
        below
    }

    fn find(&self, path: &str) -> Option<usize> {
        let mut node = &self.nodes[0];
        for segment in segments(path) {
            let below = node.fixed.get(segment).copied().or(node.any)?;
            node = &self.nodes[below];
        }
        node.route
    }
}

/// Answers requests in the order they came: a method and a target each, as `GET /orders/7?page=2`.
pub async fn serve(routes: &Routes, requests: &[String]) -> Served {
    let (sender, mut receiver) = mpsc::channel::<&str>(WAITING);
    let accept = async move {
        for request in requests {
            if sender.send(request).await.is_err() {
                break;
            }
        }
    };
    let answer_all = async move {
        let mut served = Served {
            hits: vec![0; routes.names.len()],
            ..Served::default()
        };
        let (mut path, mut answer) = (String::new(), String::new());
        while let Some(request) = receiver.recv().await {
            answer.clear();
            served.count(respond(routes, request, &mut path, &mut answer));
            served.bytes += answer.len() as u64;
            served.digest = digest(served.digest, &answer);
        }
        served
    };
    tokio::join!(accept, answer_all).1
}

/// What a request led to.
enum Outcome {
    Hit(usize),
    Missed,
    Refused,
}

impl Served {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Hit(route) => self.hits[route] += 1,
            Outcome::Missed => self.missed += 1,
            Outcome::Refused => self.refused += 1,
        }
    }
}

fn respond(routes: &Routes, request: &str, path: &mut String, answer: &mut String) -> Outcome {
    let Some((method, target)) = request.split_once(' ') else {
        return Outcome::Refused;
    };
    let (escaped, query) = target.split_once('?').unwrap_or((target, ""));
    path.clear();
    if unescape(escaped, path).is_none() {
        answer.push_str("400 bad path\n");
        return Outcome::Refused;
    }
    let Some(route) = routes.find(path) else {
        let _ = writeln!(answer, "404 no route for {path}");
        return Outcome::Missed;
    };
    let _ = writeln!(answer, "200 {method} {}", routes.names[route]);
    for (position, segment) in segments(path).enumerate() {
        let _ = writeln!(answer, "segment-{position}: {segment}");
    }
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match value.parse::<u32>() {
            Ok(number) => writeln!(answer, "{name}: {number:>10}"),
            Err(_) => writeln!(answer, "{name}: {value:?}"),
        }
        .expect("a string takes all that is written");
    }
    Outcome::Hit(route)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Puts a character for each `%` with two digits; none where that is not printable text.
fn unescape(escaped: &str, path: &mut String) -> Option<()> {
    let mut rest = escaped;
    while let Some((plain, after)) = rest.split_once('%') {
        path.push_str(plain);
        let code = u8::from_str_radix(after.get(..2)?, 16).ok()?;
        if !code.is_ascii() {
            return None;
        }
        path.push(char::from(code));
        rest = &after[2..];
    }
    path.push_str(rest);
    // They would end up in logs and terminals.
    let has_control = path.bytes().any(|byte| byte.is_ascii_control());
    (!has_control).then_some(())
}

/// FNV-1a.
fn digest(start: u64, answer: &str) -> u64 {
    answer.bytes().fold(start, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
