//! What is done after the answer.
//!
//! On a public route the time of an answer must not tell whose address is known. What is done for known addresses alone is
//! deferred: nobody waits for it, and an error of it goes to the log.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use tracing::Instrument as _;

use crate::{ApiResult, AppState};

/// What is left to do.
#[derive(Default)]
pub(crate) struct Deferred(Mutex<Vec<BoxFuture<'static, ()>>>);

impl Deferred {
    fn push(&self, work: BoxFuture<'static, ()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    }

    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AppState {
    /// Has `work` done after the answer. It begins once an answer is on its way, whether this request's or another's.
    pub fn defer(&self, work: impl Future<Output = ApiResult<()>> + Send + 'static) {
        let work = async {
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(cause = %error, "what followed an answer failed"),
                Err(_) => tracing::error!("what followed an answer panicked"),
            }
        };
        self.deferred().push(work.in_current_span().boxed());
    }

    /// Does what was deferred. Whoever serves calls this when an answer is on its way.
    pub async fn run_deferred(&self) {
        join_all(self.deferred().take()).await;
    }
}
