//! Single groups: making, reading, changing and deleting them.

use axum::Json;
use axum::extract::State;
use rookery_domain::{
    Action, Group, GroupColor, GroupId, Json as JsonValue, ManagedBy, Metadata, bounded, identifying,
};
use rookery_http::auth::{DeleteGroups, ReadGroups, WriteGroups};
use rookery_http::members::require_outranked;
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Patch, Path, Query, not_null};
use rookery_store::Progress;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::caller::{GroupsAuth, Roles};
use crate::show::{GroupResponse, WantedRelations, show, show_whole};

/// The longest name, in characters: it is part of an address in the table.
const LONGEST_NAME: usize = 200;

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 1_000;

/// A new group.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateGroupRequest {
    /// 1 to 200 characters; unique in the tenant, whatever its case.
    name: String,
    /// `#rgb`, `#rrggbb` or the name of a colour; grey if left out.
    color: Option<String>,
    /// At most 1000 characters.
    description: Option<String>,
    /// A string that holds a JSON object, at most 4096 bytes.
    #[schema(value_type = Option<String>)]
    metadata: Option<JsonValue>,
}

impl CreateGroupRequest {
    fn into_group<P>(self, caller: &GroupsAuth<P>, app: &AppState) -> ApiResult<Group> {
        let now = app.now();
        Ok(Group {
            id: GroupId::random(&*app.entropy),
            tenant_id: caller.tenant_id.clone(),
            name: identifying("name", self.name, LONGEST_NAME)?,
            color: self.color.map(GroupColor::try_from).transpose()?.unwrap_or_default(),
            description: self.description.map(description).transpose()?,
            metadata: self.metadata.map(Metadata::of_group).transpose()?.unwrap_or_default(),
            managed_by: ManagedBy::default(),
            role_ids: Vec::new(),
            created_at: now,
            updated_at: now,
        })
    }
}

/// What is to change of a group.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupChanges {
    /// 1 to 200 characters; unique in the tenant, whatever its case.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// `#rgb`, `#rrggbb` or the name of a colour; null for grey.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    color: Patch<String>,
    /// At most 1000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// A string that holds a JSON object, at most 4096 bytes.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    metadata: Patch<JsonValue>,
}

impl GroupChanges {
    fn is_empty(&self) -> bool {
        let Self { name, color, description, metadata } = self;
        name.is_none() && !color.is_present() && !description.is_present() && !metadata.is_present()
    }

    fn apply_to(self, group: &mut Group) -> ApiResult<()> {
        if let Some(name) = self.name {
            let name = identifying("name", name, LONGEST_NAME)?;
            if name != group.name {
                require_own(group)?;
            }
            group.name = name;
        }
        if self.color.is_present() {
            group.color = self.color.value().map(GroupColor::try_from).transpose()?.unwrap_or_default();
        }
        if self.description.is_present() {
            group.description = self.description.value().map(description).transpose()?;
        }
        if self.metadata.is_present() {
            group.metadata = self.metadata.value().map(Metadata::of_group).transpose()?.unwrap_or_default();
        }
        Ok(())
    }
}

fn description(text: String) -> ApiResult<String> {
    Ok(bounded("description", text, LONGEST_DESCRIPTION)?)
}

/// Requires that the name and the users of `group` are maintained here.
///
/// # Errors
/// Another system maintains them.
pub(crate) fn require_own(group: &Group) -> ApiResult<()> {
    match group.is_synchronized() {
        false => Ok(()),
        true => Err(ApiError::Invalid(
            "the group is maintained by another system: change its name and its users there".to_owned(),
        )),
    }
}

/// Makes a group, without roles and users.
#[utoipa::path(
    post,
    path = "/identity/resources/groups/v1",
    tag = "groups",
    operation_id = "GroupsControllerV1_createGroup",
    security(("vendor" = []), ("user" = ["fe.secure.write.groups"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = CreateGroupRequest,
    responses(
        (status = CREATED, body = GroupResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: GroupsAuth<WriteGroups>,
    State(app): State<AppState>,
    Body(request): Body<CreateGroupRequest>,
) -> ApiResult<Created<GroupResponse>> {
    let group = request.into_group(&caller, &app)?;
    caller.store.groups().create(&group).await?;
    Ok(Created(GroupResponse::of_new(group)))
}

/// Gets a group of a tenant.
#[utoipa::path(
    get,
    path = "/identity/resources/groups/v1/{id}",
    tag = "groups",
    operation_id = "GroupsControllerV1_getGroupById",
    security(("vendor" = []), ("user" = ["fe.secure.read.groups"])),
    params(
        ("id" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
        WantedRelations,
    ),
    responses((status = OK, body = GroupResponse), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn get(
    caller: GroupsAuth<ReadGroups>,
    Path(id): Path<GroupId>,
    Query(wanted): Query<WantedRelations>,
) -> ApiResult<Json<GroupResponse>> {
    let found = caller.store.groups().get(&caller.tenant_id, id).await?;
    let shown = show(&caller, found.into_iter().collect(), wanted.relations).await?;
    Ok(Json(shown.into_iter().next().ok_or(ApiError::NotFound("group"))?))
}

/// Changes a group: what is left out stays as it is. The name of a group that another system maintains stays too.
#[utoipa::path(
    patch,
    path = "/identity/resources/groups/v1/{id}",
    tag = "groups",
    operation_id = "GroupsControllerV1_updateGroup",
    security(("vendor" = []), ("user" = ["fe.secure.write.groups"])),
    params(
        ("id" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = GroupChanges,
    responses(
        (status = OK, body = GroupResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn update(
    caller: GroupsAuth<WriteGroups>,
    State(app): State<AppState>,
    Path(id): Path<GroupId>,
    Body(changes): Body<GroupChanges>,
) -> ApiResult<Json<GroupResponse>> {
    if changes.is_empty() {
        return Err(ApiError::Invalid("the body has nothing to change".to_owned()));
    }
    let groups = caller.store.groups();
    let change = |group: &mut Group| changes.clone().apply_to(group);
    let updated = groups.update(&caller.tenant_id, id, Action::GroupUpdated, app.now(), change).await?;
    Ok(Json(show_whole(&caller, updated.ok_or(ApiError::NotFound("group"))?).await?))
}

/// Deletes a group: its users stay, and lose its roles. Users can delete only groups whose roles are weaker than their own
/// strongest.
#[utoipa::path(
    delete,
    path = "/identity/resources/groups/v1/{id}",
    tag = "groups",
    operation_id = "GroupsControllerV1_deleteGroup",
    security(("vendor" = []), ("user" = ["fe.secure.delete.groups"])),
    params(
        ("id" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    responses((status = OK), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    caller: GroupsAuth<DeleteGroups>,
    State(app): State<AppState>,
    Path(id): Path<GroupId>,
) -> ApiResult<()> {
    let (roles, tenant) = (Roles::of(&caller).await?, &caller.tenant_id);
    let outranked =
        |group: &Group| require_outranked(&roles.catalog, tenant, &roles.of_group(group), &roles.authority);
    match caller.store.groups().remove(tenant, id, outranked, &app.time_for_more()).await? {
        Progress::Finished | Progress::Unfinished => Ok(()),
        Progress::Nothing => Err(ApiError::NotFound("group")),
    }
}
