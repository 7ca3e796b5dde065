//! New users, as requests describe them.

use std::sync::Arc;

use rookery_domain::{
    BoundedObject, Catalog, EmailAddress, Environment, Json, Membership, MembershipStatus, Metadata,
    Password, PhoneNumber, PictureAddress, Provider, RoleId, Tenant, TenantId, Timestamp, User, UserId,
    WholeNumber, bounded,
};
use rookery_store::{Admission, EnvironmentStore, NewTenantError, NewUser, NewUserError, UpdateError};

use crate::members::{and_roles, distinct_roles};
use crate::{ApiError, ApiResult, AppState, RateLimited};

/// The longest name of a user, in characters.
pub const LONGEST_NAME: usize = 255;

/// The shortest time that a membership can be limited to, in seconds.
const SHORTEST_EXPIRATION: i64 = 300;

/// What the template of one mail may show besides: at most 4 KiB of JSON.
pub type EmailMetadata = BoundedObject<4_096>;

/// What a request may say of a new user.
#[expect(missing_docs, reason = "the names are the API's own and say all there is to say")]
pub struct NewcomerRequest {
    pub email: EmailAddress,
    pub name: Option<String>,
    pub profile_picture_url: Option<PictureAddress>,
    pub phone_number: Option<PhoneNumber>,
    pub password: Option<Password>,
    pub provider: Option<Provider>,
    pub metadata: Option<Json>,
    pub role_ids: Option<Vec<RoleId>>,
    pub expiration_in_seconds: Option<WholeNumber>,
}

/// A new user who could be made.
pub struct Newcomer {
    /// Their e-mail address.
    pub email: EmailAddress,
    /// The roles they are to have; when none are named, those for new members.
    pub role_ids: Vec<RoleId>,
    name: Option<String>,
    profile_picture_url: Option<String>,
    phone_number: Option<PhoneNumber>,
    password: Option<Password>,
    provider: Provider,
    metadata: Metadata,
    expires_at: Option<Timestamp>,
}

impl NewcomerRequest {
    /// The newcomer, if all that is said of them can be kept.
    ///
    /// # Errors
    /// A value is too long or out of bounds.
    pub fn check(self, now: Timestamp) -> ApiResult<Newcomer> {
        let expiration = self.expiration_in_seconds.map(i64::from);
        if expiration.is_some_and(|seconds| seconds < SHORTEST_EXPIRATION) {
            return Err(ApiError::Invalid(format!(
                "expirationInSeconds must be at least {SHORTEST_EXPIRATION}"
            )));
        }
        let name = self.name.map(|name| bounded("name", name, LONGEST_NAME)).transpose()?;
        let profile_picture_url = self.profile_picture_url.map(String::from);
        let metadata = self.metadata.map(Metadata::of_user).transpose()?.unwrap_or_default();
        metadata.require_room_in_token(name.as_deref(), profile_picture_url.as_deref())?;
        Ok(Newcomer {
            email: self.email,
            role_ids: distinct_roles(self.role_ids.unwrap_or_default())?,
            name,
            profile_picture_url,
            phone_number: self.phone_number,
            password: self.password,
            provider: self.provider.unwrap_or_default(),
            metadata,
            expires_at: expiration.map(|seconds| now.plus_seconds(seconds)),
        })
    }
}

impl Newcomer {
    /// Their place in `tenant`, of which they are the first member if `is_first`.
    #[must_use]
    pub fn membership(
        &self,
        entrance: &Entrance,
        is_first: bool,
        status: MembershipStatus,
        now: Timestamp,
    ) -> Membership {
        let tenant = entrance.tenant.tenant_id.clone();
        let role_ids = self.roles(entrance, is_first);
        Membership { expires_at: self.expires_at, ..Membership::new(tenant, role_ids, status, now) }
    }

    /// The roles that they get in the tenant, of which they are the first member if `is_first`.
    #[must_use]
    pub fn roles(&self, entrance: &Entrance, is_first: bool) -> Vec<RoleId> {
        match self.role_ids.as_slice() {
            [] => entrance.catalog.roles_for_new_member(&entrance.tenant.tenant_id, is_first),
            named => named.to_vec(),
        }
    }

