//! A recommender's prediction service.
//!
//! A [`client`] posts a user and some 700 items. The [`service`] asks the [`store`], behind TLS and with a token, for the
//! items' features, gives each item a probability by the [`model`], and answers with the best ones. The store's data is a
//! [`catalogue`] that every process makes for itself from a seed.
//!
//! In the *story* form every request makes a TLS client of its own, as one does who does not know that a client is a pool:
//! it reads the system's certificates, and shakes hands. In the *cured* form all requests share one. The library behind
//! TLS is a switch of its own, see [`Switches`].

pub mod catalogue;
pub mod certificate;
pub mod client;
pub mod message;
pub mod model;
pub mod service;
pub mod store;
pub mod switches;
pub mod tls;

pub use switches::Switches;
