//! The feature store: HTTPS, and only for those who know the token.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::catalogue::Catalogue;
use crate::certificate::Certificate;
use crate::message::{Features, Request};

/// What has to stand behind `Bearer`.
pub const TOKEN: &str = "features-of-all-items";

/// Answers until the listener fails. A connection that breaks off concerns its peer alone.
///
/// # Errors
/// When the certificate is none, or the listener fails.
pub async fn run(
    listener: TcpListener,
    certificate: &Certificate,
    catalogue: Catalogue,
) -> io::Result<()> {
    let acceptor = acceptor(certificate)?;
    let router = Router::new()
        .route("/features", post(features))
        .with_state(Arc::new(catalogue));
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let acceptor = acceptor.clone();
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            drop(serving.await);
        });
        while connections.try_join_next().is_some() {}
    }
}

fn acceptor(certificate: &Certificate) -> io::Result<TlsAcceptor> {
    let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
    let chain = CertificateDer::pem_slice_iter(certificate.pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes())
        .map_err(|error| invalid(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| invalid(error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn features(
    State(catalogue): State<Arc<Catalogue>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Vec<u8>, StatusCode> {
    let token = headers.get(header::AUTHORIZATION);
    let token = token.and_then(|token| token.to_str().ok()?.strip_prefix("Bearer "));
    if token != Some(TOKEN) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let request: Request =
        serde_json::from_slice(&body).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    let rows = request
        .items
        .iter()
        .map(|item| catalogue.features(*item).copied());
    let rows = rows.collect::<Option<_>>().ok_or(StatusCode::NOT_FOUND)?;
    serde_json::to_vec(&Features { rows }).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
