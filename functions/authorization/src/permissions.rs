//! Permissions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{
    AssignmentType, Catalog, CategoryId, Permission, PermissionId, Timestamp, identifying, is_reserved,
    required,
};
use rookery_http::auth::{ReadPermissions, ScopeAuth, VendorAuth};
use rookery_http::wire::PermissionResponse;
use rookery_http::{
    ApiError, ApiResult, AppState, Batch, Body, Created, Patch, Path, empty_is_null, not_null,
};
use rookery_store::CatalogStore;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::author::{Author, environment_catalog};
use crate::limits::{at_most, require_room};
use crate::role_changes::{LONGEST_KEY, LONGEST_NAME, description, set_description};

/// How many permissions an environment can have: they are read whole.
const MOST_PERMISSIONS: usize = 2_000;

/// A new permission.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatePermissionRequest {
    /// What tokens carry, 1 to 200 characters; unique in the environment. `fe.` begins only those that are built in.
    key: String,
    /// 1 to 255 characters.
    name: String,
    /// At most 1000 characters.
    description: Option<String>,
    /// The category to list it under; empty for none.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    category_id: Patch<CategoryId>,
    /// How tenants may use it in roles of their own: `ASSIGNABLE`, the default, `ALWAYS` or `NEVER`.
    #[schema(value_type = Option<String>)]
    assignment_type: Option<AssignmentType>,
}

