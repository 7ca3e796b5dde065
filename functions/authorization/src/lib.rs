//! Authorization: roles, permissions and the categories that permissions are listed under.
//!
//! The environment's own are the vendor's to write. A tenant's roles are also its users' to write, who can give no more
//! than they have: see `author`.

mod assignment;
mod author;
mod categories;
mod custom_roles;
mod limits;
mod permissions;
mod role_changes;
mod role_lists;
mod roles;
#[cfg(test)]
mod tests;

use rookery_http::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The group's endpoints.
#[must_use]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(role_lists::list_v1, roles::create))
        .routes(routes!(roles::update, roles::remove))
        .routes(routes!(roles::set_permissions))
        .routes(routes!(role_lists::list_v2, custom_roles::create))
        .routes(routes!(role_lists::distinct_levels))
        .routes(routes!(role_lists::distinct_tenants))
        .routes(routes!(permissions::list, permissions::create))
        .routes(routes!(permissions::update, permissions::remove))
        .routes(routes!(assignment::add_to_roles))
        .routes(routes!(assignment::classify))
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::update, categories::remove))
}
