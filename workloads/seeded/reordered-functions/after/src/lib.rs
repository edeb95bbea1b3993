//! A request router: request lines are matched against a tree of routes, and the handler of the route renders a page.

use std::fmt::Write;

use tokio::sync::mpsc;

/// Values of the parameters in a path, outermost first.
pub type Parameters<'path> = Vec<(&'static str, &'path str)>;

/// Renders the page of a route.
pub type Handler = fn(&Parameters<'_>, &mut String);

/// What was answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Requests with a page.
    pub found: u64,
    /// Requests without one.
    pub missing: u64,
    /// Requests that are none.
    pub malformed: u64,
    /// Digest of all pages.
    pub digest: u64,
}

/// Answers request lines that come in over a connection.
pub async fn serve(router: &Router, lines: &[String]) -> Summary {
    let (connection, mut requests) = mpsc::channel::<&str>(16);
    let answer = async move {
        let mut summary = Summary::default();
        let mut page = String::new();
        while let Some(line) = requests.recv().await {
            page.clear();
            match target(line).map(|path| router.find(path)) {
                Some(Some((handler, parameters))) => {
                    handler(&parameters, &mut page);
                    summary.found += 1;
                }
                Some(None) => summary.missing += 1,
                None => summary.malformed += 1,
            }
            summary.digest = digest(summary.digest, &page);
        }
        summary
    };
    let accept = async move {
        for line in lines {
            if connection.send(line).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(accept, answer).1
}

/// Routes by path.
#[derive(Default)]
pub struct Router {
    root: Node,
}

impl Router {
    fn find<'path>(&self, path: &'path str) -> Option<(Handler, Parameters<'path>)> {
        let mut parameters = Vec::new();
        let mut node = &self.root;
        for segment in segments(path) {
            node = match node
                .literals
                .iter()
                .find(|(literal, _)| *literal == segment)
            {
                Some((_, next)) => next,
                None => {
                    let (name, next) = node.parameter.as_ref()?;
                    parameters.push((*name, segment));
                    next
                }
            };
        }
        Some((node.handler?, parameters))
    }

    /// Adds a route such as `/users/:user/posts/:post`.
    #[must_use]
    pub fn route(mut self, path: &'static str, handler: Handler) -> Self {
        let mut node = &mut self.root;
        for segment in segments(path) {
            node = match segment.strip_prefix(':') {
                Some(name) => {
                    &mut node
                        .parameter
                        .get_or_insert_with(|| (name, Box::default()))
                        .1
                }
                None => node.literal(segment),
            };
        }
        node.handler = Some(handler);
        self
    }
}

/// A place in the tree of routes.
#[derive(Default)]
struct Node {
    literals: Vec<(&'static str, Node)>,
    parameter: Option<(&'static str, Box<Node>)>,
    handler: Option<Handler>,
}

impl Node {
    fn literal(&mut self, segment: &'static str) -> &mut Node {
        let known = self
            .literals
            .iter()
            .position(|(literal, _)| *literal == segment);
        let index = known.unwrap_or_else(|| {
            self.literals.push((segment, Node::default()));
            self.literals.len() - 1
        });
        &mut self.literals[index].1
    }
}

/// A page about the innermost parameter.
pub fn detail(parameters: &Parameters<'_>, page: &mut String) {
    page.push_str("<main>");
    if let Some((name, value)) = parameters.last() {
        row(page, name, value);
    }
    page.push_str("</main>");
}

/// A page with a row for every parameter.
pub fn listing(parameters: &Parameters<'_>, page: &mut String) {
    page.push_str("<table>");
    for (name, value) in parameters {
        row(page, name, value);
    }
    page.push_str("</table>");
}

fn digest(seed: u64, page: &str) -> u64 {
    page.bytes().fold(seed.rotate_left(1), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn row(page: &mut String, name: &str, value: &str) {
    let depth = page.len() % 97;
    let written = write!(
        page,
        "<tr class=c{depth}><td>{name}</td><td>{value:>12}</td></tr>"
    );
    debug_assert!(written.is_ok());
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The path of a request line such as `GET /users/7?full HTTP/1.1`.
fn target(line: &str) -> Option<&str> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if !matches!(method, "GET" | "HEAD") || !version.starts_with("HTTP/1.") {
        return None;
    }
    Some(target.split_once('?').map_or(target, |(path, _)| path))
}
