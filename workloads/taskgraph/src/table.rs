//! The tasks that the server knows.

use std::collections::HashMap;

use crate::graph::{TaskId, TaskSpec};
use crate::protocol::WorkerId;
use crate::switches;

/// A task and where it stands.
#[derive(Debug)]
pub struct Task {
    /// What people call it.
    pub key: String,
    /// Tasks whose results it needs.
    pub inputs: Vec<TaskId>,
    /// Microseconds that it takes.
    pub micros: u32,
    /// Tasks that need its result.
    consumers: Vec<TaskId>,
    /// How many of its inputs are still to be computed.
    missing: u32,
    /// Who has its result, or is to compute it.
    worker: Option<WorkerId>,
    is_finished: bool,
}

/// All tasks of the graphs that were submitted since the last one was done.
#[derive(Debug)]
pub enum Table {
    /// A vector: the number of a task is its place.
    Dense(Vec<Task>),
    /// A map of boxes.
    Boxed(HashMap<TaskId, Box<Task>>),
}

impl Table {
    /// An empty one.
    #[must_use]
    pub fn new(table: switches::Table) -> Self {
        match table {
            switches::Table::Dense => Self::Dense(Vec::new()),
            switches::Table::Boxed => Self::Boxed(HashMap::new()),
        }
    }

    /// Adds a graph to an empty table, and gives the tasks that need nothing. A graph whose tasks are not numbered from 0, or
    /// need later ones, is none, and `None` is the answer.
    pub fn add(&mut self, graph: Vec<TaskSpec>) -> Option<Vec<TaskId>> {
        let mut ready = Vec::new();
        for (number, spec) in graph.into_iter().enumerate() {
            let id = TaskId(u32::try_from(number).ok()?);
            if spec.id != id || spec.inputs.iter().any(|input| *input >= id) {
                return None;
            }
            for input in &spec.inputs {
                self.task_mut(*input)?.consumers.push(id);
            }
            if spec.inputs.is_empty() {
                ready.push(id);
            }
            let task = Task {
                key: spec.key,
                missing: spec.inputs.len() as u32,
                inputs: spec.inputs,
                micros: spec.micros,
                consumers: Vec::new(),
                worker: None,
                is_finished: false,
            };
            match self {
                Self::Dense(tasks) => tasks.push(task),
                Self::Boxed(tasks) => drop(tasks.insert(id, Box::new(task))),
            }
        }
        Some(ready)
    }

    /// A task.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        match self {
            Self::Dense(tasks) => tasks.get(id.0 as usize),
            Self::Boxed(tasks) => tasks.get(&id).map(|task| &**task),
        }
    }

    fn task_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        match self {
            Self::Dense(tasks) => tasks.get_mut(id.0 as usize),
            Self::Boxed(tasks) => tasks.get_mut(&id).map(|task| &mut **task),
        }
    }

    /// The inputs of a task that have been given to a worker, and to which.
    #[must_use]
    pub fn inputs(&self, id: TaskId) -> Vec<(TaskId, WorkerId)> {
        let inputs = self.task(id).into_iter().flat_map(|task| &task.inputs);
        inputs
            .filter_map(|input| Some((*input, self.task(*input)?.worker?)))
            .collect()
    }

    /// Notes who is to compute a task.
    pub fn assign(&mut self, id: TaskId, worker: WorkerId) {
        if let Some(task) = self.task_mut(id) {
            task.worker = Some(worker);
        }
    }

    /// Notes that a task is done, and gives those that waited for it alone. `None` where this cannot be: an unknown task, or
    /// one that was done before.
    pub fn finish(&mut self, id: TaskId) -> Option<Vec<TaskId>> {
        let task = self.task_mut(id).filter(|task| !task.is_finished)?;
        task.is_finished = true;
        let consumers = std::mem::take(&mut task.consumers);
        let mut ready = Vec::new();
        for consumer in consumers {
            let task = self.task_mut(consumer)?;
            task.missing = task.missing.saturating_sub(1);
            if task.missing == 0 {
                ready.push(consumer);
            }
        }
        Some(ready)
    }

    /// How many tasks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Dense(tasks) => tasks.len(),
            Self::Boxed(tasks) => tasks.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        match self {
            Self::Dense(tasks) => tasks.clear(),
            Self::Boxed(tasks) => tasks.clear(),
        }
    }
}
