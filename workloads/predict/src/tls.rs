//! Clients that speak TLS to the store.

use crate::switches::{Library, Lifetime, Switches};

/// Makes clients, or hands out the one there is.
#[derive(Debug)]
pub struct Clients {
    tls: Library,
    certificate: reqwest::Certificate,
    shared: Option<reqwest::Client>,
}

/// A client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The build lacks the library.
    #[error("this build has no OpenSSL")]
    WithoutOpenSsl,
    /// The TLS library refused.
    #[error("the TLS library refuses")]
    Refused(#[from] reqwest::Error),
}

impl Clients {
    /// Clients that trust this certificate, given as PEM, beside those of the system.
    ///
    /// # Errors
    /// When the certificate is none, or the build lacks the library.
    pub fn new(switches: Switches, certificate: &str) -> Result<Self, ClientError> {
        // Another one may have been installed before, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut clients = Self {
            tls: switches.tls,
            certificate: reqwest::Certificate::from_pem(certificate.as_bytes())?,
            shared: None,
        };
        if switches.client == Lifetime::Service {
            clients.shared = Some(clients.make()?);
        }
        Ok(clients)
    }

    /// A client for one request.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn get(&self) -> Result<reqwest::Client, ClientError> {
        match &self.shared {
            Some(client) => Ok(client.clone()),
            None => self.make(),
        }
    }

    fn make(&self) -> Result<reqwest::Client, ClientError> {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_merge([self.certificate.clone()]);
        let builder = match self.tls {
            Library::Rustls => builder.tls_backend_rustls(),
            #[cfg(feature = "openssl")]
            Library::OpenSsl => builder.tls_backend_native(),
            #[cfg(not(feature = "openssl"))]
            Library::OpenSsl => return Err(ClientError::WithoutOpenSsl),
        };
        Ok(builder.build()?)
    }
}
