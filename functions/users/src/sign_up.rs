//! Signing up: to a tenant of one's own, or to that of an invitation link.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rookery_domain::{
    Authority, Catalog, EmailAddress, Environment, Json as FreeJson, JsonObject, LiveTenant, Membership,
    MembershipStatus, OneTimeToken, Password, PhoneNumber, PictureAddress, PlainToken, Provider, RoleId,
    Tenant, TenantId, Timestamp, User, UserId, required,
};
use rookery_http::auth::AnyoneOrVendor;
use rookery_http::cookies::TrustedOrigin;
use rookery_http::invites;
use rookery_http::mails::Mailing;
use rookery_http::members::{and_roles, require_grantable};
use rookery_http::newcomers::{EmailMetadata, LONGEST_NAME, Newcomer, NewcomerRequest};
use rookery_http::session::AuthenticationResponse;
use rookery_http::sign_in::{Proof, SignIn};
use rookery_http::{ApiError, ApiResult, Body, ClientInfo, Created, Device, RateLimited, no_environment};
use rookery_store::{
    Admission, EnvironmentStore, InviteSnapshot, InvitedError, NewUser, NewUserError, Registration,
    UpdateError,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::activation;

/// Who signs up, and what for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignUpRequest {
    /// The address to sign in with; unique in the environment.
    #[schema(value_type = String)]
    email: EmailAddress,
    /// How they come: `local`, unless a vendor says otherwise.
    #[schema(value_type = Option<String>)]
    provider: Option<Provider>,
    /// The name of their new tenant, 1 to 255 characters. With an invitation it may be left out: no tenant is made.
    company_name: Option<String>,
    /// The password to sign in with. It is needed where people are signed in at once. Where they activate the account first, they
    /// set one then, and this one is not kept: whoever has the mailbox is to be who signs in.
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
    /// At most 255 characters.
    name: Option<String>,
    /// An http, https or data:image/ address; at most 4095 characters.
    #[schema(value_type = Option<String>)]
    profile_picture_url: Option<PictureAddress>,
    /// `+`, and 7 to 15 digits; there may be dashes between them.
    #[schema(value_type = Option<String>)]
    phone_number: Option<PhoneNumber>,
    /// A JSON object, or a string that holds one; at most 4096 bytes.
    #[schema(value_type = Option<String>)]
    metadata: Option<FreeJson>,
    /// The roles to give, with a vendor's token only; otherwise those for the first user of a tenant, or those of the invitation.
    #[schema(value_type = Option<Vec<String>>)]
    role_ids: Option<Vec<RoleId>>,
    /// The token of an invitation link: they join its tenant.
    invitation_token: Option<String>,
    /// Whether no mail is sent; with a vendor's token only.
    skip_invite_email: Option<bool>,
    /// What the mail's template may show besides; at most 4096 bytes of JSON.
    #[schema(value_type = Option<Object>)]
    email_metadata: Option<EmailMetadata>,
    /// It is taken, as clients send it, and not looked at: there is no captcha.
    #[expect(dead_code, reason = "it is a part of the API")]
    recaptcha_token: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignUpResponse {
    /// Whether the account is to be activated from a mail first.
    should_activate: bool,
    /// The user; made up for an address that has an account.
    user_id: Uuid,
    /// Their tenant; made up too.
    tenant_id: String,
    /// The tokens of whoever is signed in with that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    auth_response: Option<AuthenticationResponse>,
}

impl SignUpRequest {
    /// Whether somebody without a token may say all of this.
    fn require_permitted(&self, is_vendor: bool) -> ApiResult<()> {
        if is_vendor {
            return Ok(());
        }
        if self.role_ids.as_ref().is_some_and(|roles| !roles.is_empty()) {
            return Err(ApiError::Forbidden("only a vendor can give roles: leave roleIds out".to_owned()));
        }
        if self.skip_invite_email.unwrap_or_default() {
            return Err(ApiError::Forbidden(
                "only a vendor can leave the mail out: leave skipInviteEmail out".to_owned(),
            ));
        }
        match self.provider {
            None | Some(Provider::Local) => Ok(()),
            Some(_) => {
                Err(ApiError::Forbidden("only a vendor can set another provider than local".to_owned()))
            }
        }
    }

    /// The token of the link that they come by. Some clients send an empty one where there is none.
    fn invitation(&self) -> Option<PlainToken> {
        let token = self.invitation_token.as_ref().filter(|token| !token.is_empty());
        token.cloned().map(PlainToken::presented)
    }
}

/// Makes an account and a tenant for somebody, or an account in the tenant that invites them.
///
/// Where e-mail addresses are verified, they get a mail from which they activate the account, and the answer is the same when
/// somebody has the address: then nothing is made. Elsewhere they are signed in.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/signUp",
    tag = "users",
    operation_id = "UsersControllerV1_signUpUser",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = SignUpRequest,
    responses(
        (status = CREATED, body = SignUpResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN, description = "People cannot sign up here, the page's origin is not trusted, or only a vendor may say this."),
        (status = NOT_FOUND, description = "The invitation does not work."),
        (status = CONFLICT, description = "Somebody has the address, where addresses are not verified."),
    ),
)]
pub(crate) async fn sign_up(
    app: RateLimited,
    caller: AnyoneOrVendor,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<SignUpRequest>,
) -> ApiResult<Response> {
    request.require_permitted(caller.is_vendor)?;
    let destination = Destination::read(&app, &caller.store, &request).await?;
    let origin = TrustedOrigin::require(&headers, &destination.environment)?;
    let device = Device::of(&headers, caller.store.id(), &*app.entropy);
    let sign_up = SignUp::new(&app, &caller.store, destination, request)?;
    match sign_up.destination.environment.configuration.allow_not_verified_users_login {
        true => Box::pin(sign_up.sign_in(client, device, origin)).await,
        false => Ok(Box::pin(sign_up.ask_to_activate()).await?.into_response()),
    }
}

