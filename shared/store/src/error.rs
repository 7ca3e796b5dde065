//! What can go wrong between here and the table.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::transaction::jitter;

/// The table could not do what was asked. None of it is the caller's fault, and absence is none of it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many requests for the table or for one of its partitions, after the SDK's own retries.
    #[error("the table is throttled")]
    Throttled,
    /// Others kept changing the same items, after several tries.
    #[error("the items are contended")]
    Contended,
    /// An item that cannot be read: it was written by something else, or by a newer version.
    #[error("an item of type {entity} cannot be read: {reason}")]
    Corrupt {
        /// The type that was expected.
        entity: &'static str,
        /// Why it is not that.
        reason: String,
    },
    /// No connection, no answer in time, or a failure within DynamoDB.
    #[error("the table is unavailable: {reason}")]
    Unavailable {
        /// DynamoDB's name for it, or what was missing.
        reason: String,
    },
    /// A request that is refused whenever it is made: no permission, no such table, a mistake in it.
    #[error("the table answered {code}: {message}")]
    Refused {
        /// DynamoDB's name for it.
        code: String,
        /// DynamoDB's words for it.
        message: String,
    },
}

/// DynamoDB's names for too many requests, as errors and as reasons to cancel a transaction.
const THROTTLES: [&str; 5] = [
    "ThrottlingException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

/// Whether `code` is one of DynamoDB's names for too many requests.
pub(crate) fn is_throttle(code: &str) -> bool {
    THROTTLES.contains(&code)
}

impl StoreError {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Throttled | Self::Contended | Self::Unavailable { .. } => true,
            Self::Corrupt { .. } | Self::Refused { .. } => false,
        }
    }

    /// What an error of the SDK means. DynamoDB answers 5xx whenever a request may be repeated.
    pub(crate) fn from_sdk<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Self {
        let refused = error.raw_response().is_some_and(|response| response.status().is_client_error());
        let never_sent = matches!(error, SdkError::ConstructionFailure(_));
        let message = || error.message().unwrap_or_default().to_owned();
        match error.code() {
            Some(code) if is_throttle(code) => Self::Throttled,
            Some("TransactionInProgressException") => Self::Throttled,
            Some("TransactionConflictException") => Self::Contended,
            code if refused || never_sent => {
                Self::Refused { code: code.unwrap_or("no code").to_owned(), message: message() }
            }
            Some(code) => Self::Unavailable { reason: code.to_owned() },
            None if matches!(error, SdkError::TimeoutError(_)) => {
                Self::Unavailable { reason: "no answer in time".to_owned() }
            }
            None => Self::Unavailable { reason: "no connection".to_owned() },
        }
    }
}

/// A change that was not made.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// The change itself was refused.
    #[error(transparent)]
    Refused(E),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often a change is tried when others change the same items. Each time at least one of them gets through, so this
/// is about how many may do so at once.
pub(crate) const TRIES: u32 = 20;

/// Waits a little, and longer after each failure, so that rivals spread.
pub(crate) async fn pause_after(tries: u32) {
    let pause = Duration::from_millis(1 << tries.min(5));
    tokio::time::sleep(jitter(pause)).await;
}

/// Awaits `$attempt`, which makes a change that starts from what it reads, again while somebody else was quicker.
///
/// It is a macro and not a function, as the future of an async closure cannot be shown to be `Send`.
macro_rules! while_contended {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            let outcome: Result<_, $crate::UpdateError<_>> = $attempt.await;
            match outcome {
                Err($crate::UpdateError::Store($crate::StoreError::Contended))
                    if tries < $crate::error::TRIES =>
                {
                    $crate::error::pause_after(tries).await;
                    tries += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use while_contended;
