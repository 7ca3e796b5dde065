//! Sub-tenants that a tenant's own administrators make.

use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{Action, EmailAddress, PictureAddress, Tenant, TenantId};
use rookery_http::auth::{
    DeleteSubAccount, Permission, Principal, ScopeAuth, WriteSubAccount, WriteSubAccountManagement,
};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Patch, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::lifecycle::removed;
use crate::profile::{TenantResponse, named, set};

/// A new sub-tenant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSubTenantRequest {
    /// Its id, 1 to 255 letters, digits, `_` and `-`; a UUID is made when it is left out.
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// The tenant that it becomes a sub-tenant of.
    #[schema(value_type = String)]
    parent_tenant_id: TenantId,
    /// Its name, 1 to 255 characters; its id when it is left out.
    name: Option<String>,
    #[schema(value_type = Option<String>)]
    logo: Option<PictureAddress>,
    #[schema(value_type = Option<String>)]
    logo_url: Option<PictureAddress>,
    creator_name: Option<String>,
    #[schema(value_type = Option<String>)]
    creator_email: Option<EmailAddress>,
    /// Whether its own administrators may make sub-tenants; for a user it takes the permission that managing them takes.
    is_reseller: Option<bool>,
    /// With a vendor token only.
    status: Option<String>,
}

impl CreateSubTenantRequest {
    /// Says of `tenant` what the request does.
    fn apply_to(self, tenant: &mut Tenant) -> ApiResult<()> {
        let some = |text: Option<String>| text.map_or(Patch::Absent, Patch::Value);
        if let Some(name) = self.name {
            tenant.name = named(name)?;
        }
        tenant.is_reseller = self.is_reseller.unwrap_or_default();
        let profile = &mut tenant.profile;
        profile.logo = self.logo.map(String::from);
        profile.logo_url = self.logo_url.map(String::from);
        profile.creator_email = self.creator_email.map(String::from);
        set("creatorName", some(self.creator_name), &mut profile.creator_name)?;
        set("status", some(self.status), &mut profile.status)
    }

    /// Whether `caller`, who may make sub-tenants, may make this one.
    async fn require_allowed(&self, caller: &ScopeAuth<WriteSubAccount>) -> ApiResult<()> {
        let Principal::User(user) = &caller.principal else { return Ok(()) };
        if self.status.is_some() {
            return Err(ApiError::Forbidden("only a vendor can set the status of a tenant".to_owned()));
        }
        match self.is_reseller {
            Some(true) => user.require::<WriteSubAccountManagement>().await,
            Some(false) | None => Ok(()),
        }
    }
}

/// Whether a tenant manages sub-tenants of its own.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagementRequest {
    /// Whether its own administrators may make sub-tenants.
    is_reseller: bool,
}

/// Creates a tenant below another, which must be one that manages sub-tenants. For a user it must be their own tenant
/// or one below it, and the id must be none that another tenant had.
#[utoipa::path(
    post,
    path = "/tenants/resources/sub-tenants/v1",
    tag = "tenants",
    operation_id = "SubTenantControllerV1_createSubTenant",
    security(("vendor" = []), ("user" = [])),
    request_body = CreateSubTenantRequest,
    responses(
        (status = CREATED, body = TenantResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: ScopeAuth<WriteSubAccount>,
    State(app): State<AppState>,
    Body(request): Body<CreateSubTenantRequest>,
) -> ApiResult<Created<TenantResponse>> {
    let tenants = caller.store.tenants();
    request.require_allowed(&caller).await?;
    require_own(&caller, &request.parent_tenant_id, true).await?;
    let parent = tenants.get(&request.parent_tenant_id).await?.ok_or(ApiError::NotFound("tenant"))?;
    if !parent.is_reseller {
        return Err(ApiError::Forbidden("the parent tenant does not manage sub-tenants".to_owned()));
    }
    let id = request.tenant_id.clone().unwrap_or_else(|| TenantId::random(&*app.entropy));
    let parent = Some(request.parent_tenant_id.clone());
    let mut tenant = Tenant { parent, ..Tenant::new(id, &*app.entropy, app.now()) };
    request.apply_to(&mut tenant)?;
    match &caller.principal {
        Principal::Vendor(_) => tenants.create(&tenant).await?,
        Principal::User(_) => tenants.create_new(&tenant).await?,
    }
    Ok(Created(TenantResponse::new(caller.store.id(), tenant)))
}

/// Removes a tenant below the caller's, and its users.
#[utoipa::path(
    delete,
    path = "/tenants/resources/sub-tenants/v1/{tenantId}",
    tag = "tenants",
    operation_id = "SubTenantControllerV1_deleteSubTenant",
    security(("vendor" = []), ("user" = [])),
    params(("tenantId" = String, Path)),
    responses((status = OK), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    caller: ScopeAuth<DeleteSubAccount>,
    State(app): State<AppState>,
    Path(id): Path<TenantId>,
) -> ApiResult<StatusCode> {
    require_own(&caller, &id, false).await?;
    removed(caller.store.tenants().remove(&id, app.now(), &app.time_for_more()).await?)
}

/// Sets whether a tenant below the caller's manages sub-tenants of its own.
#[utoipa::path(
    put,
    path = "/tenants/resources/sub-tenants/v1/{tenantId}/management",
    tag = "tenants",
    operation_id = "SubTenantControllerV1_updateManagement",
    security(("vendor" = []), ("user" = [])),
    params(("tenantId" = String, Path)),
    request_body = ManagementRequest,
    responses((status = OK), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn set_management(
    caller: ScopeAuth<WriteSubAccountManagement>,
    State(app): State<AppState>,
    Path(id): Path<TenantId>,
    Body(request): Body<ManagementRequest>,
) -> ApiResult<StatusCode> {
    require_own(&caller, &id, false).await?;
    let tenants = caller.store.tenants();
    let updated = tenants.update(&id, Action::TenantUpdated, app.now(), |tenant| {
        tenant.is_reseller = request.is_reseller;
        Ok::<_, ApiError>(())
    });
    updated.await?.map(|_| StatusCode::OK).ok_or(ApiError::NotFound("tenant"))
}

/// Whether the caller's rights reach `tenant`: a vendor's reach all, a user's those below their own tenant, and with
/// `or_self` their own tenant too. What they do not reach is not there for them.
async fn require_own<P: Permission>(
    caller: &ScopeAuth<P>,
    tenant: &TenantId,
    or_self: bool,
) -> ApiResult<()> {
    let own = match &caller.principal {
        Principal::Vendor(_) => return Ok(()),
        Principal::User(user) => &user.tenant_id,
    };
    if own == tenant && or_self {
        return Ok(());
    }
    let above = caller.store.tenants().ancestors(tenant).await?;
    if above.iter().any(|ancestor| ancestor.tenant_id == *own) {
        Ok(())
    } else {
        Err(ApiError::NotFound("tenant"))
    }
}
