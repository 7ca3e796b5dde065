//! What only vendors do with users: make them without a mail, and see them whole.

#[cfg(test)]
mod tests;
mod users;

use rookery_http::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The group's endpoints.
#[must_use]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(users::create)).routes(routes!(users::get))
}
