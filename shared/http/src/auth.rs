//! Who calls. The type in a handler's signature says who may, and carries what that gives access to.
//!
//! | extractor | who may call | what it carries |
//! |---|---|---|
//! | [`VendorAuth`] | a vendor | the environment |
//! | [`UserAuth`] | a user | the environment, the user, their session and tenant |
//! | [`PermittedUser<P>`] | a user with permission `P` | the same |
//! | [`TenantAuth<P>`] | a vendor that names a tenant; a user with permission `P` | the environment and the tenant |
//! | [`ScopeAuth<P>`] | a vendor; a user with permission `P` | the environment and, if there is one, the tenant |
//! | [`ActingUser`] | a vendor that names a user; a user | the environment and the user |
//! | [`ActingMember<P>`] | a vendor that names a tenant and a user in it; a user with permission `P` | the environment, the user and the tenant |
//! | [`AnyoneOrVendor`] | everybody; a vendor | the environment |
//! | [`Applicant<P>`] | whoever [`ScopeAuth<P>`] lets in, once they are looked up | the same, before that |
//!
//! With a user's token the tenant and the user are those of the token, whatever the headers say.

mod permission;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use rookery_domain::{
    Actor, ActorKind, Authority, Environment, Grants, Session, TenantId, User, UserId, VendorId,
};
use rookery_store::{Caller, EnvironmentStore, UserSnapshot, WithEnvironment};
use rookery_tokens::{UserClaims, VendorClaims, decode};
use tokio::sync::OnceCell;

pub use permission::*;

use crate::{ApiError, ApiResult, AppState, HostEnvironment, Standing, actor, observed, standing_in};

const ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-access-token");
const TENANT_ID: HeaderName = HeaderName::from_static("frontegg-tenant-id");
const USER_ID: HeaderName = HeaderName::from_static("frontegg-user-id");

/// A vendor, who may do everything in one environment.
#[derive(Clone)]
pub struct VendorAuth {
    /// The environment.
    pub store: EnvironmentStore,
}

/// A user, whose session was looked up just now: a session that was ended, a user who was locked and a tenant that was
/// removed are refused at once, however long the token would still be good.
#[derive(Clone)]
pub struct UserAuth {
    /// The environment's data.
    pub store: EnvironmentStore,
    /// The environment.
    pub environment: Environment,
    /// The user.
    pub user: UserSnapshot,
    /// The session.
    pub session: Session,
    /// The tenant that the token is for.
    pub tenant_id: TenantId,
    /// What counts of them there, once it was asked for.
    standing: Arc<OnceCell<Standing>>,
}

/// A vendor or a user.
#[derive(Clone)]
pub enum Principal {
    /// A vendor.
    Vendor(VendorAuth),
    /// A user.
    User(Box<UserAuth>),
}

/// A user who may do what `P` permits.
pub struct PermittedUser<P> {
    /// The user.
    pub user: UserAuth,
    permission: PhantomData<P>,
}

/// Somebody who may do what `P` permits in one tenant.
pub struct TenantAuth<P> {
    /// The environment's data.
    pub store: EnvironmentStore,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Who it is.
    pub principal: Principal,
    permission: PhantomData<P>,
}

/// Somebody who may do what `P` permits: a vendor in one tenant or in the whole environment, a user in their tenant.
pub struct ScopeAuth<P> {
    /// The environment's data.
    pub store: EnvironmentStore,
    /// The tenant; none for the whole environment.
    pub tenant_id: Option<TenantId>,
    /// Who it is.
    pub principal: Principal,
    permission: PhantomData<P>,
}

/// Somebody with a genuine token who wants to do what `P` permits. They are still to be looked up: what they ask for may be
/// read meanwhile, and nothing of it is answered before [`Self::admit`] lets them in.
pub struct Applicant<P> {
    /// The environment's data.
    pub store: EnvironmentStore,
    /// The tenant; none for the whole environment.
    pub tenant_id: Option<TenantId>,
    claims: Claims,
    actor: Actor,
    app: AppState,
    permission: PhantomData<P>,
}

/// What a genuine token says.
enum Claims {
    Vendor(VendorClaims),
    User(Box<UserClaims>),
}

/// A user in their own affairs, or a vendor in theirs on their behalf.
pub struct ActingUser {
    /// The environment's data.
    pub store: EnvironmentStore,
    /// The environment.
    pub environment: Environment,
    /// The user.
    pub user: UserSnapshot,
    /// The tenant, if one was named.
    pub tenant_id: Option<TenantId>,
    /// The session that the request comes from; none when a vendor calls.
    pub session: Option<Session>,
    /// Whether a vendor calls, who may see more than the user.
    pub by_vendor: bool,
}

