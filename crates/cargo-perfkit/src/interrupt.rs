//! Ctrl-C: children end, files stay whole, and the user is told what there is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CHILD: Mutex<Option<Pid>> = Mutex::new(None);

/// Takes over SIGINT, SIGTERM and SIGHUP. A second one ends the process at once.
pub(crate) fn install() {
    let installed = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
        end(CHILD.lock().ok().and_then(|child| *child));
    });
    if let Err(error) = installed {
        tracing::warn!("no signal handler: {error}");
    }
}

/// Whether the user wants to stop.
pub(crate) fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Remembers whom to end. Where the signal came before the child, it is ended here.
pub(crate) fn watch(group: Option<Pid>) {
    if let Ok(mut child) = CHILD.lock() {
        *child = group;
    }
    if requested() {
        end(group);
    }
}

fn end(group: Option<Pid>) {
    if let Some(Err(error)) = group.map(|group| kill_process_group(group, Signal::KILL)) {
        tracing::debug!("no child to end: {error}");
    }
}
