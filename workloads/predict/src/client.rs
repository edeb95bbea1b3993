//! A user of the service, who knows what has to come out.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::catalogue::Catalogue;
use crate::message::{Features, Request};
use crate::model::Model;

/// Connections to the service. What is due while all are taken waits, and is late.
const CONNECTIONS: usize = 64;

/// Sends requests and checks answers.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    service: Arc<str>,
    questions: Arc<[Question]>,
    connections: Arc<Semaphore>,
}

/// A request and its answer.
#[derive(Debug)]
struct Question {
    body: Bytes,
    answer: Bytes,
}

impl Client {
    /// A client that asks these requests in turn.
    ///
    /// # Errors
    /// When a request has items that the catalogue lacks, or no client can be made.
    pub fn new(
        service: SocketAddr,
        requests: &[Request],
        catalogue: &Catalogue,
        model: &Model,
    ) -> io::Result<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let question = |request: &Request| {
            let prediction = model.predict(request, &features(request, catalogue)?);
            Some(Question {
                body: serde_json::to_vec(request).ok()?.into(),
                answer: serde_json::to_vec(&prediction).ok()?.into(),
            })
        };
        let questions = requests.iter().map(question).collect::<Option<Vec<_>>>();
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(CONNECTIONS)
            .build();
        Ok(Self {
            http: http.map_err(io::Error::other)?,
            service: format!("http://{service}/predict").into(),
            questions: questions
                .ok_or_else(|| io::Error::other("a request names items that are not there"))?
                .into(),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
        })
    }

    /// Asks one of the requests, and says whether the answer was the right one.
    pub async fn ask(self, index: usize) -> bool {
        let Some(question) = self.questions.get(index % self.questions.len().max(1)) else {
            return false;
        };
        let Ok(_connection) = self.connections.acquire().await else {
            return false;
        };
        let answer = async {
            let request = self.http.post(&*self.service).body(question.body.clone());
            request.send().await?.error_for_status()?.bytes().await
        };
        answer.await.is_ok_and(|answer| answer == question.answer)
    }
}

/// What the store says of a request; `None` for items that it lacks.
#[must_use]
pub fn features(request: &Request, catalogue: &Catalogue) -> Option<Features> {
    let items = request.items.iter();
    let rows = items.map(|item| catalogue.features(*item).copied());
    Some(Features {
        rows: rows.collect::<Option<_>>()?,
    })
}
