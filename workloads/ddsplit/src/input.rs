//! What a cluster is fed with, and the answers it has to give.

use crate::query::{Answer, KeyFilter};
use crate::record::{Random, Record};

/// How large an input is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Storage servers, and so fragments per record.
    pub servers: u16,
    /// Records that are split.
    pub records: u64,
    /// Bytes per record.
    pub record_bytes: usize,
    /// Queries that are answered.
    pub queries: u32,
    /// How many of the queries match a record; the others ask for what the cluster does not have.
    pub hits: u32,
}

/// Records and questions about them, which depend on a seed and a shape alone.
#[derive(Clone, Debug)]
pub struct Input {
    /// Storage servers to start.
    pub servers: u16,
    /// With ascending keys.
    pub records: Vec<Record>,
    /// What is asked.
    pub questions: Vec<Question>,
}

/// A query before it takes the form that the switches want.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its position among the questions.
    pub id: u32,
    /// Keys it names, in the cluster or not.
    pub keys: Vec<u64>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            servers: 11,
            records: 2,
            record_bytes: 450_000,
            queries: 192,
            hits: 2,
        }
    }
}

impl Input {
    /// The input that belongs to a seed.
    pub fn generate(seed: u64, shape: Shape) -> Self {
        let mut random = Random::new(seed);
        let mut records = Vec::new();
        let mut key = 0;
        for _ in 0..shape.records {
            key += 1 + random.below(1_000);
            records.push(Record::generate(seed, key, shape.record_bytes));
        }
        let questions = (0..shape.queries)
            .map(|id| {
                let first_absent = records.last().map_or(1, |record| record.key + 1);
                let mut keys = vec![first_absent + random.below(1 << 40)];
                if id % shape.queries.div_ceil(shape.hits.max(1)) == 0 && !records.is_empty() {
                    keys.push(records[random.below(shape.records) as usize].key);
                }
                Question { id, keys }
            })
            .collect();
        Self {
            servers: shape.servers,
            records,
            questions,
        }
    }

    /// What a correct cluster answers, computed without one, in the order of the questions.
    pub fn answers(&self) -> Vec<Answer> {
        self.questions
            .iter()
            .map(|question| self.answer(question))
            .collect()
    }

    /// Bytes in all records.
    pub fn bytes(&self) -> u64 {
        self.records
            .iter()
            .map(|record| record.payload.len() as u64)
            .sum()
    }

    fn answer(&self, question: &Question) -> Answer {
        let mut filter = KeyFilter::empty();
        question.keys.iter().for_each(|key| filter.insert(*key));
        let mut answer = Answer::empty(question.id);
        for record in self
            .records
            .iter()
            .filter(|record| filter.contains(record.key))
        {
            answer.add(record.key, &record.payload);
        }
        answer
    }
}