/// A user who may do what `P` permits in their tenant, or a vendor on behalf of a user in one.
pub struct ActingMember<P> {
    /// The environment's data.
    pub store: EnvironmentStore,
    /// The environment.
    pub environment: Environment,
    /// The user.
    pub user: UserSnapshot,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Who calls.
    pub principal: Principal,
    permission: PhantomData<P>,
}

/// Somebody without a token, or a vendor. A token that is not a good one of a vendor counts as none: the endpoint is for
/// everybody.
pub struct AnyoneOrVendor {
    /// The environment's data: the vendor's, or that of the host.
    pub store: EnvironmentStore,
    /// Whether it is a vendor.
    pub is_vendor: bool,
}

impl FromRequestParts<AppState> for AnyoneOrVendor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let token = presented_token(&parts.headers);
        let vendor = token.and_then(|token| decode::<VendorClaims>(token, &app.vendor_keys, app.now()).ok());
        let Some(claims) = vendor.map(Claims::Vendor) else {
            let HostEnvironment(store) = HostEnvironment::from_request_parts(parts, app).await?;
            return Ok(Self { store, is_vendor: false });
        };
        observed::environment(parts, claims.vendor());
        let store = app.store.environment_for(claims.vendor(), claims.actor(parts, app));
        Ok(Self { store, is_vendor: true })
    }
}

impl FromRequestParts<AppState> for VendorAuth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        match Principal::from_request_parts(parts, app).await? {
            Principal::Vendor(vendor) => Ok(vendor),
            Principal::User(_) => {
                Err(ApiError::Forbidden("a vendor token is needed, not a user's".to_owned()))
            }
        }
    }
}

impl FromRequestParts<AppState> for UserAuth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        match Principal::from_request_parts(parts, app).await? {
            Principal::User(user) => Ok(*user),
            Principal::Vendor(_) => {
                Err(ApiError::Forbidden("a user token is needed, not a vendor's".to_owned()))
            }
        }
    }
}

impl FromRequestParts<AppState> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let claims = Claims::read(parts, app)?;
        let actor = claims.actor(parts, app);
        claims.look_up(actor, app).await
    }
}

impl Claims {
    fn read(parts: &Parts, app: &AppState) -> ApiResult<Self> {
        let token = presented_token(&parts.headers).ok_or(ApiError::NoToken)?;
        let now = app.now();
        if let Ok(claims) = decode::<VendorClaims>(token, &app.vendor_keys, now) {
            observed::environment(parts, claims.vendor_id);
            return Ok(Self::Vendor(claims));
        }
        let claims =
            decode::<UserClaims>(token, &app.user_keys, now).map_err(|_| ApiError::Unauthenticated)?;
        observed::environment(parts, claims.aud);
        observed::tenant(parts, &claims.tenant_id);
        Ok(Self::User(Box::new(claims)))
    }

    fn vendor(&self) -> VendorId {
        match self {
            Self::Vendor(claims) => claims.vendor_id,
            Self::User(claims) => claims.aud,
        }
    }

    /// Who acts, for the audit log. Which tenant a vendor acts in, they say themselves.
    fn actor(&self, parts: &Parts, app: &AppState) -> Actor {
        let anonymous = actor::anonymous(parts, app);
        match self {
            Self::Vendor(_) => {
                let tenant = named_tenant(parts).ok().flatten();
                anonymous.turning_out_to_be(ActorKind::Vendor).in_tenant(tenant)
            }
            Self::User(claims) => {
                let user = ActorKind::User(claims.sub, claims.email.clone());
                anonymous.turning_out_to_be(user).in_tenant(Some(claims.tenant_id.clone()))
            }
        }
    }

    async fn look_up(self, actor: Actor, app: &AppState) -> ApiResult<Principal> {
        match self {
            Self::Vendor(claims) => {
                let store = app.store.environment_for(claims.vendor_id, actor);
                Ok(Principal::Vendor(VendorAuth { store }))
            }
            Self::User(claims) => {
                let store = app.store.environment_for(claims.aud, actor);
                Ok(Principal::User(Box::new(authenticate_user(*claims, store, app).await?)))
            }
        }
    }
}

