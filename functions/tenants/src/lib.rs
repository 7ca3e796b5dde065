//! Tenants: the vendor's customers, the tree they form, and their settings.

mod hierarchy;
mod lifecycle;
mod listing;
mod metadata;
mod profile;
mod settings;
mod sub_tenants;
#[cfg(test)]
mod tests;

use rookery_http::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The group's endpoints.
#[must_use]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(listing::list_v1, lifecycle::create, lifecycle::remove_current))
        .routes(routes!(lifecycle::get, lifecycle::update, lifecycle::remove))
        .routes(routes!(metadata::set))
        .routes(routes!(metadata::remove_key))
        .routes(routes!(listing::list_v2))
        .routes(routes!(lifecycle::get_v2, lifecycle::update_v2))
        .routes(routes!(hierarchy::descendants, hierarchy::link, hierarchy::unlink))
        .routes(routes!(hierarchy::tree))
        .routes(routes!(hierarchy::parents))
        .routes(routes!(sub_tenants::create))
        .routes(routes!(sub_tenants::remove))
        .routes(routes!(sub_tenants::set_management))
        .routes(routes!(settings::get, settings::update))
        .routes(routes!(settings::get_public))
}
