//! How sign-in works in an environment.

mod identity;

use rookery_http::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The group's endpoints.
#[must_use]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(identity::get, identity::update))
        .routes(routes!(identity::get_public))
}

#[cfg(test)]
mod tests;
