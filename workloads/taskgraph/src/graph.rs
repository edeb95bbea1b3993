//! Task graphs.

use serde::{Deserialize, Serialize};

/// Names a task. The tasks of a graph are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u32);

/// A task as a client submits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// Its number in the graph.
    pub id: TaskId,
    /// What people call it.
    pub key: String,
    /// Tasks whose results it needs; all of them have smaller numbers.
    pub inputs: Vec<TaskId>,
    /// Microseconds that it takes a worker; those of most graphs take none.
    pub micros: u32,
}

/// So many tasks that need nothing, and one that needs them all.
#[must_use]
pub fn merge(tasks: u32) -> Vec<TaskSpec> {
    let mut graph: Vec<TaskSpec> = (0..tasks)
        .map(|id| task("increment", id, Vec::new()))
        .collect();
    graph.push(task("sum", tasks, (0..tasks).map(TaskId).collect()));
    graph
}

/// The same with tasks that take their time.
#[must_use]
pub fn merge_slow(tasks: u32, micros: u32) -> Vec<TaskSpec> {
    let mut graph = merge(tasks);
    for task in graph.iter_mut().take(tasks as usize) {
        task.micros = micros;
    }
    graph
}

/// So many tasks that need nothing, then tasks that need two, until one is left.
#[must_use]
pub fn tree(leaves: u32) -> Vec<TaskSpec> {
    let mut graph: Vec<TaskSpec> = (0..leaves).map(|id| task("load", id, Vec::new())).collect();
    let mut level: Vec<TaskId> = graph.iter().map(|task| task.id).collect();
    while level.len() > 1 {
        let next = level.chunks(2).map(|inputs| {
            let id = graph.len() as u32;
            graph.push(task("add", id, inputs.to_vec()));
            TaskId(id)
        });
        level = next.collect();
    }
    graph
}

fn task(verb: &str, id: u32, inputs: Vec<TaskId>) -> TaskSpec {
    TaskSpec {
        id: TaskId(id),
        key: format!("{verb}-{id:08x}"),
        inputs,
        micros: 0,
    }
}

/// Bytes that a worker says the result of this task takes.
#[must_use]
pub fn result_bytes(id: TaskId) -> u64 {
    // Any spread will do that both ends can compute.
    u64::from(id.0.wrapping_mul(2_654_435_761) >> 20)
}
