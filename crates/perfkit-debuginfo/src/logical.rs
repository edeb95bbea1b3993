//! Folds resolved levels into the stack a person would draw.
//!
//! The shape of every result: a root (a task, or the first frame of the workload's body), the user's crates and
//! their dependencies in between, and a short end that says what the last of them was doing. Executor, lock and
//! standard library frames that only lead to the user's code are dropped; where the user's code ends in them, the
//! called function and the innermost one are kept. An allocator, a copy and a system call are one leaf each.

use perfkit_model::category::Category;
use perfkit_model::stacks::{Frame, FrameKind};

use crate::categories::{self, Class, Layer};
use crate::code::{Code, Role};
use crate::workspace::WorkspaceCrates;

/// One level of a stack: the code and what it counts as.
#[derive(Debug, Clone, Copy)]
pub struct Level<'a> {
    /// The code.
    pub code: &'a Code,
    /// Its class.
    pub class: &'a Class,
}

/// What the innermost address of a stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// The instruction a sample interrupted: what runs there is what the sample is about.
    Exact,
    /// A return address recorded by a hook: the hook, and the allocator or copy it stands in for, are not shown.
    Return,
}

/// Classifies code, root first, and folds it. See [`fold`].
#[must_use]
pub fn logical_from(levels: &[Code], workspace: &WorkspaceCrates, leaf: Leaf) -> Vec<Frame> {
    let classes: Vec<Class> = levels
        .iter()
        .map(|code| categories::classify(code, workspace))
        .collect();
    let levels: Vec<Level<'_>> = levels
        .iter()
        .zip(&classes)
        .map(|(code, class)| Level { code, class })
        .collect();
    fold(&levels, leaf)
}

/// Folds levels, root first, into a logical stack, root first. Never empty: a weight must not get lost.
#[must_use]
pub fn fold(levels: &[Level<'_>], leaf: Leaf) -> Vec<Frame> {
    let trimmed = match leaf {
        Leaf::Return => without_hooks(levels),
        Leaf::Exact => levels,
    };
    let (root, levels) = from_root(trimmed);
    let ours = leaf == Leaf::Exact
        && levels
            .iter()
            .rfind(|level| level.class.layer != Layer::Std)
            .is_some_and(Level::is_ours);
    let before = trimmed.len() - levels.len();
    let above = trimmed[..before]
        .last()
        .filter(|level| !level.is_ours())
        .map(|level| level.code);
    let mut stack = Stack {
        levels,
        above,
        path: Vec::new(),
        frames: root.into_iter().collect(),
    };
    let body = levels
        .iter()
        .rposition(|level| level.is_user())
        .map_or(0, |last| last + 1);
    for level in levels[..body].iter().filter(|level| level.is_user()) {
        stack.push(level);
    }
    let users = body > 0;
    let tail: Vec<Level<'_>> = levels[body..]
        .iter()
        .filter(|level| !level.is_ours())
        .copied()
        .collect();
    stack.end(&tail, users);
    if ours
        || (stack.frames.is_empty()
            && levels
                .iter()
                .chain(trimmed)
                .chain(levels)
                .any(Level::is_ours))
    {
        stack
            .frames
            .push(plain("perfkit".to_owned(), Category::Perfkit));
    }
    if stack.frames.is_empty() {
        stack.frames.push(match levels.last() {
            Some(level) => stack.frame(level),
            None => Frame {
                kind: FrameKind::Unknown,
                ..plain("[unknown]".to_owned(), Category::Unknown)
            },
        });
    }
    stack.frames
}

impl Level<'_> {
    /// The user's code or a dependency's, and not a wrapper that only forwards.
    fn is_user(&self) -> bool {
        matches!(self.class.layer, Layer::User(_)) && !self.class.plumbing
    }

    fn is_ours(&self) -> bool {
        self.class.layer == Layer::Perfkit
    }

    fn is_std(&self) -> bool {
        self.class.layer == Layer::Std
    }

    fn is_infrastructure(&self) -> bool {
        matches!(self.class.layer, Layer::Infrastructure(_))
            || matches!(self.class.layer, Layer::User(_)) && self.class.plumbing
    }

    fn system(&self) -> Option<&Category> {
        match &self.class.layer {
            Layer::System(category) => Some(category),
            _ => None,
        }
    }

    fn moved(&self) -> Option<(&str, u64)> {
        match &self.code.role {
            Role::Moved { ty, size } => Some((ty, *size)),
            _ => None,
        }
    }
}

