//! The categories that permissions are listed under.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{Catalog, CategoryId, PermissionCategory, Timestamp, identifying};
use rookery_http::auth::{ReadPermissions, ScopeAuth, VendorAuth};
use rookery_http::wire::PermissionResponse;
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Patch, Path, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::author::{Author, environment_catalog};
use crate::limits::require_room;
use crate::permissions::in_order;
use crate::role_changes::{LONGEST_KEY, description, set_description};

/// How many categories an environment can have: they are read whole.
const MOST_CATEGORIES: usize = 500;

/// A category.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CategoryResponse {
    id: Uuid,
    name: String,
    description: Option<String>,
    /// Whether Rookery itself provides it; then it cannot be changed.
    fe_category: bool,
    /// The permissions that are listed under it.
    permissions: Vec<PermissionResponse>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl CategoryResponse {
    fn new(category: &PermissionCategory, catalog: &Catalog) -> Self {
        let under = in_order(catalog).into_iter().filter(|one| one.category_id == Some(category.id));
        Self {
            id: category.id.as_uuid(),
            name: category.name.clone(),
            description: category.description.clone(),
            fe_category: category.built_in,
            permissions: under.map(|permission| PermissionResponse::new(permission, catalog)).collect(),
            created_at: category.created_at,
        }
    }
}

/// A new category.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateCategoryRequest {
    /// 1 to 200 characters; unique in the environment.
    name: String,
    /// At most 1000 characters.
    description: Option<String>,
}

/// What is to change of a category: what is left out stays as it is.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CategoryChanges {
    /// 1 to 200 characters; unique in the environment.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// At most 1000 characters; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// Lists categories with their permissions: those of the environment, and those that are built in.
#[utoipa::path(
    get,
    path = "/identity/resources/permissions/v1/categories",
    tag = "authorization",
    operation_id = "PermissionsCategoriesController_getAllCategoriesWithPermissions",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = Vec<CategoryResponse>), (status = FORBIDDEN)),
)]
pub(crate) async fn list(caller: ScopeAuth<ReadPermissions>) -> ApiResult<Json<Vec<CategoryResponse>>> {
    let catalog = Author::of(&caller).await?.catalog;
    let mut categories: Vec<_> = catalog.categories.values().collect();
    categories
        .sort_by(|a, b| (!a.built_in, a.created_at, &a.name).cmp(&(!b.built_in, b.created_at, &b.name)));
    Ok(Json(categories.into_iter().map(|category| CategoryResponse::new(category, &catalog)).collect()))
}

/// Makes a category.
#[utoipa::path(
    post,
    path = "/identity/resources/permissions/v1/categories",
    tag = "authorization",
    operation_id = "PermissionsCategoriesController_createPermissionCategory",
    security(("vendor" = [])),
    request_body = CreateCategoryRequest,
    responses((status = CREATED, body = CategoryResponse), (status = BAD_REQUEST), (status = CONFLICT)),
)]
pub(crate) async fn create(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(request): Body<CreateCategoryRequest>,
) -> ApiResult<Created<CategoryResponse>> {
    let catalog = environment_catalog(&vendor.store).await?;
    require_room("categories", catalog.categories.len(), 1, MOST_CATEGORIES)?;
    let category = PermissionCategory {
        id: CategoryId::random(&*app.entropy),
        name: identifying("name", request.name, LONGEST_KEY)?,
        description: description(request.description)?,
        built_in: false,
        created_at: app.now(),
    };
    vendor.store.catalog().create(std::slice::from_ref(&category)).await?;
    Ok(Created(CategoryResponse::new(&category, &catalog)))
}

/// Updates a category: what is left out stays as it is.
#[utoipa::path(
    patch,
    path = "/identity/resources/permissions/v1/categories/{categoryId}",
    tag = "authorization",
    operation_id = "PermissionsCategoriesController_updateCategory",
    security(("vendor" = [])),
    params(("categoryId" = String, Path)),
    request_body = CategoryChanges,
    responses(
        (status = OK, body = CategoryResponse),
        (status = BAD_REQUEST),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    Path(id): Path<CategoryId>,
    Body(changes): Body<CategoryChanges>,
) -> ApiResult<Json<CategoryResponse>> {
    let store = vendor.store.catalog();
    let (catalog, found) =
        tokio::try_join!(environment_catalog(&vendor.store), async { Ok(store.find_category(id).await?) })?;
    require_custom(&catalog, id)?;
    let found = found.ok_or(ApiError::NotFound("category"))?;
    let change = |category: &mut PermissionCategory| {
        let changes = changes.clone();
        if let Some(name) = changes.name {
            category.name = identifying("name", name, LONGEST_KEY)?;
        }
        set_description(changes.description, &mut category.description)
    };
    let updated = store.update(found, change).await?.and_then(|updated| updated.into_iter().next());
    Ok(Json(CategoryResponse::new(&updated.ok_or(ApiError::NotFound("category"))?, &catalog)))
}

/// Removes a category. Its permissions stay, without one.
#[utoipa::path(
    delete,
    path = "/identity/resources/permissions/v1/categories/{categoryId}",
    tag = "authorization",
    operation_id = "PermissionsCategoriesController_deleteCategory",
    security(("vendor" = [])),
    params(("categoryId" = String, Path)),
    responses((status = OK), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(vendor: VendorAuth, Path(id): Path<CategoryId>) -> ApiResult<StatusCode> {
    let store = vendor.store.catalog();
    let (catalog, found) =
        tokio::try_join!(environment_catalog(&vendor.store), async { Ok(store.find_category(id).await?) })?;
    require_custom(&catalog, id)?;
    let found = found.ok_or(ApiError::NotFound("category"))?;
    match store.remove(found, |_| Ok::<_, ApiError>(())).await? {
        true => Ok(StatusCode::OK),
        false => Err(ApiError::NotFound("category")),
    }
}

/// Whether the category `id` is one that can be changed, if it is there.
fn require_custom(catalog: &Catalog, id: CategoryId) -> ApiResult<()> {
    match catalog.categories.get(&id) {
        Some(category) if category.built_in => Err(ApiError::Invalid(format!(
            "the category {} is built in and cannot be changed",
            category.name
        ))),
        Some(_) | None => Ok(()),
    }
}
