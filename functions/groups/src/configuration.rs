//! Whether tenants of an environment have groups.

use axum::Json;
use rookery_domain::GroupsConfiguration;
use rookery_http::auth::{Member, Principal, ScopeAuth, VendorAuth};
use rookery_http::{ApiError, ApiResult, Body, Created, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to change of the configuration.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupsConfigurationChanges {
    /// Whether tenants have groups.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// Whether groups have roles.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    roles_enabled: Option<bool>,
}

/// The configuration as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupsConfigurationResponse {
    /// Whether tenants have groups.
    enabled: bool,
    /// Whether groups have roles.
    roles_enabled: bool,
}

impl From<GroupsConfiguration> for GroupsConfigurationResponse {
    fn from(GroupsConfiguration { enabled, roles_enabled }: GroupsConfiguration) -> Self {
        Self { enabled, roles_enabled }
    }
}

/// Gets whether tenants have groups, and whether groups have roles. Both are so where nothing else was chosen.
#[utoipa::path(
    get,
    path = "/identity/resources/groups/v1/config",
    tag = "groups",
    operation_id = "GroupsControllerV1_getGroupsConfiguration",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = GroupsConfigurationResponse)),
)]
pub(crate) async fn get(caller: ScopeAuth<Member>) -> ApiResult<Json<GroupsConfigurationResponse>> {
    let groups = match caller.principal {
        Principal::User(user) => user.environment.groups,
        Principal::Vendor(vendor) => vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?.groups,
    };
    Ok(Json(groups.into()))
}

/// Says whether tenants have groups, and whether groups have roles: what is left out stays as it is.
///
/// Groups that are switched off stay, with their roles and members, and count for nothing: from the next sign-in or refresh on,
/// nobody has a role by them.
#[utoipa::path(
    post,
    path = "/identity/resources/groups/v1/config",
    tag = "groups",
    operation_id = "GroupsControllerV1_createOrUpdateGroupsConfiguration",
    security(("vendor" = [])),
    request_body = GroupsConfigurationChanges,
    responses((status = CREATED, body = GroupsConfigurationResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    Body(changes): Body<GroupsConfigurationChanges>,
) -> ApiResult<Created<GroupsConfigurationResponse>> {
    let updated = vendor.store.update(|environment| {
        let before = environment.groups;
        environment.groups = GroupsConfiguration {
            enabled: changes.enabled.unwrap_or(before.enabled),
            roles_enabled: changes.roles_enabled.unwrap_or(before.roles_enabled),
        };
        ApiResult::Ok(())
    });
    let environment = updated.await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Created(environment.groups.into()))
}