/// Cuts the hook that recorded a stack, with the allocator shims between it and its caller.
fn without_hooks<'s, 'a>(mut levels: &'s [Level<'a>]) -> &'s [Level<'a>] {
    while let Some((last, rest)) = levels.split_last() {
        let hook = levels.iter().rposition(Level::is_ours).filter(|hook| {
            levels[hook + 1..]
                .iter()
                .all(|level| level.is_std() || level.system().is_some())
        });
        levels = match hook {
            Some(hook) => &levels[..hook],
            None if last.system().is_some() => rest,
            None => break,
        };
    }
    levels
}

/// Finds the root: the innermost task, or the body that perfkit calls if that lies further in.
fn from_root<'s, 'a>(levels: &'s [Level<'a>]) -> (Option<Frame>, &'s [Level<'a>]) {
    let task = levels
        .iter()
        .rposition(|level| matches!(level.code.role, Role::Poll { .. }));
    // What perfkit runs ends in the user's code or, idle, in the executor; below that perfkit is only a hook.
    let runs = |level: &Level<'_>| level.is_user() || level.is_infrastructure();
    let last = levels.iter().rposition(runs).unwrap_or(0);
    let starts = |level: &Level<'_>| level.is_ours() && level.code.krate == "perfkit";
    let body = levels[..last].iter().rposition(starts);
    match (task, body) {
        (Some(task), body) if body.is_none_or(|body| body < task) => {
            let name = match &levels[task].code.role {
                Role::Poll {
                    task,
                    blocking: true,
                } => format!("blocking task {task}"),
                Role::Poll { task, .. } => format!("task {task}"),
                _ => String::new(),
            };
            let root = Frame {
                kind: FrameKind::Task,
                ..plain(name, Category::Runtime)
            };
            (Some(root), &levels[task + 1..])
        }
        (_, Some(body)) => (None, &levels[body + 1..]),
        _ => (None, levels),
    }
}

/// A stack under construction.
struct Stack<'s, 'a> {
    levels: &'s [Level<'a>],
    /// The executor's frame that polls the root.
    above: Option<&'a Code>,
    /// (path, closures) of the frames pushed from levels, to recognise a closure of the frame before it.
    path: Vec<&'a Code>,
    frames: Vec<Frame>,
}