/// The tenant that somebody signs up to.
struct Destination {
    environment: Environment,
    tenant: Tenant,
    /// The roles and permissions in the tenant.
    catalog: Arc<Catalog>,
    way: Way,
}

/// How somebody comes to a tenant.
#[derive(Clone)]
enum Way {
    /// They make it.
    Founding(Box<Registration>),
    /// They were invited.
    Invited(Box<(InviteSnapshot, Admission)>),
}

impl Destination {
    async fn read(app: &RateLimited, store: &EnvironmentStore, request: &SignUpRequest) -> ApiResult<Self> {
        match request.invitation() {
            Some(token) => Self::of_invitation(app, store, &request.email, &token).await,
            None => Self::own(app, store, request.company_name.clone().unwrap_or_default()).await,
        }
    }

    /// A new tenant.
    async fn own(app: &RateLimited, store: &EnvironmentStore, name: String) -> ApiResult<Self> {
        let registration = store.users().registration().await?.ok_or_else(no_environment)?;
        let environment = registration.environment.clone();
        if !environment.configuration.allow_signups {
            return Err(ApiError::Forbidden(
                "people cannot sign up in this environment: allowSignups is switched off".to_owned(),
            ));
        }
        let name = required("companyName", name, LONGEST_NAME)?;
        let id = TenantId::random(&*app.entropy);
        let tenant = Tenant { name, ..Tenant::new(id, &*app.entropy, app.now()) };
        let catalog = store.catalog().load(&environment).await?;
        Ok(Self { environment, tenant, catalog, way: Way::Founding(Box::new(registration)) })
    }

    /// The tenant of the link with `token`, for whoever has `email`.
    async fn of_invitation(
        app: &RateLimited,
        store: &EnvironmentStore,
        email: &EmailAddress,
        token: &PlainToken,
    ) -> ApiResult<Self> {
        let invite = invites::find(app, store, token).await?;
        let (users, catalog) = (store.users(), store.catalog());
        let (admission, own) = tokio::try_join!(
            users.admission(email, &invite.tenant_id),
            catalog.roles_of_tenant(&invite.tenant_id),
        )?;
        let admission = admission.ok_or_else(no_environment)?;
        let environment = admission.environment.clone();
        invites::require_allowed(&environment).map_err(|_| invites::dead())?;
        let tenant = admission.tenant.clone().ok_or_else(invites::dead)?;
        let catalog = and_roles(catalog.load(&environment).await?, own);
        invites::require_giveable(store, &environment, &catalog, &invite).await?;
        Ok(Self { environment, tenant, catalog, way: Way::Invited(Box::new((invite, admission))) })
    }

