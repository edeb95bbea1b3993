//! Where in the user's code a stack ends.

use perfkit_model::category::Category;
use perfkit_model::comparison::Naming;
use perfkit_model::stacks::{Frame, FrameKind};

/// The place a person has to look at: function, line, and the type that is moved there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site<'a> {
    /// The innermost function of the user's, else the innermost that tells anything.
    pub(crate) function: &'a str,
    pub(crate) is_async: bool,
    /// Empty where unknown.
    pub(crate) file: &'a str,
    /// 0 where unknown.
    pub(crate) line: u32,
    pub(crate) ty: Option<SiteType<'a>>,
}

/// The type that is moved at a [`Site`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SiteType<'a> {
    pub(crate) name: &'a str,
    pub(crate) size: u64,
    pub(crate) way: Way,
}

/// [`Naming`] with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Annotated,
    Candidate,
}

/// The innermost two functions that are neither the standard library's nor the allocator's.
pub(crate) type Near<'a> = [Option<&'a str>; 2];

impl From<Way> for Naming {
    fn from(way: Way) -> Self {
        match way {
            Way::Annotated => Self::Annotated,
            Way::Candidate => Self::Candidate,
        }
    }
}

impl Site<'_> {
    /// The whole function.
    pub(crate) fn of_function(self) -> Self {
        Self {
            line: 0,
            ty: None,
            ..self
        }
    }

    /// `src/store.rs:88`, or empty.
    pub(crate) fn location(&self) -> String {
        match (self.file, self.line) {
            ("", _) => String::new(),
            (file, 0) => file.to_owned(),
            (file, line) => format!("{file}:{line}"),
        }
    }
}

/// The site of a path (root first).
pub(crate) fn site<'a>(path: &[&'a Frame]) -> Site<'a> {
    let function = innermost_user(path)
        .or_else(|| task(path))
        .or_else(|| innermost_telling(path));
    let moved = path.last().copied().and_then(|leaf| {
        let way = way(leaf)?;
        let (name, size) = (leaf.name.as_str(), leaf.size);
        Some((leaf, SiteType { name, size, way }))
    });
    let frame = function.map(|position| path[position]);
    // A move inside a dependency or the standard library says where that library moves; a person has to
    // look at the line that called it.
    let place = match (moved, frame) {
        (Some((leaf, _)), Some(frame)) if leaf.line > 0 && leaf.file == frame.file => Some(leaf),
        // The executor moves a task's future and its output. Its own lines say nothing about either.
        (Some(_), Some(frame)) if frame.kind == FrameKind::Task => Some(frame),
        (Some((leaf, _)), None) => Some(leaf),
        (_, frame) => frame,
    };
    Site {
        function: frame.map_or("unknown", |frame| frame.name.as_str()),
        is_async: frame.is_some_and(|frame| frame.kind == FrameKind::Async),
        file: place
            .filter(|place| !place.is_std())
            .map_or("", |place| place.file.as_str()),
        line: place.map_or(0, |place| place.line),
        ty: moved.map(|(_, ty)| ty),
    }
}

/// Position of the innermost function of the measured workspace. Methods of traits that are derived more often than not are
/// passed over where anything else is there: whoever clones, hashes or serialises is the one to look at.
pub(crate) fn innermost_user(path: &[&Frame]) -> Option<usize> {
    let is_own = |frame: &Frame| frame.is_own() && is_code(frame);
    path.iter()
        .rposition(|frame| is_own(frame) && !is_derivable(frame))
        .or_else(|| path.iter().rposition(|frame| is_own(frame)))
}

/// Methods of `Clone`, `Debug`, `Hash`, `PartialEq`, `Ord`, `Serialize` and their like. Names of frames carry no trait.
const DERIVABLE: [&str; 9] = [
    "::clone",
    "::fmt",
    "::hash",
    "::eq",
    "::ne",
    "::cmp",
    "::partial_cmp",
    "::serialize",
    "::deserialize",
];

fn is_derivable(frame: &Frame) -> bool {
    DERIVABLE.iter().any(|method| frame.name.ends_with(method))
}

/// The innermost functions that stay the same when what surrounds them changes.
pub(crate) fn near<'a>(path: &[&'a Frame]) -> Near<'a> {
    let mut own = path
        .iter()
        .rev()
        .filter(|frame| {
            matches!(
                frame.category,
                Category::App | Category::Tls | Category::Dependency(_)
            ) && is_telling(frame)
        })
        .map(|frame| frame.name.as_str());
    [own.next(), own.next()]
}

/// The outermost function of the standard library below the user's: what the user called.
pub(crate) fn through<'a>(path: &[&'a Frame]) -> Option<&'a Frame> {
    let position = innermost_user(path)?;
    path[position + 1..]
        .iter()
        .copied()
        .find(|frame| is_code(frame) && frame.is_std())
}

/// How a leaf's type was named; `None` where the frame is no move.
pub(crate) fn way(frame: &Frame) -> Option<Way> {
    match frame.kind {
        FrameKind::Moved => Some(Way::Annotated),
        FrameKind::Candidate => Some(Way::Candidate),
        FrameKind::Function | FrameKind::Async | FrameKind::Task | FrameKind::Unknown => None,
    }
}

/// The task that the executor is busy with, where no frame is the user's.
fn task(path: &[&Frame]) -> Option<usize> {
    path.iter().position(|frame| frame.kind == FrameKind::Task)
}

/// Where no frame is the user's: the innermost of a dependency, else of anything with a name.
fn innermost_telling(path: &[&Frame]) -> Option<usize> {
    let is_plumbing =
        |frame: &Frame| matches!(frame.category, Category::Allocator | Category::Memcpy);
    path.iter()
        .rposition(|frame| is_telling(frame) && !is_plumbing(frame))
        .or_else(|| path.iter().rposition(|frame| is_code(frame)))
        .or_else(|| path.iter().rposition(|frame| way(frame).is_none()))
}

fn is_telling(frame: &Frame) -> bool {
    is_code(frame) && !frame.is_std()
}

fn is_code(frame: &Frame) -> bool {
    matches!(frame.kind, FrameKind::Function | FrameKind::Async)
}