impl<'a> Stack<'_, 'a> {
    /// Adds a frame, or folds a closure or async block into the function around it.
    fn push(&mut self, level: &Level<'a>) {
        let code = level.code;
        if let (Some(before), Some(frame)) = (self.path.last(), self.frames.last_mut()) {
            let inside =
                code.nested.len() > before.nested.len() && code.nested.starts_with(&before.nested);
            let siblings = !code.nested.is_empty()
                && !before.nested.is_empty()
                && code.nested != before.nested;
            // The same function again is recursion and stays.
            if code.path == before.path && (inside || siblings) {
                if code.line > 0 {
                    (frame.file, frame.line) = (code.file.clone(), code.line);
                }
                if code.role == Role::Async {
                    frame.kind = FrameKind::Async;
                }
                self.path.pop();
                self.path.push(code);
                return;
            }
        }
        let frame = self.frame(level);
        self.path.push(code);
        self.frames.push(frame);
    }

    /// Adds what the last frame of the user was doing.
    fn end(&mut self, tail: &[Level<'a>], users: bool) {
        let copies = tail
            .iter()
            .rev()
            .take_while(|level| level.system() == Some(&Category::Memcpy))
            .count();
        let moved = tail
            .len()
            .checked_sub(copies + 1)
            .and_then(|at| Some((at, tail[at].moved()?)));
        let (calls, system) = match moved {
            Some((at, _)) => (&tail[..at], &[][..]),
            None => {
                let first = tail.iter().position(|level| level.system().is_some());
                tail.split_at(first.unwrap_or(tail.len()))
            }
        };
        let innermost = calls.iter().rposition(Level::is_infrastructure);
        match (innermost, calls.iter().position(Level::is_infrastructure)) {
            (Some(inner), Some(outer)) => {
                if users && calls[outer].code.path != calls[inner].code.path {
                    self.push(&calls[outer]);
                }
                self.push(&calls[inner]);
            }
            _ if moved.is_none() => {
                // A C function right before the kernel is only the kernel's door.
                let door = |level: &&Level<'_>| level.code.c_library && !system.is_empty();
                let called = calls
                    .iter()
                    .find(|level| level.is_std() && !level.class.plumbing && !door(level));
                if let Some(called) = called {
                    self.push(called);
                }
            }
            _ => {}
        }
        if let Some((at, (ty, size))) = moved {
            // The mover is the nearest frame that is not std: std moves on behalf of its caller.
            let mover = tail[..at].iter().rfind(|level| !level.is_std());
            let last_user = self.levels.iter().rfind(|level| level.is_user());
            let mover = mover.or(last_user).map(|level| level.code).or(self.above);
            self.frames.push(Frame {
                name: ty.to_owned(),
                kind: FrameKind::Moved,
                category: Category::Memcpy,
                file: mover.map(|code| code.file.clone()).unwrap_or_default(),
                line: mover.map_or(0, |code| code.line),
                size,
            });
            return;
        }
        let nameless = |level: &&Level<'_>| level.class.layer == Layer::Nameless;
        // Called by what was just drawn, and not the nameless start-up code around all of it.
        let called = &calls[innermost.map_or(0, |inner| inner + 1)..];
        if system.is_empty()
            && (users || called.last().filter(nameless).is_some())
            && let Some(nameless) = called.iter().rfind(nameless)
        {
            self.push(nameless);
        }
        self.system(system);
    }

    /// One leaf per system category: `malloc`, then perhaps the system call it had to make.
    fn system(&mut self, levels: &[Level<'a>]) {
        let mut last: Option<&Category> = None;
        for level in levels {
            let Some(category) = level.system() else {
                continue;
            };
            match self.frames.last_mut() {
                // `__rust_alloc` leads to `malloc`, which leads to `_int_malloc`: the public name is the one to show.
                Some(frame) if last == Some(category) => {
                    if frame.name.starts_with('_') && !level.code.path.starts_with('_') {
                        frame.name.clone_from(&level.code.path);
                    }
                }
                // Where a shim or a C function is defined tells nobody anything.
                _ => self
                    .frames
                    .push(plain(level.code.path.clone(), category.clone())),
            }
            last = Some(category);
        }
    }

    fn frame(&self, level: &Level<'_>) -> Frame {
        let category = match &level.class.layer {
            Layer::User(category) | Layer::Infrastructure(category) | Layer::System(category) => {
                category.clone()
            }
            Layer::Perfkit => Category::Perfkit,
            Layer::Nameless => Category::Unknown,
            Layer::Std => self.caller(level),
        };
        let kind = match (&level.class.layer, &level.code.role) {
            (Layer::Nameless, _) => FrameKind::Unknown,
            (_, Role::Async) => FrameKind::Async,
            _ => FrameKind::Function,
        };
        let name = if level.code.path.is_empty() {
            "[unknown]"
        } else {
            &level.code.path
        };
        Frame {
            kind,
            file: level.code.file.clone(),
            line: level.code.line,
            ..plain(name.to_owned(), category)
        }
    }

    /// The category of the nearest caller that is not std.
    fn caller(&self, level: &Level<'_>) -> Category {
        let at = self
            .levels
            .iter()
            .rposition(|other| std::ptr::eq(other.code, level.code))
            .unwrap_or(0);
        let caller = self.levels[..at].iter().rfind(|other| !other.is_std());
        match caller.map(|caller| &caller.class.layer) {
            Some(
                Layer::User(category) | Layer::Infrastructure(category) | Layer::System(category),
            ) => category.clone(),
            Some(Layer::Perfkit) => Category::Perfkit,
            _ => self
                .frames
                .last()
                .map_or(Category::Unknown, |frame| frame.category.clone()),
        }
    }
}

fn plain(name: String, category: Category) -> Frame {
    Frame {
        name,
        kind: FrameKind::Function,
        category,
        file: String::new(),
        line: 0,
        size: 0,
    }
}
