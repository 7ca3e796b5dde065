//! Which groups users are in.

use std::collections::BTreeSet;

use axum::Json;
use rookery_domain::{Environment, GroupId, Membership, User, UserId};
use rookery_http::auth::{Principal, ReadGroups, ScopeAuth};
use rookery_http::{ApiError, ApiResult, Query};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::filter::{NamedUsers, user_ids};

/// How many places of users in groups one answer may name.
const MOST_PLACES: usize = 4_000;

/// The groups of a user in one tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserGroupsRow {
    vendor_id: Uuid,
    tenant_id: String,
    user_id: Uuid,
    group_ids: Vec<Uuid>,
}

/// Lists the groups of users, a row for each of their tenants: of the tenant that is named, or of all.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v3/groups",
    tag = "users",
    operation_id = "UsersControllerV3_getUsersGroups",
    security(("vendor" = []), ("user" = ["fe.secure.read.groups"])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only."),
        NamedUsers,
    ),
    responses((status = OK, body = Vec<UserGroupsRow>), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list(
    caller: ScopeAuth<ReadGroups>,
    Query(named): Query<NamedUsers>,
) -> ApiResult<Json<Vec<UserGroupsRow>>> {
    let named = named.ids.ok_or_else(|| ApiError::Invalid("ids must name the users".to_owned()))?;
    let (environment, users) = read(&caller, &user_ids(&named)?).await?;
    if !environment.groups.enabled {
        return Err(ApiError::Forbidden("groups are switched off in this environment".to_owned()));
    }
    let seen: Vec<_> = users.iter().filter(|user| caller.principal.sees(user)).collect();
    let places: Vec<_> = seen.into_iter().flat_map(|user| places_of(&caller, user)).collect();
    let there = groups_there(&caller, &places).await?;
    let rows = places.into_iter().map(|(user, membership)| {
        let groups = membership.group_ids.iter().filter(|group| there.contains(group));
        UserGroupsRow {
            vendor_id: caller.store.id().as_uuid(),
            tenant_id: membership.tenant_id.to_string(),
            user_id: user.as_uuid(),
            group_ids: groups.map(|group| group.as_uuid()).collect(),
        }
    });
    Ok(Json(rows.collect()))
}

async fn read(caller: &ScopeAuth<ReadGroups>, ids: &[UserId]) -> ApiResult<(Environment, Vec<User>)> {
    let users = caller.store.users();
    let environment = async {
        match &caller.principal {
            Principal::User(user) => Ok(Some(user.environment.clone())),
            Principal::Vendor(vendor) => vendor.store.get().await,
        }
    };
    let (environment, users) = tokio::try_join!(environment, users.get_all(ids))?;
    Ok((environment.ok_or(ApiError::Unauthenticated)?, users))
}

/// The memberships of `user` that the caller asks about.
fn places_of<'u>(caller: &ScopeAuth<ReadGroups>, user: &'u User) -> Vec<(UserId, &'u Membership)> {
    let asked = |membership: &&Membership| {
        caller.tenant_id.as_ref().is_none_or(|tenant| *tenant == membership.tenant_id)
    };
    user.memberships.iter().filter(asked).map(|membership| (user.id, membership)).collect()
}

/// Those of the groups in `places` that have not been deleted.
async fn groups_there(
    caller: &ScopeAuth<ReadGroups>,
    places: &[(UserId, &Membership)],
) -> ApiResult<BTreeSet<GroupId>> {
    let mut ids = Vec::new();
    for (_, membership) in places {
        ids.extend(membership.group_ids.iter().map(|group| (&membership.tenant_id, *group)));
    }
    if ids.len() > MOST_PLACES {
        return Err(ApiError::Invalid(
            "the users are in too many groups: name fewer of them, or a tenant".to_owned(),
        ));
    }
    let groups = caller.store.groups().get_all(ids).await?;
    Ok(groups.into_iter().map(|group| group.id).collect())
}
