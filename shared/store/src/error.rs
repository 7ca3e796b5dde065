//! What can go wrong between here and the table.

use std::convert::Infallible;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The table could not do what was asked. None of it is the caller's fault, and absence is none of it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many requests for the table or for one of its partitions, after the SDK's own retries.
    #[error("the table is throttled")]
    Throttled,
    /// Others kept changing the same items, after several tries.
    #[error("the items are contended")]
    Contended,
    /// An item that would be larger than its kind may be: all of its parts are within their limits, and their sum is not.
    #[error("this {entity} would be larger than {most} bytes in all: leave something out")]
    TooLarge {
        /// The type of the item.
        entity: &'static str,
        /// How large one may be, in bytes of JSON.
        most: usize,
    },
    /// An item that cannot be read: it was written by something else, or by another version.
    #[error("an item of type {entity} cannot be read: {reason}")]
    Corrupt {
        /// The type that was expected.
        entity: &'static str,
        /// Why it is not that.
        reason: String,
    },
    /// An item that a newer version wrote, which knows more of it: it is left as it is until that version is everywhere.
    #[error("a newer version wrote this {entity}: it is not changed by an older one")]
    Newer {
        /// The type of the item.
        entity: &'static str,
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
            Self::Throttled | Self::Contended | Self::Newer { .. } | Self::Unavailable { .. } => true,
            Self::TooLarge { .. } | Self::Corrupt { .. } | Self::Refused { .. } => false,
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

/// Why a change failed that nothing refuses: the table did.
pub(crate) fn unrefused(error: UpdateError<Infallible>) -> StoreError {
    match error {
        UpdateError::Refused(never) => match never {},
        UpdateError::Store(error) => error,
    }
}
