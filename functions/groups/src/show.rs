//! Groups on the wire.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{
    Catalog, Group, GroupId, ManagedBy, MembershipStatus, Timestamp, User, UserId, VendorId,
};
use rookery_http::members::catalog_in;
use rookery_http::wire::RoleResponse;
use rookery_http::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::caller::GroupsAuth;

/// How many users one answer may show.
const MOST_USERS: usize = 2_000;

/// The members of how many groups are asked for at a time.
const GROUPS_AT_ONCE: usize = 16;

/// A group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupResponse {
    id: Uuid,
    name: String,
    color: String,
    /// Empty when there is none.
    description: String,
    /// What the customer keeps beside it, as a string of JSON.
    metadata: String,
    /// Who maintains its name and its users: `frontegg` or `scim2`.
    #[schema(value_type = String)]
    managed_by: ManagedBy,
    /// Left out unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleResponse>>,
    /// Left out unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<GroupUserResponse>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Somebody in a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupUserResponse {
    id: Uuid,
    email: String,
    name: String,
    profile_picture_url: String,
    /// Whether they are fully in the tenant.
    activated_for_tenant: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What is shown of a group beside itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Relations {
    roles: bool,
    users: bool,
}

impl Relations {
    pub(crate) const ALL: Self = Self { roles: true, users: true };
}

impl TryFrom<String> for Relations {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "roles" => Ok(Self { roles: true, users: false }),
            "users" => Ok(Self { roles: false, users: true }),
            "rolesAndUsers" => Ok(Self::ALL),
            _ => Err("it must be roles, users or rolesAndUsers"),
        }
    }
}

/// What is to be shown of groups.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedRelations {
    /// What of a group is shown beside itself: `roles`, `users` or `rolesAndUsers`.
    #[serde(default, rename = "_groupsRelations")]
    #[param(rename = "_groupsRelations", value_type = Option<String>)]
    pub(crate) relations: Relations,
}

/// `groups` as the caller sees them.
///
/// # Errors
/// They have too many users for one answer, or the table fails.
pub(crate) async fn show<P>(
    caller: &GroupsAuth<P>,
    groups: Vec<Group>,
    relations: Relations,
) -> ApiResult<Vec<GroupResponse>> {
    let tenants = [&caller.tenant_id];
    let catalog = async {
        match relations.roles {
            true => ApiResult::Ok(Some(catalog_in(&caller.store, &caller.environment, &tenants).await?)),
            false => Ok(None),
        }
    };
    let users = async {
        match relations.users {
            true => ApiResult::Ok(Some(Users::of(caller, &groups).await?)),
            false => Ok(None),
        }
    };
    let (catalog, users) = tokio::try_join!(catalog, users)?;
    let vendor = caller.store.id();
    let shown = groups.into_iter().map(|group| {
        let roles = catalog.as_deref().map(|catalog| roles_of(vendor, &group, catalog));
        let users = users.as_ref().map(|users| users.in_group(caller, group.id));
        GroupResponse::new(group, roles, users)
    });
    Ok(shown.collect())
}

/// `group` as the caller sees it, with its roles and its users.
///
/// # Errors
/// The table fails.
pub(crate) async fn show_whole<P>(caller: &GroupsAuth<P>, group: Group) -> ApiResult<GroupResponse> {
    show(caller, vec![group], Relations::ALL).await?.pop().ok_or(ApiError::NotFound("group"))
}

impl GroupResponse {
    /// `group`, which has neither roles nor users yet.
    pub(crate) fn of_new(group: Group) -> Self {
        Self::new(group, Some(Vec::new()), Some(Vec::new()))
    }

    fn new(group: Group, roles: Option<Vec<RoleResponse>>, users: Option<Vec<GroupUserResponse>>) -> Self {
        Self {
            id: group.id.as_uuid(),
            name: group.name,
            color: group.color.into(),
            description: group.description.unwrap_or_default(),
            metadata: group.metadata.to_wire(),
            managed_by: group.managed_by,
            roles,
            users,
            created_at: group.created_at,
            updated_at: group.updated_at,
        }
    }
}

fn roles_of(vendor: VendorId, group: &Group, catalog: &Catalog) -> Vec<RoleResponse> {
    let roles = group.role_ids.iter().filter_map(|id| catalog.roles.get(id));
    roles.map(|role| RoleResponse::new(vendor, role, catalog)).collect()
}

/// Who is in some groups.
struct Users {
    members: BTreeMap<GroupId, Vec<UserId>>,
    users: BTreeMap<UserId, User>,
}

impl Users {
    async fn of<P>(caller: &GroupsAuth<P>, groups: &[Group]) -> ApiResult<Self> {
        let ids: Vec<_> = groups.iter().map(|group| group.id).collect();
        let queries = stream::iter(ids).map(|id| members_of(caller, id));
        let mut queries = queries.buffered(GROUPS_AT_ONCE);
        let (mut members, mut sum) = (BTreeMap::new(), 0);
        while let Some((group, users)) = queries.try_next().await? {
            sum += users.len();
            if sum > MOST_USERS {
                return Err(ApiError::Invalid(format!(
                    "the groups have more than {MOST_USERS} users together: ask for fewer groups, with version 2 and a _limit"
                )));
            }
            members.insert(group, users);
        }
        let mut ids: Vec<_> = members.values().flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let users = caller.store.users().get_all(&ids).await?;
        Ok(Self { members, users: users.into_iter().map(|user| (user.id, user)).collect() })
    }

    fn in_group<P>(&self, caller: &GroupsAuth<P>, group: GroupId) -> Vec<GroupUserResponse> {
        let ids = self.members.get(&group).into_iter().flatten();
        let users = ids.filter_map(|id| self.users.get(id)).filter(|user| caller.principal.sees(user));
        users.filter_map(|user| user_of(caller, user)).collect()
    }
}

async fn members_of<P>(caller: &GroupsAuth<P>, group: GroupId) -> ApiResult<(GroupId, Vec<UserId>)> {
    Ok((group, caller.store.groups().members(&caller.tenant_id, group).await?))
}

/// What the caller sees of `user`: of somebody who has not joined the tenant, colleagues see nothing but the address.
fn user_of<P>(caller: &GroupsAuth<P>, user: &User) -> Option<GroupUserResponse> {
    let membership = user.membership(&caller.tenant_id)?;
    let has_joined = membership.status == MembershipStatus::Activated;
    let is_hidden = caller.principal.user().is_some() && !has_joined;
    let shown = |text: &Option<String>| text.clone().filter(|_| !is_hidden).unwrap_or_default();
    Some(GroupUserResponse {
        id: user.id.as_uuid(),
        email: user.email.to_string(),
        name: shown(&user.name),
        profile_picture_url: shown(&user.profile_picture_url),
        activated_for_tenant: has_joined,
        created_at: if is_hidden { membership.created_at } else { user.created_at },
    })
}
