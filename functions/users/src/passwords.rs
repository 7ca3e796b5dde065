//! What is asked of a user's new password.

use axum::Json;
use rookery_domain::{PasswordPolicy, UserId};
use rookery_http::password_policy::PasswordConfiguration;
use rookery_http::{ApiResult, HostEnvironment, Query, no_environment};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::activation::tenants_of;

/// Whose password it is.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct WhosePassword {
    /// The user. Somebody who is unknown is asked what everybody is.
    #[param(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
}

/// Gets what is asked of a user's new password: the strictest of what the environment and their tenants ask, value by value.
///
/// Without a user, it is what the environment asks of everybody.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/passwords/config",
    tag = "users",
    operation_id = "UsersPasswordControllerV1_getUserPasswordConfig",
    params(
        WhosePassword,
        ("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called."),
    ),
    responses((status = OK, body = PasswordConfiguration)),
)]
pub(crate) async fn configuration(
    HostEnvironment(store): HostEnvironment,
    Query(whose): Query<WhosePassword>,
) -> ApiResult<Json<PasswordConfiguration>> {
    let (environment, user) = match whose.user_id {
        Some(id) => {
            let found = store.users().get_with_environment(id).await?.ok_or_else(no_environment)?;
            (found.environment, found.value)
        }
        None => (store.get().await?.ok_or_else(no_environment)?, None),
    };
    let tenants = match &user {
        Some(user) => tenants_of(&store, user).await?,
        None => Vec::new(),
    };
    let own = tenants.into_iter().filter_map(|tenant| tenant.policies.password);
    let floor = environment.policies.password_policy();
    Ok(Json(own.fold(floor, |together: PasswordPolicy, own| together.and(&own)).into()))
}