    /// Whether whoever comes now is the first.
    fn is_empty(&self) -> bool {
        match &self.way {
            Way::Founding(_) => true,
            Way::Invited(invited) => invited.1.is_first_in(&self.tenant.tenant_id),
        }
    }

    /// The roles of whoever comes, as the first member if `is_first`, when none are named.
    fn roles(&self, is_first: bool) -> Vec<RoleId> {
        match &self.way {
            Way::Founding(_) => self.catalog.roles_for_new_member(&self.tenant.tenant_id, is_first),
            Way::Invited(invited) => invites::roles(&self.catalog, &invited.0, is_first),
        }
    }
}

/// Somebody who signs up.
struct SignUp<'a> {
    app: &'a RateLimited,
    store: &'a EnvironmentStore,
    destination: Destination,
    newcomer: Newcomer,
    password: Option<Password>,
    with_mail: bool,
    email_metadata: JsonObject,
    id: UserId,
    now: Timestamp,
}

impl<'a> SignUp<'a> {
    fn new(
        app: &'a RateLimited,
        store: &'a EnvironmentStore,
        destination: Destination,
        request: SignUpRequest,
    ) -> ApiResult<Self> {
        let (id, now) = (UserId::random(&*app.entropy), app.now());
        let newcomer = NewcomerRequest {
            email: request.email,
            name: request.name,
            profile_picture_url: request.profile_picture_url,
            phone_number: request.phone_number,
            password: None,
            provider: request.provider,
            metadata: request.metadata,
            role_ids: request.role_ids,
            expiration_in_seconds: None,
        };
        let newcomer = newcomer.check(now)?;
        let (Destination { environment, tenant, catalog, .. }, roles) = (&destination, &newcomer.role_ids);
        require_grantable(catalog, &tenant.tenant_id, roles, &Authority::Unbounded)?;
        if let Some(password) = &request.password {
            environment.policies.check_password(password, [&tenant.policies])?;
        }
        Ok(Self {
            password: request.password,
            with_mail: !request.skip_invite_email.unwrap_or_default(),
            email_metadata: request.email_metadata.unwrap_or_default().into(),
            app,
            store,
            destination,
            newcomer,
            id,
            now,
        })
    }

    /// The user, as the first member of the tenant if `is_first`.
    fn user(&self, is_first: bool, status: MembershipStatus) -> User {
        let role_ids = match self.newcomer.role_ids.as_slice() {
            [] => self.destination.roles(is_first),
            named => named.to_vec(),
        };
        let tenant = self.destination.tenant.tenant_id.clone();
        self.newcomer.user(self.id, Membership::new(tenant, role_ids, status, self.now), self.now)
    }

    /// Writes the user whom `make` makes, and their tenant if it is new; `None` when somebody has the address. Nobody looks before
    /// whether somebody has: for every address as much is done.
    async fn write(&self, make: impl Fn(bool) -> NewUser) -> ApiResult<Option<User>> {
        let (users, tenant) = (self.store.users(), &self.destination.tenant);
        let written = match self.destination.way.clone() {
            Way::Founding(registration) => {
                let new = make(true);
                let registered = users.register(*registration, tenant, &new).await;
                registered.map(|()| new.user).map_err(|error| match error {
                    UpdateError::Refused(error) => UpdateError::Refused(error.into()),
                    UpdateError::Store(error) => UpdateError::Store(error),
                })
            }
            Way::Invited(invited) => {
                let (invite, admission) = *invited;
                users.create_invited(invite, admission, self.now, make).await
            }
        };
        let user = match written {
            Err(UpdateError::Refused(InvitedError::NewUser(NewUserError::EmailTaken))) => return Ok(None),
            written => written?,
        };
        if let Way::Invited(invited) = &self.destination.way {
            let environment = &self.destination.environment;
            invites::tell_inviter(self.app, self.store, environment, tenant, &invited.0, &user);
        }
        Ok(Some(user))
    }

