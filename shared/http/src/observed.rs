//! What becomes known of a request while it is answered.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rookery_domain::{TenantId, VendorId};

/// What becomes known of a request while it is answered, for whoever counts requests: they put one among the request's
/// extensions and read it afterwards. Extractors note what they find; a handler that finds more takes this as one.
#[derive(Clone, Debug, Default)]
pub struct Observed(Arc<Facts>);

#[derive(Debug, Default)]
struct Facts {
    trace_id: OnceLock<String>,
    endpoint: OnceLock<String>,
    environment: OnceLock<VendorId>,
    tenant: OnceLock<TenantId>,
}

impl Observed {
    /// The request's trace id.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.get().map(String::as_str)
    }

    /// The endpoint: its method and its path, with the names of parameters and not their values. None when the path, or the
    /// method on that path, belongs to no endpoint.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.get().map(String::as_str)
    }

    /// The environment that it was for.
    #[must_use]
    pub fn environment(&self) -> Option<VendorId> {
        self.0.environment.get().copied()
    }

    /// The tenant that it was for.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.0.tenant.get()
    }

    /// Notes that the request is for `environment`.
    pub fn note_environment(&self, environment: VendorId) {
        note(&self.0.environment, environment);
    }

    pub(crate) fn note_answer(&self, trace_id: String, endpoint: Option<String>) {
        note(&self.0.trace_id, trace_id);
        if let Some(endpoint) = endpoint {
            note(&self.0.endpoint, endpoint);
        }
    }
}

/// Notes that a request is for `environment`.
pub(crate) fn environment(parts: &Parts, environment: VendorId) {
    if let Some(observed) = parts.extensions.get::<Observed>() {
        observed.note_environment(environment);
    }
}

/// Notes that a request is for `tenant`.
pub(crate) fn tenant(parts: &Parts, tenant: &TenantId) {
    if let Some(observed) = parts.extensions.get::<Observed>() {
        note(&observed.0.tenant, tenant.clone());
    }
}

impl<S: Sync> FromRequestParts<S> for Observed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Several extractors may note the same: the first word stands.
fn note<T>(fact: &OnceLock<T>, value: T) {
    fact.set(value).ok();
}
