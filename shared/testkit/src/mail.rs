//! A mail provider that takes everything, until it is told not to.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use rookery_email::{CapturedMail, Message, SendError, Transport};

/// Captures mails, or refuses them.
#[derive(Clone)]
pub(crate) struct TestMail {
    captured: CapturedMail,
    refusal: Arc<Mutex<Option<SendError>>>,
}

impl TestMail {
    pub(crate) fn new(captured: CapturedMail) -> Self {
        Self { captured, refusal: Arc::default() }
    }

    pub(crate) fn captured(&self) -> &CapturedMail {
        &self.captured
    }

    pub(crate) fn refuse(&self, refusal: Option<SendError>) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    }
}

impl Transport for TestMail {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match refusal {
            Some(refusal) => Box::pin(async { Err(refusal) }),
            None => self.captured.send(message),
        }
    }
}