    /// Makes an account that waits to be activated, and mails its owner.
    async fn ask_to_activate(self) -> ApiResult<Created<SignUpResponse>> {
        let (token, kept) = OneTimeToken::issue(&*self.app.entropy, self.now);
        let made = self.write(|is_first| {
            let user = self.user(is_first, MembershipStatus::NotActivated);
            NewUser { user: User { activation: Some(kept.clone()), ..user }, password_hash: None }
        });
        let made = made.await?;
        let answer = self.answer(None);
        match made {
            Some(user) if self.with_mail => self.mail(user, token),
            // Somebody has the address: they get the link again, if they wait for it.
            None if self.with_mail => self.mail_again(),
            Some(_) | None => {}
        }
        Ok(Created(answer))
    }

    /// Makes an account with a password, and signs its owner in.
    async fn sign_in(self, client: ClientInfo, device: Device, origin: TrustedOrigin) -> ApiResult<Response> {
        let (app, store, environment) = (self.app, self.store, self.destination.environment.clone());
        let sign_in = SignIn::new(app, store, environment, client, device, Proof::SignUp)?;
        let password = self.password.clone().ok_or_else(|| {
            ApiError::Invalid("password is needed: people are signed in when they sign up".to_owned())
        })?;
        let Tenant { tenant_id, policies, .. } = &self.destination.tenant;
        let there = [LiveTenant { id: tenant_id.clone(), policies: policies.clone() }];
        let unproven =
            |is_first| User { password_unproven: true, ..self.user(is_first, MembershipStatus::Activated) };
        let user = unproven(self.destination.is_empty());
        // Before the account is made: nobody is left with one that they cannot make again, and no tokens.
        let (hash, prepared) = tokio::try_join!(
            async { Ok::<_, ApiError>(String::from(app.passwords().hash(password).await?)) },
            async { Ok(sign_in.prepare(user, std::convert::identity, &there).await?) },
        )?;
        let made =
            self.write(|is_first| NewUser { user: unproven(is_first), password_hash: Some(hash.clone()) });
        let user = made.await?.ok_or(NewUserError::EmailTaken)?;
        let (headers, tokens) = prepared.keep(app, store, &user).await?.into_parts(origin);
        Ok((StatusCode::CREATED, headers, Json(self.answer(Some(tokens)))).into_response())
    }

    fn answer(&self, auth_response: Option<AuthenticationResponse>) -> SignUpResponse {
        SignUpResponse {
            should_activate: auth_response.is_none(),
            user_id: self.id.as_uuid(),
            tenant_id: self.destination.tenant.tenant_id.to_string(),
            auth_response,
        }
    }

    /// Mails whoever has the address another link that activates the account, if they wait for it, after the answer.
    fn mail_again(self) {
        let (app, store, email) = (self.app.clone(), self.store.clone(), self.newcomer.email);
        let (environment, email_metadata) = (self.destination.environment, self.email_metadata);
        self.app.defer(async move {
            let login = store.users().login(&email).await?.and_then(|found| found.value);
            match login {
                Some(login) => {
                    activation::mail_again(app, store, environment, login.user_id, email_metadata).await
                }
                None => Ok(()),
            }
        });
    }

    /// Mails `user` the link that activates the account, after the answer.
    fn mail(self, user: User, token: PlainToken) {
        let (app, store) = (self.app.clone(), self.store.clone());
        let (Destination { environment, tenant, .. }, email_metadata) =
            (self.destination, self.email_metadata);
        self.app.defer(async move {
            let mailing = Mailing {
                app: &app,
                store: &store,
                environment: &environment,
                tenant: Some(&tenant),
                email_metadata,
            };
            // That it was not sent has been logged.
            mailing.activation(&user, &token).await.ok();
            Ok(())
        });
    }
}
