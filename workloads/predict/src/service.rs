//! The prediction service: HTTP for its users, TLS towards the store.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::{Instrument as _, info_span};

use crate::message::{Features, Request};
use crate::model::Model;
use crate::store::TOKEN;
use crate::tls::{ClientError, Clients};

/// A running service. Dropping it ends it.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    task: JoinHandle<io::Result<()>>,
}

/// What its handler needs.
#[derive(Debug)]
struct Shared {
    clients: Clients,
    model: Model,
    /// Where the store answers.
    store: String,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the request is not understood")]
    Request(serde_json::Error),
    #[error("no client for the store")]
    Client(#[from] ClientError),
    #[error("the store does not answer")]
    Store(#[from] reqwest::Error),
    #[error("the store's answer is not understood")]
    Answer(serde_json::Error),
}

impl Service {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(clients: Clients, model: Model, store_port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Shared {
            clients,
            model,
            store: format!("https://localhost:{store_port}/features"),
        };
        let router = Router::new()
            .route("/predict", post(answer))
            .with_state(Arc::new(shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, task })
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Vec<u8>, (StatusCode, String)> {
    let span = info_span!("predict", bytes = body.len());
    predict(&shared, &body)
        .instrument(span)
        .await
        .map_err(|trouble| {
            let code = match trouble {
                Trouble::Request(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Trouble::Client(_) => StatusCode::INTERNAL_SERVER_ERROR,
                Trouble::Store(_) | Trouble::Answer(_) => StatusCode::BAD_GATEWAY,
            };
            (code, trouble.to_string())
        })
}

async fn predict(shared: &Shared, body: &[u8]) -> Result<Vec<u8>, Trouble> {
    let read = info_span!("read").in_scope(|| serde_json::from_slice(body));
    let request: Request = read.map_err(Trouble::Request)?;
    let features = features(shared, &request)
        .instrument(info_span!("features"))
        .await?;
    let score = info_span!("score", items = request.items.len());
    let prediction = score.in_scope(|| shared.model.predict(&request, &features));
    let write = info_span!("write").in_scope(|| serde_json::to_vec(&prediction));
    write.map_err(Trouble::Answer)
}

/// Asks the store.
async fn features(shared: &Shared, request: &Request) -> Result<Features, Trouble> {
    let client = shared.clients.get()?;
    let question = serde_json::to_vec(request).map_err(Trouble::Request)?;
    let response = client
        .post(&shared.store)
        .bearer_auth(TOKEN)
        .body(question)
        .send()
        .await?
        .error_for_status()?;
    let answer = response.bytes().await?;
    serde_json::from_slice(&answer).map_err(Trouble::Answer)
}
