//! Inviting people to a tenant.

use rookery_domain::{
    Action, EmailAddress, Json, JsonObject, MembershipStatus, OneTimeToken, Password, PhoneNumber,
    PictureAddress, PlainToken, Provider, RoleId, User, UserId, WholeNumber,
};
use rookery_http::auth::{TenantAuth, WriteUsers};
use rookery_http::mails::Mailing;
use rookery_http::members::{require_grantable, show};
use rookery_http::newcomers::{EmailMetadata, Entrance, Newcomer, NewcomerRequest};
use rookery_http::wire::UserResponse;
use rookery_http::{ApiError, ApiResult, Body, Created, RateLimited};
use rookery_store::Addition;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::renewal::{Mails, Renewed};
use crate::scope::viewer;

/// Whom to invite, and how.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUserRequest {
    /// The address to sign in with; unique in the environment.
    #[schema(value_type = String)]
    email: EmailAddress,
    /// At most 255 characters.
    name: Option<String>,
    /// An http, https or data:image/ address; at most 4095 characters.
    #[schema(value_type = Option<String>)]
    profile_picture_url: Option<PictureAddress>,
    /// `+`, and 7 to 15 digits; there may be dashes between them.
    #[schema(value_type = Option<String>)]
    phone_number: Option<PhoneNumber>,
    /// The password to sign in with; without one the user sets it. Only vendors can set one.
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
    /// How they come, such as `local`, the default, or `google`.
    #[schema(value_type = Option<String>)]
    provider: Option<Provider>,
    /// A JSON object, or a string that holds one; at most 4096 bytes.
    #[schema(value_type = Option<String>)]
    metadata: Option<Json>,
    /// The roles to give; when none are named, those for new members.
    #[schema(value_type = Option<Vec<String>>)]
    role_ids: Option<Vec<RoleId>>,
    /// Ends the membership after this many seconds, at least 300.
    #[schema(value_type = Option<i64>, minimum = 300)]
    expiration_in_seconds: Option<WholeNumber>,
    /// Whether they are added without a mail. With a user's token somebody who has an account is invited all the same, and
    /// joins when they accept.
    skip_invite_email: Option<bool>,
    /// What the mail's template may show besides; at most 4096 bytes of JSON.
    #[schema(value_type = Option<Object>)]
    email_metadata: Option<EmailMetadata>,
}

/// How often an invitation begins anew because the user came or went meanwhile.
const TRIES: usize = 5;

/// Invites somebody to a tenant.
///
/// A new e-mail address makes a user, who activates the account from a mail. A user of the environment gets a mail to
/// accept the invitation from, and is otherwise left as they are. Whoever has not accepted yet gets another mail.
///
/// Users can give only roles that are weaker than their own strongest, and invite nobody to stronger ones for new members.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v2",
    tag = "users",
    operation_id = "UsersControllerV2_createUser",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = CreateUserRequest,
    responses((status = CREATED, body = UserResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)),
)]
pub(crate) async fn create_v2(
    app: RateLimited,
    caller: TenantAuth<WriteUsers>,
    Body(request): Body<CreateUserRequest>,
) -> ApiResult<Created<UserResponse>> {
    let invitation = Invitation::new(&app, &caller, request)?;
    let (email, tenant) = (&invitation.newcomer.email, &caller.tenant_id);
    for _ in 0..TRIES {
        let entrance = Entrance::read(&app, &caller.store, email, tenant).await?;
        invitation.require_grantable(&entrance).await?;
        let invited = match entrance.user {
            None => invitation.make(&entrance).await?,
            Some(user) => invitation.add(&entrance, user).await?,
        };
        if let Some(user) = invited {
            let viewer = viewer(&caller.principal);
            let shown = show(&caller.store, &entrance.environment, &user, Some(tenant), viewer).await?;
            return Ok(Created(shown));
        }
    }
    Err(ApiError::Busy)
}

/// Invites somebody to a tenant, as version 2 does.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1",
    tag = "users",
    operation_id = "UsersControllerV1_createUser",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = CreateUserRequest,
    responses((status = CREATED, body = UserResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)),
)]
pub(crate) async fn create_v1(
    app: RateLimited,
    caller: TenantAuth<WriteUsers>,
    request: Body<CreateUserRequest>,
) -> ApiResult<Created<UserResponse>> {
    Box::pin(create_v2(app, caller, request)).await
}

/// An invitation to one tenant, under way.
struct Invitation<'a> {
    app: &'a RateLimited,
    caller: &'a TenantAuth<WriteUsers>,
    newcomer: Newcomer,
    with_mail: bool,
    email_metadata: JsonObject,
}

