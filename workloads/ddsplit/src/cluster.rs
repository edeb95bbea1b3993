//! Servers and their coordinator, started together.

use std::io;
use std::marker::PhantomData;

use crate::cured::DistriErr;
use crate::error::{FragmentError, SuccessCode};
use crate::input::{Input, Question};
use crate::link::Links;
use crate::query::{Answer, Backlog, Query, answer, matches};
use crate::reassemble::CatalogueEntry;
use crate::record::{FragmentId, Record};
use crate::server::Server;
use crate::split::split;
use crate::switches::{Layout, Switches};
use crate::wire::Transport;
use crate::{cured, story};

/// A cluster in the form that its switches ask for, with the input it works on.
pub struct Cluster {
    input: Input,
    expected: Vec<Answer>,
    deployment: AnyDeployment,
}

enum AnyDeployment {
    Story(Deployment<story::DistriErr, story::DistriQuery>),
    BoxedError(Deployment<DistriErr, story::DistriQuery>),
    BoxedQuery(Deployment<story::DistriErr, cured::DistriQuery>),
    Cured(Deployment<DistriErr, cured::DistriQuery>),
}

/// A cluster whose every fallible step returns the error `E` and whose backlog holds the query `Q`.
///
/// The pipeline is written once and generic over both. The types that move keep their plain names, because those
/// names are what a report shows.
pub struct Deployment<E, Q> {
    links: Links,
    servers: Vec<Server>,
    types: PhantomData<fn() -> (E, Q)>,
}

/// How many records are split, and how many queries answered, at the same time.
const CONCURRENCY: usize = 4;

impl Cluster {
    /// Starts the servers that `input` asks for.
    ///
    /// # Errors
    /// When no TCP port on loopback can be had.
    pub async fn start(switches: Switches, transport: Transport, input: Input) -> io::Result<Self> {
        let servers = input.servers;
        let deployment = match (switches.error, switches.query) {
            (Layout::Inline, Layout::Inline) => {
                AnyDeployment::Story(Deployment::start(servers, switches, transport).await?)
            }
            (Layout::Boxed, Layout::Inline) => {
                AnyDeployment::BoxedError(Deployment::start(servers, switches, transport).await?)
            }
            (Layout::Inline, Layout::Boxed) => {
                AnyDeployment::BoxedQuery(Deployment::start(servers, switches, transport).await?)
            }
            (Layout::Boxed, Layout::Boxed) => {
                AnyDeployment::Cured(Deployment::start(servers, switches, transport).await?)
            }
        };
        Ok(Self {
            expected: input.answers(),
            input,
            deployment,
        })
    }

    /// Splits all records and then answers all questions, in their order.
    ///
    /// # Errors
    /// The first error that a record or a question met.
    pub async fn round_trip(&self) -> Result<Vec<Answer>, DistriErr> {
        match &self.deployment {
            AnyDeployment::Story(deployment) => deployment.round_trip(&self.input).await,
            AnyDeployment::BoxedError(deployment) => deployment.round_trip(&self.input).await,
            AnyDeployment::BoxedQuery(deployment) => deployment.round_trip(&self.input).await,
            AnyDeployment::Cured(deployment) => deployment.round_trip(&self.input).await,
        }
    }

    /// Compares answers with what the input says they must be.
    ///
    /// # Errors
    /// A sentence about the first answer that differs.
    pub fn check(&self, answers: &[Answer]) -> Result<(), String> {
        if answers.len() != self.expected.len() {
            return Err(format!(
                "{} questions got {} answers",
                self.expected.len(),
                answers.len()
            ));
        }
        match answers
            .iter()
            .zip(&self.expected)
            .find(|(got, expected)| got != expected)
        {
            Some((got, expected)) => Err(format!(
                "question {} expects the records {:?} with digest {:#x}, got {:?} with digest {:#x}",
                expected.query, expected.keys, expected.digest, got.keys, got.digest
            )),
            None => Ok(()),
        }
    }

    /// What the cluster works on.
    pub fn input(&self) -> &Input {
        &self.input
    }
}

impl<E: FragmentError, Q: Query> Deployment<E, Q> {
    /// Starts `servers` servers and connects to each.
    ///
    /// # Errors
    /// When no TCP port on loopback can be had.
    pub async fn start(servers: u16, switches: Switches, transport: Transport) -> io::Result<Self> {
        let mut wires = Vec::new();
        let mut running = Vec::new();
        for number in 0..servers {
            let (server, wire) = Server::start::<E>(number, transport, switches).await?;
            running.push(server);
            wires.push(wire);
        }
        Ok(Self {
            links: Links::new(wires),
            servers: running,
            types: PhantomData,
        })
    }

    /// Splits records, a few at a time.
    ///
    /// # Errors
    /// The first error that a record met.
    pub async fn split_all(&self, records: &[Record]) -> Result<SuccessCode, E> {
        let mut code = SuccessCode::Stored;
        for group in records.chunks(CONCURRENCY) {
            let splits: Vec<_> = group
                .iter()
                .map(|record| tokio::spawn(split::<E>(record.clone(), self.links.clone())))
                .collect();
            for split in splits {
                let stored = split.await.map_err(io::Error::from)??;
                code = code.max(stored);
            }
        }
        Ok(code)
    }

    /// Answers questions about records that were split before, a few at a time, sorted by their number.
    ///
    /// # Errors
    /// The first error that a question met.
    pub async fn answer_all(
        &self,
        records: &[Record],
        questions: &[Question],
    ) -> Result<Vec<Answer>, E> {
        let catalogue: Vec<CatalogueEntry> = records
            .iter()
            .map(|record| CatalogueEntry {
                key: record.key,
                length: record.payload.len(),
            })
            .collect();
        let mut backlog = Backlog::new();
        for question in questions {
            let mut query = Q::new(question.id);
            question
                .keys
                .iter()
                .for_each(|key| query.filter_mut().insert(*key));
            backlog.push(query);
        }
        let mut answers = Vec::with_capacity(questions.len());
        loop {
            let mut running = Vec::with_capacity(CONCURRENCY);
            while running.len() < CONCURRENCY
                && let Some(query) = backlog.pop()
            {
                let matches = matches(&query, &catalogue);
                if matches.is_empty() {
                    answers.push(Answer::empty(query.id()));
                } else {
                    running.push(tokio::spawn(answer::<Q, E>(
                        query,
                        matches,
                        self.links.clone(),
                    )));
                }
            }
            if running.is_empty() {
                break;
            }
            for answer in running {
                let answered = answer.await.map_err(io::Error::from)??;
                answers.push(answered);
            }
        }
        Ok(in_order(answers))
    }

    /// Flips one bit of a stored fragment, as a failing disk would.
    ///
    /// # Errors
    /// When its server does not have the fragment.
    pub async fn rot_fragment(&self, id: FragmentId) -> Result<SuccessCode, E> {
        self.servers[usize::from(self.links.server_of(id))]
            .rot_fragment(id)
            .await
    }

    async fn round_trip(&self, input: &Input) -> Result<Vec<Answer>, DistriErr> {
        self.split_all(&input.records)
            .await
            .map_err(FragmentError::into_boxed)?;
        self.answer_all(&input.records, &input.questions)
            .await
            .map_err(FragmentError::into_boxed)
    }
}

fn in_order(mut answers: Vec<Answer>) -> Vec<Answer> {
    answers.sort_by_key(|answer| answer.query);
    answers
}
