//! Which worker computes a task.

use std::collections::{BTreeSet, HashMap};

use crate::graph::TaskId;
use crate::protocol::WorkerId;
use crate::scheduler::Steal;
use crate::stealing::Stealing;
use crate::switches;

/// Chooses workers, and knows how many tasks each of them has.
#[derive(Debug)]
pub enum Placement {
    /// Looks at all of them.
    Scan(Vec<Worker>),
    /// Keeps them in the order of their tasks.
    Least {
        /// Tasks of each.
        tasks: Vec<u32>,
        /// All of them, those with the fewest tasks first.
        order: BTreeSet<(u32, WorkerId)>,
    },
    /// Draws one.
    Random {
        /// How many there are.
        workers: u32,
        /// Draws.
        random: fastrand::Rng,
    },
    /// Draws one, and corrects that later.
    Stealing(Box<Stealing>),
}

/// A worker as the scan knows it.
#[derive(Clone, Debug)]
pub struct Worker {
    id: WorkerId,
    address: String,
    tasks: u32,
}

/// A worker that may be chosen.
struct Candidate {
    id: WorkerId,
    address: String,
    cost: u32,
}

impl Placement {
    /// Without workers.
    #[must_use]
    pub fn new(placement: switches::Placement, seed: u64) -> Self {
        match placement {
            switches::Placement::Scan => Self::Scan(Vec::new()),
            switches::Placement::Least => Self::Least {
                tasks: Vec::new(),
                order: BTreeSet::new(),
            },
            switches::Placement::Random => Self::Random {
                workers: 0,
                random: fastrand::Rng::with_seed(seed),
            },
            switches::Placement::Stealing => Self::Stealing(Box::new(Stealing::new(seed))),
        }
    }

    /// One worker more; it has the next number.
    pub fn join(&mut self) {
        match self {
            Self::Scan(workers) => {
                let id = WorkerId(workers.len() as u32);
                workers.push(Worker {
                    id,
                    address: format!("tcp://127.0.0.1:{}", 40_000 + id.0),
                    tasks: 0,
                });
            }
            Self::Least { tasks, order } => {
                order.insert((0, WorkerId(tasks.len() as u32)));
                tasks.push(0);
            }
            Self::Random { workers, .. } => *workers += 1,
            Self::Stealing(stealing) => stealing.join(),
        }
    }

    /// The worker for a task whose inputs these workers have; `None` without workers.
    pub fn place(&mut self, task: TaskId, holders: &[WorkerId]) -> Option<WorkerId> {
        match self {
            Self::Scan(workers) => {
                let id = cheapest(candidates(workers, holders))?;
                workers[id.0 as usize].tasks += 1;
                Some(id)
            }
            Self::Least { tasks, order } => {
                let (count, worker) = order.pop_first()?;
                order.insert((count + 1, worker));
                tasks[worker.0 as usize] = count + 1;
                Some(worker)
            }
            Self::Random { workers: 0, .. } => None,
            Self::Random { workers, random } => Some(WorkerId(random.u32(0..*workers))),
            Self::Stealing(stealing) => stealing.place(task),
        }
    }

    /// A worker has one task less.
    pub fn finish(&mut self, task: TaskId, worker: WorkerId) {
        match self {
            Self::Scan(workers) => {
                if let Some(worker) = workers.get_mut(worker.0 as usize) {
                    worker.tasks = worker.tasks.saturating_sub(1);
                }
            }
            Self::Least { tasks, order } => {
                if let Some(count) = tasks.get_mut(worker.0 as usize).filter(|count| **count > 0)
                    && order.remove(&(*count, worker))
                {
                    *count -= 1;
                    order.insert((*count, worker));
                }
            }
            Self::Random { .. } => {}
            Self::Stealing(stealing) => stealing.finish(task, worker),
        }
    }

    /// A worker has said whether it gives a task back; where it does, who computes it now.
    pub fn stolen(&mut self, task: TaskId, worker: WorkerId, given: bool) -> Option<WorkerId> {
        match self {
            Self::Stealing(stealing) => stealing.stolen(task, worker, given),
            _ => None,
        }
    }

    /// Tasks that are to be asked back.
    pub fn balance(&mut self) -> Vec<Steal> {
        match self {
            Self::Stealing(stealing) => stealing.balance(),
            _ => Vec::new(),
        }
    }
}

/// Every worker, with what it would cost there: how many tasks wait and how many inputs are missing. The story's form takes
/// copies, as one does who would rather not borrow from the scheduler while it changes.
fn candidates(workers: &[Worker], holders: &[WorkerId]) -> Vec<Candidate> {
    let mut held: HashMap<WorkerId, u32> = HashMap::new();
    for holder in holders {
        *held.entry(*holder).or_default() += 1;
    }
    let candidate = |worker: &Worker| Candidate {
        id: worker.id,
        address: worker.address.clone(),
        cost: worker.tasks + holders.len() as u32
            - held.get(&worker.id).copied().unwrap_or_default(),
    };
    workers.iter().map(candidate).collect()
}

/// The one that costs least, of several the first by address.
fn cheapest(candidates: Vec<Candidate>) -> Option<WorkerId> {
    let cheaper = |left: &Candidate, right: &Candidate| {
        (left.cost, &left.address).cmp(&(right.cost, &right.address))
    };
    candidates
        .into_iter()
        .min_by(cheaper)
        .map(|candidate| candidate.id)
}