impl<'a> Invitation<'a> {
    fn new(
        app: &'a RateLimited,
        caller: &'a TenantAuth<WriteUsers>,
        request: CreateUserRequest,
    ) -> ApiResult<Self> {
        // Whoever knew the password of an account before its owner did would share it with them.
        if request.password.is_some() && caller.principal.user().is_some() {
            return Err(ApiError::Forbidden(
                "only a vendor can set a password: leave it out, and the user sets their own".to_owned(),
            ));
        }
        // It decides how somebody signs in, in every tenant of theirs.
        let is_local = request.provider.is_none_or(|provider| provider == Provider::Local);
        if !is_local && caller.principal.user().is_some() {
            return Err(ApiError::Forbidden("only a vendor can set another provider than local".to_owned()));
        }
        let newcomer = NewcomerRequest {
            email: request.email,
            name: request.name,
            profile_picture_url: request.profile_picture_url,
            phone_number: request.phone_number,
            password: request.password,
            provider: request.provider,
            metadata: request.metadata,
            role_ids: request.role_ids,
            expiration_in_seconds: request.expiration_in_seconds,
        };
        Ok(Self {
            app,
            caller,
            newcomer: newcomer.check(app.now())?,
            with_mail: !request.skip_invite_email.unwrap_or_default(),
            email_metadata: request.email_metadata.unwrap_or_default().into(),
        })
    }

    /// Whether the caller may give the roles that the newcomer is to have, be they named or those for new members.
    async fn require_grantable(&self, entrance: &Entrance) -> ApiResult<()> {
        let roles = self.newcomer.roles(entrance, false);
        if roles.is_empty() {
            return Ok(());
        }
        let authority = self.caller.principal.authority().await?;
        require_grantable(&entrance.catalog, &entrance.tenant.tenant_id, &roles, &authority)
    }

    /// Makes the user; `None` when somebody took the e-mail address meanwhile.
    async fn make(&self, entrance: &Entrance) -> ApiResult<Option<User>> {
        let (app, store) = (self.app, &self.caller.store);
        if !self.with_mail {
            let status = MembershipStatus::PendingLogin;
            return entrance.create(app, store, &self.newcomer, &status, |_| {}).await;
        }
        let (token, kept) = self.token();
        let status = MembershipStatus::NotActivated;
        let waits = |user: &mut User| user.activation = Some(kept.clone());
        let made = entrance.create(app, store, &self.newcomer, &status, waits).await?;
        if let Some(user) = &made {
            self.mailing(entrance).activation(user, &token).await.ok();
        }
        Ok(made)
    }

    /// Adds a user of the environment to the tenant; `None` when they were removed meanwhile.
    async fn add(&self, entrance: &Entrance, id: UserId) -> ApiResult<Option<User>> {
        let (token, kept) = self.token();
        // A colleague can invite somebody who has an account, and not join them without being asked.
        let status = match self.with_mail || self.caller.principal.user().is_some() {
            true => MembershipStatus::PendingInvitation(kept),
            false => MembershipStatus::PendingLogin,
        };
        let now = self.app.now();
        let membership = |is_first| self.newcomer.membership(entrance, is_first, status.clone(), now);
        let added = self.caller.store.users().admit(id, &entrance.tenant.tenant_id, membership).await?;
        match added {
            None => Ok(None),
            Some(Addition::Already(user)) => self.renew(entrance, user.id).await,
            Some(Addition::Added(user)) => {
                if self.with_mail {
                    self.mail_invitation(entrance, &user, &token).await;
                }
                Ok(Some(user))
            }
        }
    }

    /// Mails somebody who has not accepted yet another link or, without a mail, lets them in.
    async fn renew(&self, entrance: &Entrance, id: UserId) -> ApiResult<Option<User>> {
        let (app, tenant) = (self.app, &entrance.tenant.tenant_id);
        let mut renewed = Renewed::default();
        let users = self.caller.store.users();
        let updated = users.update(id, Action::InvitationLinkIssued, |user| {
            let sees = self.caller.principal.sees(user);
            let Some(membership) = user.membership_mut(tenant) else {
                return Err(ApiError::Busy);
            };
            if membership.has_joined() || !sees {
                return Err(ApiError::Conflict("the user is already a member of this tenant".to_owned()));
            }
            if self.with_mail {
                renewed = Renewed::of(user, std::slice::from_ref(tenant), &*app.entropy, app.now());
            } else if self.caller.principal.user().is_none() {
                membership.status = MembershipStatus::PendingLogin;
            }
            Ok(())
        });
        let user = updated.await?;
        if let Some(user) = &user {
            let tenants = std::slice::from_ref(&entrance.tenant);
            let (environment, issuer) = (&entrance.environment, &self.caller.principal);
            let mails = Mails { app, store: &self.caller.store, environment, issuer, tenants };
            mails.send(renewed, user, &self.email_metadata).await?;
        }
        Ok(user)
    }

    async fn mail_invitation(&self, entrance: &Entrance, user: &User, token: &PlainToken) {
        let issuer = self.caller.principal.user().map(|issuer| &*issuer.user);
        self.mailing(entrance).invitation(user, token, issuer).await.ok();
    }

    fn mailing<'m>(&'m self, entrance: &'m Entrance) -> Mailing<'m> {
        Mailing {
            app: self.app,
            store: &self.caller.store,
            environment: &entrance.environment,
            tenant: Some(&entrance.tenant),
            email_metadata: self.email_metadata.clone(),
        }
    }

    fn token(&self) -> (PlainToken, OneTimeToken) {
        OneTimeToken::issue(&*self.app.entropy, self.app.now())
    }
}
