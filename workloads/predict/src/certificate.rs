//! The store's certificate, which signs itself and is made anew for every run.

/// A certificate for `localhost` and its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate as PEM, for those who trust it.
    pub pem: String,
    /// Its private key as PEM, for the store alone.
    pub key: String,
}

impl Certificate {
    /// Makes one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Self, rcgen::Error> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        Ok(Self {
            pem: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    }
}
