//! Placement that is corrected later: a worker without tasks gets half of those that wait where most do.
//!
//! Whoever has a task must give it back first, and may have begun meanwhile. Until it has answered, the task is under way.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::graph::TaskId;
use crate::protocol::WorkerId;
use crate::scheduler::Steal;

/// Tasks of a worker from which others get some.
const WORTH_STEALING: u32 = 2;

/// Which tasks each worker has.
#[derive(Debug)]
pub struct Stealing {
    /// The tasks of each, oldest first.
    tasks: Vec<VecDeque<TaskId>>,
    /// How many each has, with those on their way to it and without those that it was asked for.
    loads: Vec<u32>,
    /// All workers by these.
    order: BTreeSet<(u32, WorkerId)>,
    /// Tasks that were asked for, until the answer comes.
    under_way: HashMap<TaskId, Asked>,
    random: fastrand::Rng,
}

/// A task that was asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    from: WorkerId,
    to: WorkerId,
    /// Whether it was done before it could be given back. The answer is still to come, and may be about a task of this number
    /// in a graph that is over.
    is_done: bool,
}

impl Stealing {
    /// Without workers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            tasks: Vec::new(),
            loads: Vec::new(),
            order: BTreeSet::new(),
            under_way: HashMap::new(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// One worker more; it has the next number.
    pub fn join(&mut self) {
        self.order.insert((0, WorkerId(self.tasks.len() as u32)));
        self.tasks.push(VecDeque::new());
        self.loads.push(0);
    }

    /// Draws a worker for a task; `None` without workers.
    pub fn place(&mut self, task: TaskId) -> Option<WorkerId> {
        if self.tasks.is_empty() {
            return None;
        }
        let worker = WorkerId(self.random.u32(0..self.tasks.len() as u32));
        self.tasks[worker.0 as usize].push_back(task);
        self.load(worker, 1);
        Some(worker)
    }

    /// A worker is done with a task.
    pub fn finish(&mut self, task: TaskId, worker: WorkerId) {
        if let Some(asked) = self.under_way.get_mut(&task)
            && asked.from == worker
            && !asked.is_done
        {
            asked.is_done = true;
            let to = asked.to;
            self.load(to, -1);
            return;
        }
        let Some(tasks) = self.tasks.get_mut(worker.0 as usize) else {
            return;
        };
        if let Some(place) = tasks.iter().position(|it| *it == task) {
            tasks.remove(place);
            self.load(worker, -1);
        }
    }

    /// A worker has said whether it gives a task back; where it does, who computes it now.
    pub fn stolen(&mut self, task: TaskId, worker: WorkerId, given: bool) -> Option<WorkerId> {
        if self.under_way.get(&task)?.from != worker {
            return None;
        }
        let Asked { from, to, is_done } = self.under_way.remove(&task)?;
        if is_done {
            return None;
        }
        if given {
            self.tasks[to.0 as usize].push_back(task);
            return Some(to);
        }
        self.tasks[from.0 as usize].push_front(task);
        self.load(from, 1);
        self.load(to, -1);
        None
    }

    /// Asks for half of what waits where most does, as long as somebody has nothing to do.
    pub fn balance(&mut self) -> Vec<Steal> {
        let mut steals = Vec::new();
        while let (Some((0, to)), Some((most, from))) =
            (self.order.first().copied(), self.order.last().copied())
        {
            let before = steals.len();
            for _ in 0..most / WORTH_STEALING {
                // The one that waits longest is the one that is computed.
                let tasks = &mut self.tasks[from.0 as usize];
                let is_free = |task: &&TaskId| !self.under_way.contains_key(task);
                let Some(task) = tasks.back().filter(is_free).copied() else {
                    break;
                };
                tasks.pop_back();
                let asked = Asked {
                    from,
                    to,
                    is_done: false,
                };
                self.under_way.insert(task, asked);
                self.load(from, -1);
                self.load(to, 1);
                steals.push(Steal { task, from });
            }
            if steals.len() == before {
                break;
            }
        }
        steals
    }

    fn load(&mut self, worker: WorkerId, change: i32) {
        if let Some(load) = self.loads.get_mut(worker.0 as usize) {
            self.order.remove(&(*load, worker));
            *load = load.saturating_add_signed(change);
            self.order.insert((*load, worker));
        }
    }
}
