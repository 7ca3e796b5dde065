//! A user's sessions: where they are signed in.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use rookery_domain::{Action, Session, SessionId, Timestamp};
use rookery_http::auth::ActingUser;
use rookery_http::{ApiError, ApiResult, AppState, Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One sign-in on one device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionResponse {
    id: Uuid,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    /// The address it began from.
    ip_address: Option<String>,
    /// The browser it began in.
    user_agent: Option<String>,
    /// Whether it is the one that the request comes from.
    current: bool,
    /// Whether somebody else acts as the user in it.
    impersonated: bool,
}

impl SessionResponse {
    fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.as_uuid(),
            created_at: session.created_at,
            expires: session.ends_at(),
            ip_address: session.ip_address,
            user_agent: session.user_agent,
            current: current == Some(session.id),
            impersonated: false,
        }
    }
}

/// Lists the sessions of a user, the newest first.
#[utoipa::path(
    get,
    path = "/identity/resources/users/sessions/v1/me",
    tag = "authentication",
    operation_id = "UserSessionsControllerV1_getActiveSessions",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses((status = OK, body = Vec<SessionResponse>)),
)]
pub(crate) async fn list(
    caller: ActingUser,
    State(app): State<AppState>,
) -> ApiResult<Json<Vec<SessionResponse>>> {
    let now = app.now();
    let mut sessions = caller.store.sessions().of_user(caller.user.id).await?;
    sessions.retain(|session| now < session.ends_at() && session.is_of(&caller.user));
    sessions.sort_by_key(|session| Reverse(session.created_at));
    let current = caller.session.map(|session| session.id);
    Ok(Json(sessions.into_iter().map(|session| SessionResponse::new(session, current)).collect()))
}

/// Gets the session that the request comes from, which a vendor's does not.
#[utoipa::path(
    get,
    path = "/identity/resources/users/sessions/v1/me/current",
    tag = "authentication",
    operation_id = "UserSessionsControllerV1_getCurrentSession",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses((status = OK, body = SessionResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn current(caller: ActingUser) -> ApiResult<Json<SessionResponse>> {
    let session = caller.session.ok_or(ApiError::NotFound("session"))?;
    let id = session.id;
    Ok(Json(SessionResponse::new(session, Some(id))))
}

/// Ends all sessions of a user, the current one too.
#[utoipa::path(
    delete,
    path = "/identity/resources/users/sessions/v1/me/all",
    tag = "authentication",
    operation_id = "UserSessionsControllerV1_deleteAllUserActiveSessions",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses((status = OK)),
)]
pub(crate) async fn end_all(caller: ActingUser) -> ApiResult<()> {
    Ok(caller.store.sessions().end_all(caller.user.id, Action::SessionsRevoked, |_| true).await?)
}

/// Ends one session of a user.
#[utoipa::path(
    delete,
    path = "/identity/resources/users/sessions/v1/me/{id}",
    tag = "authentication",
    operation_id = "UserSessionsControllerV1_deleteUserSession",
    security(("vendor" = []), ("user" = [])),
    params(
        ("id" = Uuid, Path),
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
    ),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn end(caller: ActingUser, Path(id): Path<SessionId>) -> ApiResult<()> {
    if caller.store.sessions().end(caller.user.id, id, Action::SessionsRevoked).await? {
        return Ok(());
    }
    Err(ApiError::NotFound("session"))
}

#[cfg(test)]
mod tests;
