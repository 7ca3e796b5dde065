//! How mail leaves.

use futures::future::BoxFuture;

use crate::Message;

/// Carries messages away.
pub trait Transport: Send + Sync {
    /// Hands `message` over. Success means that it was accepted, not that it arrived.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>>;
}

/// A message was not accepted.
///
/// The variants carry the provider's code and never its text, which may quote the recipient's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many messages for now: the same one may be accepted later.
    #[error("the mail provider is throttling")]
    Throttled,
    /// This message will not be accepted, however often it is tried.
    #[error("the mail provider rejected the message: {0}")]
    Rejected(String),
    /// The provider cannot be reached, or takes no mail at all at the moment.
    #[error("the mail provider is unavailable: {0}")]
    Unavailable(String),
}
