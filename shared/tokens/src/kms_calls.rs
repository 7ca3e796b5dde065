//! How much KMS is asked for signatures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_kms::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::{BoxError, ProvideErrorMetadata as _};
use aws_sdk_kms::operation::sign::SignError;

use crate::kms::THROTTLED;

/// Counts what a client that has this interceptor sends to KMS.
#[derive(Clone, Debug, Default)]
pub struct KmsCalls(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU32,
    throttles: AtomicU32,
}

impl KmsCalls {
    /// How many requests there have been, with those that the SDK tried again.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// How many requests for a signature were answered that there are too many.
    #[must_use]
    pub fn throttles(&self) -> u32 {
        self.0.throttles.load(Ordering::SeqCst)
    }
}

impl Intercept for KmsCalls {
    fn name(&self) -> &'static str {
        "KmsCalls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let error = context.output_or_error().err().and_then(|error| error.as_operation_error());
        let refusal = error.and_then(|error| error.downcast_ref::<SignError>());
        if refusal.is_some_and(|refusal| refusal.code() == Some(THROTTLED)) {
            self.0.throttles.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}