impl CreatePermissionRequest {
    fn into_permission(self, catalog: &Catalog, app: &AppState) -> ApiResult<Permission> {
        let now = app.now();
        Ok(Permission {
            id: PermissionId::random(&*app.entropy),
            key: free_key(self.key)?,
            name: required("name", self.name, LONGEST_NAME)?,
            description: description(self.description)?,
            category_id: self.category_id.value().map(|id| present(id, catalog)).transpose()?,
            assignment_type: self.assignment_type.unwrap_or_default(),
            built_in: false,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What is to change of a permission: what is left out stays as it is.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PermissionChanges {
    /// What tokens carry, 1 to 200 characters; unique in the environment. `fe.` begins only those that are built in.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    key: Option<String>,
    /// 1 to 255 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// At most 1000 characters; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// The category to list it under; null or empty for none.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    category_id: Patch<CategoryId>,
    /// How tenants may use it in roles of their own: `ASSIGNABLE`, `ALWAYS` or `NEVER`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<String>)]
    assignment_type: Option<AssignmentType>,
}

impl PermissionChanges {
    fn apply_to(self, permission: &mut Permission, catalog: &Catalog, now: Timestamp) -> ApiResult<()> {
        let before = permission.clone();
        if let Some(key) = self.key {
            permission.key = free_key(key)?;
        }
        if let Some(name) = self.name {
            permission.name = required("name", name, LONGEST_NAME)?;
        }
        set_description(self.description, &mut permission.description)?;
        if let Patch::Value(id) = self.category_id {
            permission.category_id = Some(present(id, catalog)?);
        } else {
            self.category_id.apply_to(&mut permission.category_id);
        }
        permission.assignment_type = self.assignment_type.unwrap_or(permission.assignment_type);
        if *permission != before {
            permission.updated_at = now;
        }
        Ok(())
    }
}

/// Lists permissions: those of the environment, and those that are built in.
#[utoipa::path(
    get,
    path = "/identity/resources/permissions/v1",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_getAllPermissions",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = Vec<PermissionResponse>), (status = FORBIDDEN)),
)]
pub(crate) async fn list(caller: ScopeAuth<ReadPermissions>) -> ApiResult<Json<Vec<PermissionResponse>>> {
    let catalog = Author::of(&caller).await?.catalog;
    let permissions = in_order(&catalog).into_iter();
    Ok(Json(permissions.map(|permission| PermissionResponse::new(permission, &catalog)).collect()))
}

/// Makes permissions: all of them, or none.
///
/// The answer holds one permission for each that was sent, in the same order; at most 49 can be made at once.
#[utoipa::path(
    post,
    path = "/identity/resources/permissions/v1",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_addPermissions",
    security(("vendor" = [])),
    request_body = Vec<CreatePermissionRequest>,
    responses(
        (status = CREATED, body = Vec<PermissionResponse>),
        (status = BAD_REQUEST),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Batch(batch): Batch<CreatePermissionRequest>,
) -> ApiResult<Created<Vec<PermissionResponse>>> {
    let requests = at_most(CatalogStore::MOST_MADE, "one request can make", batch)?;
    let catalog = environment_catalog(&vendor.store).await?;
    require_room("permissions", catalog.permissions.len(), requests.len(), MOST_PERMISSIONS)?;
    let permissions = requests.into_iter().map(|request| request.into_permission(&catalog, &app));
    let permissions = permissions.collect::<ApiResult<Vec<_>>>()?;
    vendor.store.catalog().create(&permissions).await?;
    let made = permissions.iter().map(|permission| PermissionResponse::new(permission, &catalog));
    Ok(Created(made.collect()))
}

/// Updates a permission: what is left out stays as it is.
#[utoipa::path(
    patch,
    path = "/identity/resources/permissions/v1/{permissionId}",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_updatePermission",
    security(("vendor" = [])),
    params(("permissionId" = String, Path)),
    request_body = PermissionChanges,
    responses(
        (status = OK, body = PermissionResponse),
        (status = BAD_REQUEST),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<PermissionId>,
    Body(changes): Body<PermissionChanges>,
) -> ApiResult<Json<PermissionResponse>> {
    let store = vendor.store.catalog();
    let (catalog, found) = tokio::try_join!(environment_catalog(&vendor.store), async {
        Ok(store.find_permissions(&[id]).await?)
    })?;
    require_custom(&catalog, id)?;
    let found = found.ok_or(ApiError::NotFound("permission"))?;
    let change = |permission: &mut Permission| changes.clone().apply_to(permission, &catalog, app.now());
    let updated = store.update(found, change).await?.and_then(|updated| updated.into_iter().next());
    let updated = updated.ok_or(ApiError::NotFound("permission"))?;
    Ok(Json(PermissionResponse::new(&updated, &catalog)))
}

/// Removes a permission. Roles that held it hold it no longer.
#[utoipa::path(
    delete,
    path = "/identity/resources/permissions/v1/{permissionId}",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_deletePermission",
    security(("vendor" = [])),
    params(("permissionId" = String, Path)),
    responses((status = NO_CONTENT), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(vendor: VendorAuth, Path(id): Path<PermissionId>) -> ApiResult<StatusCode> {
    let store = vendor.store.catalog();
    let (catalog, found) = tokio::try_join!(environment_catalog(&vendor.store), async {
        Ok(store.find_permissions(&[id]).await?)
    })?;
    require_custom(&catalog, id)?;
    let found = found.ok_or(ApiError::NotFound("permission"))?;
    match store.remove(found, |_| Ok::<_, ApiError>(())).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::NotFound("permission")),
    }
}

/// The permissions of `catalog`: those that are built in, and the others in the order in which they were made.
pub(crate) fn in_order(catalog: &Catalog) -> Vec<&Permission> {
    let mut permissions: Vec<_> = catalog.permissions.values().collect();
    permissions.sort_by(|a, b| (!a.built_in, a.created_at, &a.key).cmp(&(!b.built_in, b.created_at, &b.key)));
    permissions
}

/// Whether the permission `id` is one that can be changed, if it is there.
///
/// # Errors
/// It is built in.
pub(crate) fn require_custom(catalog: &Catalog, id: PermissionId) -> ApiResult<()> {
    match catalog.permissions.get(&id) {
        Some(permission) if permission.built_in => Err(ApiError::Invalid(format!(
            "the permission {} is built in and cannot be changed",
            permission.key
        ))),
        Some(_) | None => Ok(()),
    }
}

/// `key`, if a permission that is not built in can have it.
fn free_key(key: String) -> ApiResult<String> {
    if is_reserved(&key) {
        return Err(ApiError::Invalid(
            "keys that begin with fe., or cover such keys, are those of built-in permissions".to_owned(),
        ));
    }
    Ok(identifying("key", key, LONGEST_KEY)?)
}

fn present(id: CategoryId, catalog: &Catalog) -> ApiResult<CategoryId> {
    if catalog.categories.contains_key(&id) { Ok(id) } else { Err(ApiError::NotFound("category")) }
}
