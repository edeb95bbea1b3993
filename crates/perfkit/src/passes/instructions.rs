//! The pass under callgrind: it counts, this switches it on and off around the body.
//!
//! callgrind writes one file per iteration. The command, which started it and knows where they are, reads them.

use std::collections::BTreeMap;

use perfkit_hooks::callgrind;
use perfkit_model::part::Part;
use perfkit_model::request::Measure;

use crate::drive::Failure;
use crate::passes::Meter;

pub(crate) struct Instructions {
    iterations: usize,
    done: usize,
}

impl Instructions {
    /// Fails before the set-up, which takes long under valgrind, where nothing can be counted.
    pub(crate) fn new(measure: &Measure, runtime: crate::case::Runtime) -> Result<Self, Failure> {
        let not_available = |message: &str| {
            Err(Failure::NotAvailable {
                message: message.to_owned(),
            })
        };
        if runtime != crate::case::Runtime::CurrentThread {
            return not_available(
                "valgrind runs one thread at a time, so that a runtime with several does other work; declare a current_thread runtime",
            );
        }
        if !callgrind::zero() {
            return not_available("this process does not run under valgrind's callgrind");
        }
        Ok(Self {
            iterations: measure.iterations.max(1) as usize,
            done: 0,
        })
    }
}

impl Meter for Instructions {
    fn prepare(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn wants_more(&mut self) -> bool {
        self.done < self.iterations
    }

    fn begin(&mut self) {
        callgrind::start();
    }

    fn end(&mut self) {
        callgrind::stop();
        callgrind::dump(perfkit_model::part::CALLGRIND_REASON);
        self.done += 1;
    }

    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure> {
        part.iterations = vec![BTreeMap::new(); self.done];
        Ok(())
    }
}
