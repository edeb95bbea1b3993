//! What a step answers: a code when it went well, and what the pipeline needs to know of an error.

use std::io;

use crate::cured;
use crate::record::FragmentId;

/// What became of a fragment that a server accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuccessCode {
    /// The server had no such fragment before.
    Stored,
    /// The fragment took the place of an earlier one.
    Replaced,
}

/// What the pipeline asks of an error, whichever way it is laid out.
///
/// I/O errors convert into it, so that `?` works on every read and write.
pub trait FragmentError: std::error::Error + From<io::Error> + Send + Sync + 'static {
    /// A fragment whose digest does not fit its bytes. The bytes are kept for whoever has to find out why;
    /// what exceeds [`crate::record::MAX_FRAGMENT`] is cut off.
    fn corrupt(server: u16, fragment: &[u8]) -> Self;

    /// A fragment that its server does not have.
    fn missing(id: FragmentId) -> Self;

    /// The bytes of the corrupt fragment, when this is what went wrong.
    fn corrupt_fragment(&self) -> Option<&[u8]>;

    /// The missing fragment, when this is what went wrong.
    fn missing_fragment(&self) -> Option<FragmentId>;

    /// The same error in the small form, for callers outside the pipeline.
    fn into_boxed(self) -> cured::DistriErr;
}
