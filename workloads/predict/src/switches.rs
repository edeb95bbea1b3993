//! What differs between the story's form and the cured one.

use std::str::FromStr;

/// One setting of the switches. Any combination is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// How long a TLS client lives.
    pub client: Lifetime,
    /// Which library it is made of.
    pub tls: Library,
}

/// How long a TLS client lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// For one request.
    Request,
    /// As long as the service, with a pool of connections.
    Service,
}

/// A TLS library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// OpenSSL, as `native-tls` finds it on Linux.
    OpenSsl,
    /// rustls with ring.
    Rustls,
}

/// The name of a variant or of a switch in it is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown part {part:?} in the variant name")]
pub struct UnknownVariant {
    /// The part that was not understood.
    pub part: String,
}

impl Switches {
    /// A client per request, of OpenSSL.
    #[must_use]
    pub const fn story() -> Self {
        Self {
            client: Lifetime::Request,
            tls: Library::OpenSsl,
        }
    }

    /// One client, of rustls.
    #[must_use]
    pub const fn cured() -> Self {
        Self {
            client: Lifetime::Service,
            tls: Library::Rustls,
        }
    }
}

/// Reads `story` or `cured`, then any number of single switches: `story+pooled-client`, `cured+openssl`.
impl FromStr for Switches {
    type Err = UnknownVariant;

    fn from_str(name: &str) -> Result<Self, UnknownVariant> {
        let mut parts = name.split('+');
        let unknown = |part: &str| UnknownVariant {
            part: part.to_owned(),
        };
        let mut switches = match parts.next() {
            Some("story") => Self::story(),
            Some("cured") => Self::cured(),
            other => return Err(unknown(other.unwrap_or_default())),
        };
        for part in parts {
            match part {
                "new-client" => switches.client = Lifetime::Request,
                "pooled-client" => switches.client = Lifetime::Service,
                "openssl" => switches.tls = Library::OpenSsl,
                "rustls" => switches.tls = Library::Rustls,
                other => return Err(unknown(other)),
            }
        }
        Ok(switches)
    }
}
