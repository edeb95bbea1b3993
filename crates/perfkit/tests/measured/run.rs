//! Whole runs of the command, with their named stacks.

use flate2::read::GzDecoder;
use perfkit_model::run::{CaseId, Run};
use perfkit_model::stacks::{Frame, Stacks};

use crate::place::{Place, target};

impl Place {
    /// `cargo perfkit run` with these arguments. Every case has its stacks.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.attempt(arguments)
            .unwrap_or_else(|failed| panic!("{failed}"))
    }

    /// The same, or what failed in a workload.
    pub(crate) fn attempt(&self, arguments: &[&str]) -> Result<Run, String> {
        let output = self
            .command(&["run", "--quiet", "--format", "json"])
            .args(arguments)
            .output()
            .expect("the command was just built");
        let said = String::from_utf8_lossy(&output.stderr);
        let document = serde_json::from_slice::<serde_json::Value>(&output.stdout);
        let mut document = document.unwrap_or_else(|_| panic!("{}: {said}", output.status));
        let mut run: Run = serde_json::from_value(document["run"].take()).unwrap();
        if let Some((case, record)) = run.failures().next() {
            return Err(format!("{}: {record:?}", case.id));
        }
        assert!(output.status.success(), "{}: {said}", output.status);
        let folder = target().join("perfkit/runs").join(&run.id);
        let file = std::fs::File::open(folder.join("stacks.json.gz")).unwrap();
        let stacks: Vec<(CaseId, Stacks)> = serde_json::from_reader(GzDecoder::new(file)).unwrap();
        for (case, (id, stacks)) in run.cases.iter_mut().zip(stacks) {
            assert_eq!(case.id, id);
            case.stacks = stacks;
        }
        Ok(run)
    }
}

/// The stacks of one column, each root first with its weight.
pub(crate) fn weighted<'s>(stacks: &'s Stacks, metric: &str) -> Vec<(Vec<&'s Frame>, u64)> {
    let column = stacks.column(metric).expect("the lens was asked for");
    let weights = column.weights.iter();
    weights
        .map(|(node, weight)| (stacks.path(*node), *weight))
        .collect()
}
