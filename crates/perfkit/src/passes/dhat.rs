//! The pass under dhat's own allocator: one iteration, written as DHAT's viewer reads it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use perfkit_model::part::Part;
use perfkit_model::request::Measure;

use crate::drive::Failure;
use crate::passes::Meter;

/// Async stacks fill dhat's default of a few frames with executor plumbing.
const FRAMES: usize = 100;

pub(crate) struct Dhat {
    file: PathBuf,
    profiler: Option<dhat::Profiler>,
    row: Option<BTreeMap<String, f64>>,
}

impl Dhat {
    pub(crate) fn new(measure: &Measure) -> Self {
        Self {
            file: measure
                .dhat
                .clone()
                .unwrap_or_else(|| PathBuf::from("dhat-heap.json")),
            profiler: None,
            row: None,
        }
    }
}

impl Meter for Dhat {
    fn prepare(&mut self) -> Result<(), Failure> {
        if perfkit_hooks::allocator::uses_alternate() {
            return Ok(());
        }
        Err(Failure::NotAvailable {
            message: "this bench target does not use perfkit's global allocator".to_owned(),
        })
    }

    fn wants_more(&mut self) -> bool {
        self.row.is_none()
    }

    fn begin(&mut self) {
        let builder = dhat::Profiler::builder()
            .file_name(&self.file)
            .trim_backtraces(Some(FRAMES));
        self.profiler = Some(builder.build());
    }

    fn end(&mut self) {
        let stats = dhat::HeapStats::get();
        self.row = Some(BTreeMap::from([
            ("dhat.blocks".to_owned(), stats.total_blocks as f64),
            ("dhat.bytes".to_owned(), stats.total_bytes as f64),
            ("dhat.peak".to_owned(), stats.max_bytes as f64),
        ]));
        // Written on drop.
        self.profiler = None;
    }

    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure> {
        part.iterations.extend(self.row);
        Ok(())
    }
}