async fn authenticate_user(
    claims: UserClaims,
    store: EnvironmentStore,
    app: &AppState,
) -> ApiResult<UserAuth> {
    let caller = store.users().caller(claims.sub, claims.sid, &[&claims.tenant_id]).await?;
    let WithEnvironment { environment, value } = caller.ok_or(ApiError::Unauthenticated)?;
    let Caller { session: Some(session), user: Some(user), tenants } = value else {
        return Err(ApiError::Unauthenticated);
    };
    let now = app.now();
    let may_work = !tenants.is_empty() && user.reaches(&claims.tenant_id, now);
    if now >= session.ends_at() || user.locked.is_some() || !may_work {
        return Err(ApiError::Unauthenticated);
    }
    let (tenant_id, standing) = (claims.tenant_id, Arc::default());
    Ok(UserAuth { store, environment, user, session: session.into(), tenant_id, standing })
}

impl UserAuth {
    /// What counts of them in their tenant. It is read once for a request.
    ///
    /// # Errors
    /// The table fails.
    pub async fn standing(&self) -> ApiResult<&Standing> {
        let read = || standing_in(&self.store, &self.environment, &self.user, &self.tenant_id);
        Ok(self.standing.get_or_try_init(read).await?)
    }

    /// What they may do in their tenant.
    ///
    /// # Errors
    /// The table fails.
    pub async fn grants(&self) -> ApiResult<Grants> {
        Ok(self.standing().await?.grants())
    }

    /// Whether they may do what `P` permits.
    ///
    /// # Errors
    /// They may not, or the table fails.
    pub async fn require<P: Permission>(&self) -> ApiResult<()> {
        let Some(key) = P::KEY else { return Ok(()) };
        let enforced = self.environment.configuration.force_permissions && !self.user.super_user;
        if enforced && !self.grants().await?.allow(key) {
            return Err(ApiError::Forbidden(format!("the permission {key} is needed")));
        }
        Ok(())
    }
}

impl Principal {
    /// What bounds the roles that they may give and take.
    ///
    /// # Errors
    /// The table fails; a user without any role may give none.
    pub async fn authority(&self) -> ApiResult<Authority> {
        let grants = match self {
            Self::Vendor(_) => return Ok(Authority::Unbounded),
            Self::User(user) if user.user.super_user => return Ok(Authority::Unbounded),
            Self::User(user) => user.grants().await?,
        };
        match grants.strongest {
            Some(level) => Ok(Authority::Bounded { level, grants }),
            None => Err(ApiError::Forbidden(
                "somebody without a role can neither give one nor take one".to_owned(),
            )),
        }
    }

    /// The environment.
    ///
    /// # Errors
    /// It is gone, or the table fails.
    pub async fn environment(&self) -> ApiResult<Environment> {
        match self {
            Self::Vendor(vendor) => vendor.store.get().await?.ok_or(ApiError::Unauthenticated),
            Self::User(user) => Ok(user.environment.clone()),
        }
    }

    /// Whether `user` is there for them: one who is invisible is for nobody but vendors and themselves.
    #[must_use]
    pub fn sees(&self, user: &User) -> bool {
        let is_themselves = |caller: &UserAuth| caller.user.id == user.id;
        !user.invisible || self.user().is_none_or(is_themselves)
    }

    /// The user, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&UserAuth> {
        match self {
            Self::Vendor(_) => None,
            Self::User(user) => Some(user),
        }
    }
}

impl<P: Permission> FromRequestParts<AppState> for PermittedUser<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let user = UserAuth::from_request_parts(parts, app).await?;
        user.require::<P>().await?;
        Ok(Self { user, permission: PhantomData })
    }
}

impl<P: Permission> FromRequestParts<AppState> for ScopeAuth<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        Applicant::from_request_parts(parts, app).await?.admit().await
    }
}

impl<P: Permission> FromRequestParts<AppState> for Applicant<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let claims = Claims::read(parts, app)?;
        let tenant_id = match &claims {
            Claims::Vendor(_) => named_tenant(parts)?,
            Claims::User(claims) => Some(claims.tenant_id.clone()),
        };
        let actor = claims.actor(parts, app);
        let (store, app) = (app.store.environment_for(claims.vendor(), actor.clone()), app.clone());
        Ok(Self { store, tenant_id, claims, actor, app, permission: PhantomData })
    }
}

impl<P: Permission> Applicant<P> {
    /// Whether it is a vendor.
    #[must_use]
    pub fn is_vendor(&self) -> bool {
        matches!(self.claims, Claims::Vendor(_))
    }

