//! Users signing in and out: passwords, the sessions that come of them, and the keys that verify their tokens.

mod discovery;
#[cfg(test)]
mod faults;
mod logout;
mod refresh;
#[cfg(test)]
mod removed_tenants;
mod sessions;
mod sign_in;
#[cfg(test)]
mod support;

use rookery_http::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The group's endpoints.
#[must_use]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::log_out))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::current))
        .routes(routes!(sessions::end_all))
        .routes(routes!(sessions::end))
        .routes(routes!(discovery::jwks))
        .routes(routes!(discovery::openid_configuration))
}
