//! Who acts, for the audit log.

use axum::http::request::Parts;
use rookery_domain::{Actor, ActorKind, Origin};

use crate::AppState;
use crate::host::ClientInfo;

/// The trace id of a request, among its extensions.
#[derive(Clone, Debug)]
pub(crate) struct TraceId(pub(crate) String);

/// Whoever sent the request `parts`, of whom nothing is known yet but where they call from.
pub(crate) fn anonymous(parts: &Parts, app: &AppState) -> Actor {
    let client = ClientInfo::of(parts);
    let trace_id = parts.extensions.get::<TraceId>().map(|id| id.0.clone());
    let origin = Origin { ip_address: client.ip_address, user_agent: client.user_agent, trace_id };
    Actor::new(ActorKind::Anonymous, origin, app.now(), &*app.entropy)
}
