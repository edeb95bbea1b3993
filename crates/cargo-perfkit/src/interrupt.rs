//! Ctrl-C: children end, files stay whole, and the user is told what there is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Process groups of children that run.
static CHILDREN: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Takes over SIGINT, SIGTERM and SIGHUP. A second one ends the process at once.
pub(crate) fn install() {
    let installed = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
        for group in CHILDREN.lock().iter().flat_map(|children| children.iter()) {
            end(*group);
        }
    });
    if let Err(error) = installed {
        tracing::warn!("no signal handler: {error}");
    }
}

/// Whether the user wants to stop.
pub(crate) fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A child that ends with an interrupt, while this value lives.
#[derive(Debug)]
pub(crate) struct Watched(Option<Pid>);

/// Remembers whom to end. Where the signal came before the child, it is ended here.
pub(crate) fn watch(group: Option<Pid>) -> Watched {
    if let (Ok(mut children), Some(group)) = (CHILDREN.lock(), group) {
        children.push(group);
    }
    if let Some(group) = group.filter(|_| requested()) {
        end(group);
    }
    Watched(group)
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let (Ok(mut children), Some(group)) = (CHILDREN.lock(), self.0) {
            children.retain(|child| *child != group);
        }
    }
}

fn end(group: Pid) {
    if let Err(error) = kill_process_group(group, Signal::KILL) {
        tracing::debug!("no child to end: {error}");
    }
}