    /// The user that they become, with this one membership.
    #[must_use]
    pub fn user(&self, id: UserId, membership: Membership, now: Timestamp) -> User {
        User {
            name: self.name.clone(),
            profile_picture_url: self.profile_picture_url.clone(),
            phone_number: self.phone_number.clone(),
            provider: self.provider,
            metadata: self.metadata.clone(),
            active_tenant: Some(membership.tenant_id.clone()),
            memberships: vec![membership],
            ..User::new(id, self.email.clone(), now)
        }
    }
}

/// What somebody finds on entering a tenant: the tenant, its roles, and whether they are known already.
pub struct Entrance {
    /// The environment.
    pub environment: Environment,
    /// The tenant.
    pub tenant: Tenant,
    /// The roles and permissions in the tenant.
    pub catalog: Arc<Catalog>,
    /// The user who has the e-mail address.
    pub user: Option<UserId>,
    admission: Admission,
}

impl Entrance {
    /// What whoever has `email` finds on entering `tenant`. Where tenants are not validated, one that is not there is
    /// made.
    ///
    /// # Errors
    /// The tenant is not there or still being removed, or the table fails.
    pub async fn read(
        app: &AppState,
        store: &EnvironmentStore,
        email: &EmailAddress,
        tenant: &TenantId,
    ) -> ApiResult<Self> {
        let (users, catalog) = (store.users(), store.catalog());
        let read =
            || async { tokio::try_join!(users.admission(email, tenant), catalog.roles_of_tenant(tenant)) };
        let (mut admission, own) = read().await?;
        if admission.as_ref().is_some_and(|admission| {
            admission.tenant.is_none() && admission.environment.configuration.skip_tenant_validation
        }) {
            ensure_tenant(app, store, tenant).await?;
            admission = read().await?.0;
        }
        let admission = admission.ok_or(ApiError::Unauthenticated)?;
        let catalog = and_roles(store.catalog().load(&admission.environment).await?, own);
        Ok(Self {
            environment: admission.environment.clone(),
            tenant: admission.tenant.clone().ok_or(ApiError::NotFound("tenant"))?,
            catalog,
            user: admission.user,
            admission,
        })
    }

    /// Makes `newcomer` a user, in this tenant; `None` when somebody has their e-mail address. `finish` adds what only
    /// some newcomers have.
    ///
    /// # Errors
    /// The password is not good enough, the tenant was removed, or the table or the hash fails.
    pub async fn create(
        &self,
        app: &RateLimited,
        store: &EnvironmentStore,
        newcomer: &Newcomer,
        status: &MembershipStatus,
        finish: impl Fn(&mut User),
    ) -> ApiResult<Option<User>> {
        if let Some(password) = &newcomer.password {
            self.environment.policies.check_password(password, [&self.tenant.policies])?;
        }
        let password_hash = match &newcomer.password {
            Some(password) => Some(app.passwords().hash(password.clone()).await?.into()),
            None => None,
        };
        let (id, now) = (UserId::random(&*app.entropy), app.now());
        let make = |is_first| {
            let membership = newcomer.membership(self, is_first, status.clone(), now);
            let mut user = newcomer.user(id, membership, now);
            finish(&mut user);
            NewUser { user, password_hash: password_hash.clone() }
        };
        let tenant = &self.tenant.tenant_id;
        match store.users().create_in(tenant, self.admission.clone(), make).await {
            Ok(user) => Ok(Some(user)),
            Err(UpdateError::Refused(NewUserError::EmailTaken)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Makes the tenant `id`, unless it is there.
///
/// # Errors
/// One with this id is still being removed, or the table fails.
pub async fn ensure_tenant(app: &AppState, store: &EnvironmentStore, id: &TenantId) -> ApiResult<()> {
    let tenant = Tenant::new(id.clone(), &*app.entropy, app.now());
    match store.tenants().create(&tenant).await {
        Ok(()) | Err(NewTenantError::Exists) => Ok(()),
        Err(
            error @ (NewTenantError::BeingRemoved
            | NewTenantError::NoParent
            | NewTenantError::TooDeep
            | NewTenantError::Store(_)),
        ) => Err(error.into()),
    }
}
