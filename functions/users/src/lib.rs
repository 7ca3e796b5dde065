//! Users: lists of them, their own profiles, and how they join tenants.

mod activation;
mod creation;
mod filter;
mod invitations;
mod links;
mod listing;
mod me;
mod membership;
mod own_tenants;
mod profile;
mod reading;
mod renewal;
mod roles;
mod scope;
#[cfg(test)]
mod tests;
mod updating;

use rookery_http::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The group's endpoints.
#[must_use]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(listing::list_v1, me::update_v1))
        .routes(routes!(creation::create_v1))
        .routes(routes!(listing::list_v2, creation::create_v2))
        .routes(routes!(reading::get, updating::update, membership::remove))
        .routes(routes!(reading::get_by_email))
        .routes(routes!(roles::add, roles::remove))
        .routes(routes!(membership::set_active, membership::add))
        .routes(routes!(membership::move_all))
        .routes(routes!(updating::verify))
        .routes(routes!(updating::lock))
        .routes(routes!(updating::unlock))
        .routes(routes!(updating::set_invisible))
        .routes(routes!(updating::set_super_user))
        .routes(routes!(updating::set_email))
        .routes(routes!(links::generate_activation))
        .routes(routes!(listing::list_v3))
        .routes(routes!(listing::roles))
        .routes(routes!(me::get_v2, me::update_v2))
        .routes(routes!(me::get_v3))
        .routes(routes!(me::authorization))
        .routes(routes!(me::switch_tenant))
        .routes(routes!(own_tenants::list_v1))
        .routes(routes!(own_tenants::list_v2))
        .routes(routes!(own_tenants::list_v3))
        .routes(routes!(activation::activate))
        .routes(routes!(activation::reset))
        .routes(routes!(activation::strategy))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitations::reset))
        .routes(routes!(invitations::reset_all))
}