    /// What to answer to a request that is wrong: `error`, if whoever sent it is let in; otherwise why they are not.
    pub async fn refuse(self, error: ApiError) -> ApiError {
        self.admit().await.err().unwrap_or(error)
    }

    /// Looks them up, and lets them in if they may do what they want.
    ///
    /// # Errors
    /// They are gone or may not, or the table fails.
    pub async fn admit(self) -> ApiResult<ScopeAuth<P>> {
        let Self { store, tenant_id, claims, actor, app, permission } = self;
        let principal = claims.look_up(actor, &app).await?;
        if let Principal::User(user) = &principal {
            user.require::<P>().await?;
        }
        Ok(ScopeAuth { store, tenant_id, principal, permission })
    }
}

impl<P: Permission> FromRequestParts<AppState> for TenantAuth<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let ScopeAuth { store, tenant_id, principal, .. } =
            ScopeAuth::<P>::from_request_parts(parts, app).await?;
        let tenant_id = tenant_id.ok_or_else(no_tenant)?;
        Ok(Self { store, tenant_id, principal, permission: PhantomData })
    }
}

/// The answer to a vendor who has to name a tenant, and did not.
fn no_tenant() -> ApiError {
    ApiError::Invalid("with a vendor token the header frontegg-tenant-id is needed".to_owned())
}

impl From<UserAuth> for ActingUser {
    fn from(user: UserAuth) -> Self {
        Self {
            store: user.store,
            environment: user.environment,
            user: user.user,
            tenant_id: Some(user.tenant_id),
            session: Some(user.session),
            by_vendor: false,
        }
    }
}

impl FromRequestParts<AppState> for ActingUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        match Principal::from_request_parts(parts, app).await? {
            Principal::User(user) => Ok((*user).into()),
            Principal::Vendor(vendor) => Self::on_behalf(vendor, parts).await,
        }
    }
}

impl ActingUser {
    /// The user that `vendor` names; in the tenant that they name, if they do.
    async fn on_behalf(vendor: VendorAuth, parts: &Parts) -> ApiResult<Self> {
        let id = named_user(&parts.headers)?;
        let found = vendor.store.users().snapshot(id).await?;
        let WithEnvironment { environment, value } = found.ok_or(ApiError::Unauthenticated)?;
        let user = value.ok_or(ApiError::NotFound("user"))?;
        let tenant_id = named_tenant(parts)?;
        if tenant_id.as_ref().is_some_and(|tenant| user.membership(tenant).is_none()) {
            return Err(ApiError::NotFound("user"));
        }
        let store = vendor.store;
        Ok(Self { store, environment, user, tenant_id, session: None, by_vendor: true })
    }
}

impl<P: Permission> FromRequestParts<AppState> for ActingMember<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let principal = Principal::from_request_parts(parts, app).await?;
        let acting = match &principal {
            Principal::User(user) => {
                user.require::<P>().await?;
                ActingUser::from(UserAuth::clone(user))
            }
            Principal::Vendor(vendor) => ActingUser::on_behalf(vendor.clone(), parts).await?,
        };
        let ActingUser { store, environment, user, tenant_id, .. } = acting;
        let tenant_id = tenant_id.ok_or_else(no_tenant)?;
        Ok(Self { store, environment, user, tenant_id, principal, permission: PhantomData })
    }
}

/// The token that a request carries. Older clients send it in a header of their own; when both are there, the standard
/// one counts.
fn presented_token(headers: &HeaderMap) -> Option<&str> {
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(token.trim());
        }
    }
    headers.get(ACCESS_TOKEN)?.to_str().ok()
}

fn named_tenant(parts: &Parts) -> ApiResult<Option<TenantId>> {
    let Some(value) = parts.headers.get(TENANT_ID) else {
        return Ok(None);
    };
    let tenant = value.to_str().ok().and_then(|text| text.parse().ok());
    let tenant = tenant
        .ok_or_else(|| ApiError::Invalid("the header frontegg-tenant-id holds no tenant id".to_owned()))?;
    observed::tenant(parts, &tenant);
    Ok(Some(tenant))
}

fn named_user(headers: &HeaderMap) -> ApiResult<UserId> {
    let value = headers.get(USER_ID).ok_or_else(|| {
        ApiError::Invalid("with a vendor token the header frontegg-user-id is needed".to_owned())
    })?;
    let user = value.to_str().ok().and_then(|text| text.parse().ok());
    user.ok_or_else(|| ApiError::Invalid("the header frontegg-user-id holds no user id".to_owned()))
}
