//! Parses demangled names. Rust's demangled text is regular enough for a small recursive descent.
//!
//! It never fails: what does not parse is kept as text. Nesting is bounded, because a damaged file can hold
//! any name.

/// A path such as `<store::Pool<u64>>::collect::{closure#0}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// `<Own as Trait>` in front of the segments.
    pub(super) head: Option<Box<Head<'a>>>,
    pub(super) segments: Vec<Segment<'a>>,
}

/// The qualified self type in front of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) own: Type<'a>,
    pub(super) of_trait: Option<Type<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: Vec<Type<'a>>,
}

/// A type: paths with the punctuation between them (`&mut [`, path, `; 4]`).
pub(super) type Type<'a> = Vec<Piece<'a>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Path(Path<'a>),
}

/// Deeper nesting than any type a compiler accepts; beyond it the rest is kept as text.
const DEEPEST: usize = 120;

const KEYWORDS: [&str; 11] = [
    "as", "const", "dyn", "extern", "fn", "for", "impl", "mut", "unsafe", "where", "_",
];

/// Parses the path of a function. What follows the path is ignored.
pub(super) fn path(text: &str) -> Path<'_> {
    Parser {
        text,
        at: 0,
        depth: 0,
    }
    .path()
}

/// Parses a type to its end.
pub(super) fn ty(text: &str) -> Type<'_> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let mut pieces = parser.ty();
    if parser.at < text.len() {
        pieces.push(Piece::Text(&text[parser.at..]));
    }
    pieces
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        // The parser only stops at ASCII bytes, which are always character boundaries.
        self.text.get(self.at..).unwrap_or_default()
    }

    fn ty(&mut self) -> Type<'a> {
        let mut pieces = Vec::new();
        let mut text = self.at;
        let mut nesting = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b'>' if nesting == 0 => break,
                b'(' | b'[' => {
                    nesting += 1;
                    self.at += 1;
                }
                b')' | b']' if nesting == 0 => break,
                b')' | b']' => {
                    nesting -= 1;
                    self.at += 1;
                }
                b'-' if self.rest().starts_with("->") => self.at += 2,
                b'"' => {
                    let closing = self.rest()[1..]
                        .find('"')
                        .map_or(self.rest().len(), |end| end + 2);
                    self.at += closing;
                }
                b'0'..=b'9' | b'\'' => self.at += 1 + word(&self.rest()[1..]).len(),
                b'<' | b'{' => {
                    self.flush(&mut pieces, text);
                    pieces.push(Piece::Path(self.path()));
                    text = self.at;
                }
                byte if is_word(byte) => {
                    let word = word(self.rest());
                    let bare = !self.rest()[word.len()..].starts_with("::");
                    if bare && word == "as" && nesting == 0 {
                        break;
                    }
                    if bare && KEYWORDS.contains(&word) {
                        self.at += word.len();
                    } else {
                        self.flush(&mut pieces, text);
                        pieces.push(Piece::Path(self.path()));
                        text = self.at;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.flush(&mut pieces, text);
        pieces
    }

    fn flush(&self, pieces: &mut Vec<Piece<'a>>, from: usize) {
        if let Some(text) = self.text.get(from..self.at).filter(|text| !text.is_empty()) {
            pieces.push(Piece::Text(text));
        }
    }

    fn path(&mut self) -> Path<'a> {
        let mut path = Path::default();
        self.depth += 1;
        if self.depth > DEEPEST {
            path.segments.push(Segment {
                name: self.rest(),
                arguments: Vec::new(),
            });
            self.at = self.text.len();
            return path;
        }
        if self.peek() == Some(b'<') {
            self.at += 1;
            let own = self.ty();
            let of_trait = self.rest().starts_with("as ").then(|| {
                self.at += 3;
                self.ty()
            });
            if self.peek() == Some(b'>') {
                self.at += 1;
            }
            path.head = Some(Box::new(Head {
                own: trimmed(own),
                of_trait,
            }));
            if self.rest().starts_with("::") {
                self.at += 2;
            } else {
                self.depth -= 1;
                return path;
            }
        }
        loop {
            let name = self.name();
            if self.rest().starts_with("::<") {
                self.at += 2;
            }
            let arguments = if self.peek() == Some(b'<') && !name.is_empty() {
                self.arguments()
            } else {
                Vec::new()
            };
            if !name.is_empty() {
                path.segments.push(Segment { name, arguments });
            }
            let next = self
                .rest()
                .strip_prefix("::")
                .and_then(|rest| rest.bytes().next());
            if next.is_some_and(|byte| byte == b'{' || is_word(byte)) {
                self.at += 2;
            } else {
                break;
            }
        }
        self.depth -= 1;
        path
    }

    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let length = if rest.starts_with('{') {
            let mut open = 0_usize;
            let end = rest.bytes().position(|byte| {
                open += usize::from(byte == b'{');
                open -= usize::from(byte == b'}');
                open == 0
            });
            end.map_or(rest.len(), |end| end + 1)
        } else {
            word(rest).len()
        };
        self.at += length;
        &rest[..length]
    }

    fn arguments(&mut self) -> Vec<Type<'a>> {
        let mut arguments = Vec::new();
        self.at += 1;
        loop {
            let argument = self.ty();
            if !argument.is_empty() {
                arguments.push(argument);
            }
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.at += usize::from(self.peek() == Some(b' '));
                }
                Some(b'>') => {
                    self.at += 1;
                    return arguments;
                }
                // A stray keyword: step over it, or the loop would stand still.
                Some(b'a') => self.at += 2,
                _ => return arguments,
            }
        }
    }
}

/// Drops the space in front of `as`.
fn trimmed(mut pieces: Type<'_>) -> Type<'_> {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        *text = text.trim_end();
        if text.is_empty() {
            pieces.pop();
        }
    }
    pieces
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.' | b'#') || byte >= 0x80
}

fn word(text: &str) -> &str {
    let end = text.bytes().position(|byte| !is_word(byte));
    &text[..end.unwrap_or(text.len())]
}
