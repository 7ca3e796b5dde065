//! The second step of a sign-in: showing a second factor, or enrolling one where it is asked for.

use std::convert::identity;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rookery_domain::{
    Action, AuthenticatorId, EmailAddress, Environment, LiveTenant, PlainToken, RecoveryCode, Sealed,
    SecondFactorError, SecondFactors, TokenHash, User, UserId,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::second_factor::{Enrolment, count_try, demand_of, shown_by, step_of};
use rookery_http::session::AuthenticationResponse;
use rookery_http::sign_in::{Entered, Proof, SignIn, SignInError, SignInRefusal};
use rookery_http::{
    ApiError, ApiResult, AppState, Body, ClientInfo, Created, Device, HostEnvironment, Path, RateLimited,
    lockout, no_environment,
};
use rookery_store::{EnvironmentStore, FactorsSnapshot, Subject, UpdateError, WaitingChallenge};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A code, and the sign-in that waits for it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifyCodeRequest {
    /// The code that the authenticator app shows.
    value: String,
    /// What the sign-in answered.
    mfa_token: String,
    /// Whether not to ask for it again on this device for a while, where that is allowed.
    remember_device: Option<bool>,
}

/// The first code of an authenticator app, and the sign-in that waits for it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifyEnrolmentRequest {
    /// The code that the authenticator app shows.
    token: String,
    /// What the sign-in answered.
    mfa_token: String,
    /// Whether not to ask for it again on this device for a while, where that is allowed.
    remember_device: Option<bool>,
}

/// A sign-in that waits.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnrolRequest {
    /// What the sign-in answered.
    mfa_token: String,
}

/// What an authenticator app scans.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnrolResponse {
    /// A `data:` address of a PNG.
    qr_code: String,
}

/// Who has lost their second factors.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoverRequest {
    /// Their e-mail address.
    #[schema(value_type = String)]
    email: EmailAddress,
    /// What they were shown when they enrolled the latest.
    recovery_code: String,
}

/// What is shown for a sign-in.
struct Shown {
    code: String,
    remember: bool,
    /// The one authenticator app that may have shown it, if that matters.
    only: Option<AuthenticatorId>,
    enrols: bool,
}

/// A request for a sign-in that waits.
struct Step<'a> {
    app: &'a RateLimited,
    store: &'a EnvironmentStore,
    environment: Environment,
    origin: TrustedOrigin,
    device: TokenHash,
    challenge: WaitingChallenge,
    user: User,
    factors: FactorsSnapshot,
    there: Vec<LiveTenant>,
}

impl<'a> Step<'a> {
    /// Reads the sign-in that `token` names. With `tries`, a code is tried for it by that.
    async fn read(
        app: &'a RateLimited,
        store: &'a EnvironmentStore,
        client: ClientInfo,
        headers: &HeaderMap,
        token: String,
        tries: bool,
    ) -> ApiResult<(Self, SignIn<'a>)> {
        let (hash, challenges) = (PlainToken::presented(token).hash(), store.challenges());
        let (environment, challenge) = tokio::try_join!(store.get(), async {
            if tries { challenges.try_one(&hash).await } else { challenges.get(&hash).await }
        })?;
        let environment = environment.ok_or_else(no_environment)?;
        let origin = TrustedOrigin::require(headers, &environment)?;
        let device = Device::of(headers, environment.id, &*app.entropy);
        let (on, now) = (device.hash(), app.now());
        let sign_in = SignIn::new(app, store, environment.clone(), client, device, Proof::SecondFactor);
        let sign_in = sign_in.map_err(ApiError::from)?;
        let Some(challenge) = challenge.filter(|challenge| challenge.waits_on(&on, now)) else {
            return Err(no_challenge(sign_in, Subject::environment()).await);
        };
        let invitation = challenge.invitation.as_ref().map(|link| link.plain().clone());
        let sign_in = sign_in.by_invitation(invitation);
        let (id, likely_tenant) = (challenge.user_id, Vec::from_iter(&challenge.likely_tenant));
        let factors = store.factors();
        let (read, ()) = tokio::try_join!(
            async { Ok(factors.with_user(id, &likely_tenant).await?) },
            count_try(app, store, id)
        )?;
        let (user, factors, there) = read;
        let Some(user) = user.filter(|user| challenge.is_of(user)) else {
            return Err(no_challenge(sign_in, Subject::environment()).await);
        };
        Ok((Self { app, store, environment, origin, device: on, challenge, user, factors, there }, sign_in))
    }

    /// Signs in whoever has shown the right code.
    async fn complete(self, sign_in: SignIn<'a>, shown: Shown) -> ApiResult<Response> {
        let origin = self.origin;
        let entered = match self.challenge.enrolment.clone() {
            Some(secret) if !self.user.mfa_enrolled && shown.only.is_none() => {
                Box::pin(self.enrol(sign_in, &secret, &shown)).await
            }
            _ if shown.enrols => Err(SignInRefusal::from(SecondFactorError::AlreadyEnrolled).into()),
            _ => Box::pin(self.show(sign_in, &shown)).await,
        };
        Ok(entered?.respond(StatusCode::CREATED, origin))
    }

    /// Signs in whose authenticator app shows the code.
    async fn show(self, sign_in: SignIn<'a>, shown: &Shown) -> Result<Entered, SignInError> {
        let Self { app, store, environment, user, .. } = &self;
        let found = shown_by(app, environment, user.id, &self.factors, shown.only, &shown.code).await?;
        let Some((id, step)) = found else {
            let refusal = SecondFactorError::WrongCode.into();
            let (counted, refused) = tokio::join!(
                lockout::count_wrong_second_factor(app, store, environment, user),
                sign_in.refuse(refusal, Subject::user(user))
            );
            counted?;
            return Err(refused);
        };
        let remembered = self.remembered_seconds(shown).await?;
        let prepared = sign_in.prepare(user.clone(), identity, &self.there).await?;
        let (factors, now) = (store.factors(), app.now());
        let taken = factors.update(user.id, self.factors.clone(), Some(&self.challenge), |factors| {
            factors.take_step(id, step)?;
            self.remember(factors, remembered, now);
            Ok(())
        });
        self.accepted(taken.await).await?;
        Ok(prepared.keep(app, store, user).await?)
    }

    /// Enrols the authenticator app with the secret `sealed`, which shows the code, and signs its owner in.
    async fn enrol(
        self,
        sign_in: SignIn<'a>,
        sealed: &Sealed,
        shown: &Shown,
    ) -> Result<Entered, SignInError> {
        let Self { app, store, environment, user, challenge, .. } = &self;
        let Some(step) = step_of(app, environment, user.id, sealed, &shown.code).await? else {
            return Err(sign_in.refuse(SecondFactorError::WrongCode.into(), Subject::user(user)).await);
        };
        let remembered = self.remembered_seconds(shown).await?;
        let prepared = sign_in.prepare(user.clone(), identity, &self.there).await?;
        let (recovery, now) = (RecoveryCode::random(&*app.entropy), app.now());
        let (factors, action) = (store.factors(), Action::SecondFactorEnrolled);
        let enrolled = factors.update_with_user(user.id, action, Some(challenge), |user, factors| {
            if !challenge.is_of(user) || factors.is_enrolled() {
                return Err(SecondFactorError::NoChallenge);
            }
            factors.enrol(sealed.clone(), step, &recovery, &*app.entropy, now)?;
            self.remember(factors, remembered, now);
            Ok(())
        });
        self.accepted(enrolled.await).await?;
        Ok(prepared.keep(app, store, user).await?.shown(recovery))
    }

    /// What was written, or why it was refused, which is recorded.
    async fn accepted<T>(
        &self,
        written: Result<T, UpdateError<SecondFactorError>>,
    ) -> Result<T, SignInError> {
        match written {
            Ok(written) => Ok(written),
            Err(UpdateError::Store(error)) => Err(error.into()),
            Err(UpdateError::Refused(refused)) => {
                let whom = Subject::user(&self.user).with("reason", &refused);
                self.store.record(Action::SignInRefused, whom).await?;
                Err(SignInRefusal::from(refused).into())
            }
        }
    }

    /// For how many seconds the device is to be remembered, if that is wanted and all policies allow it.
    async fn remembered_seconds(&self, shown: &Shown) -> ApiResult<Option<i64>> {
        if !shown.remember {
            return Ok(None);
        }
        let demand = demand_of(self.store, &self.environment, &self.user, &self.there).await?;
        Ok(demand.remembering.map(|(_, seconds)| seconds))
    }

    fn remember(&self, factors: &mut SecondFactors, seconds: Option<i64>, now: rookery_domain::Timestamp) {
        if let Some(seconds) = seconds {
            factors.remember(self.device.clone(), &self.user, seconds, now);
        }
    }
}

async fn no_challenge(sign_in: SignIn<'_>, whom: Subject) -> ApiError {
    sign_in.refuse(SecondFactorError::NoChallenge.into(), whom).await.into()
}

/// Completes a sign-in with the code of an authenticator app; where one has to be enrolled, with its first code.
///
/// The sign-in waits for ten minutes, on the device that it began on, and takes five codes. Each code works once. Second factors
/// of a user may be tried ten times a minute.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user/mfa/verify",
    tag = "authentication",
    operation_id = "AuthenticationMFAControllerV1_verifyAuthenticatorMfaCode",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = VerifyCodeRequest,
    responses(
        (status = CREATED, body = AuthenticationResponse),
        (status = UNAUTHORIZED, description = "Wrong or used (ER-01011), or nothing waits."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn verify(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<VerifyCodeRequest>,
) -> ApiResult<Response> {
    let (step, sign_in) = Step::read(&app, &store, client, &headers, request.mfa_token, true).await?;
    let remember = request.remember_device.unwrap_or_default();
    step.complete(sign_in, Shown { code: request.value, remember, only: None, enrols: false }).await
}

/// Completes a sign-in with the code of one authenticator app, as the sign-in names it.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user/mfa/authenticator/{deviceId}/verify",
    tag = "authentication",
    operation_id = "AuthenticationMFAControllerV1_verifyAuthenticatorMfa",
    params(
        ("deviceId" = Uuid, Path),
        ("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called."),
    ),
    request_body = VerifyCodeRequest,
    responses(
        (status = CREATED, body = AuthenticationResponse),
        (status = UNAUTHORIZED, description = "Wrong or used (ER-01011), or nothing waits."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn verify_one(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Path(id): Path<AuthenticatorId>,
    Body(request): Body<VerifyCodeRequest>,
) -> ApiResult<Response> {
    let (step, sign_in) = Step::read(&app, &store, client, &headers, request.mfa_token, true).await?;
    let remember = request.remember_device.unwrap_or_default();
    step.complete(sign_in, Shown { code: request.value, remember, only: Some(id), enrols: false }).await
}

/// Begins to enroll an authenticator app, where a sign-in waits for that. The one that it was to be before no longer is.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user/mfa/authenticator/enroll",
    tag = "authentication",
    operation_id = "AuthenticationMFAControllerV1_preEnrollAuthenticatorMfa",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = EnrolRequest,
    responses(
        (status = CREATED, body = EnrolResponse),
        (status = BAD_REQUEST, description = "The user has a second factor."),
        (status = UNAUTHORIZED, description = "Nothing waits."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn enrol(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<EnrolRequest>,
) -> ApiResult<Created<EnrolResponse>> {
    let (step, _) = Step::read(&app, &store, client, &headers, request.mfa_token, false).await?;
    if step.challenge.enrolment.is_none() || step.user.mfa_enrolled {
        return Err(SecondFactorError::AlreadyEnrolled.into());
    }
    let enrolment = Enrolment::new(&app, &step.environment, &step.user).await?;
    match store.challenges().replace_enrolment(step.challenge, enrolment.sealed).await? {
        true => Ok(Created(EnrolResponse { qr_code: enrolment.qr_code.to_string() })),
        false => Err(SecondFactorError::NoChallenge.into()),
    }
}

/// Enrolls an authenticator app by its first code, and completes the sign-in that waits for that. The answer has the recovery
/// code, which is shown once.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user/mfa/authenticator/enroll/verify",
    tag = "authentication",
    operation_id = "AuthenticationMFAControllerV1_enrollAuthenticatorMfa",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = VerifyEnrolmentRequest,
    responses(
        (status = CREATED, body = AuthenticationResponse),
        (status = BAD_REQUEST, description = "The user has a second factor."),
        (status = UNAUTHORIZED, description = "Wrong (ER-01011), or nothing waits."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn verify_enrolment(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<VerifyEnrolmentRequest>,
) -> ApiResult<Response> {
    let (step, sign_in) = Step::read(&app, &store, client, &headers, request.mfa_token, true).await?;
    let remember = request.remember_device.unwrap_or_default();
    step.complete(sign_in, Shown { code: request.token, remember, only: None, enrols: true }).await
}

/// Gives up all second factors of a user who has lost them, by the recovery code. It works once, and all sessions end.
///
/// Nobody is signed in: what the user signs in with is needed still. An unknown address is answered like a wrong code.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user/mfa/recover",
    tag = "authentication",
    operation_id = "AuthenticationMFAControllerV1_recoverMfa",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = RecoverRequest,
    responses(
        (status = OK),
        (status = BAD_REQUEST),
        (status = UNAUTHORIZED, description = "The code or the address is wrong (ER-01011)."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn recover(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<RecoverRequest>,
) -> ApiResult<StatusCode> {
    let found = store.users().login(&request.email).await?.ok_or_else(no_environment)?;
    let login = found.value.map(|login| login.user_id);
    let address = of_address(&found.environment, &request.email);
    count_try(&app, &store, address).await?;
    let (id, factors) = (login.unwrap_or(address), store.factors());
    let code = RecoveryCode::presented(&request.recovery_code);
    let recovered = factors.update_with_user(id, Action::SecondFactorRecovered, None, |user, factors| {
        if !factors.recovers(&code) {
            return Err(SecondFactorError::WrongCode);
        }
        factors.clear();
        user.void_sessions();
        Ok(())
    });
    let recovered = match recovered.await {
        Ok(recovered) => recovered,
        Err(UpdateError::Refused(_)) => None,
        Err(UpdateError::Store(error)) => return Err(error.into()),
    };
    let Some(user) = recovered else {
        store.record(Action::SignInRefused, refused_recovery(login)).await?;
        return Err(SecondFactorError::WrongCode.into());
    };
    end_sessions(&app, store, user);
    Ok(StatusCode::OK)
}

/// What an address is counted by, whoever's it is and whether anybody's: so the limit of tries tells nobody whose addresses are
/// known, and nobody who knows an address uses up the tries of its owner to show a second factor.
fn of_address(environment: &Environment, email: &EmailAddress) -> UserId {
    Uuid::new_v5(&environment.id.as_uuid(), email.to_string().as_bytes()).into()
}

fn refused_recovery(user: Option<UserId>) -> Subject {
    let subject = Subject::environment().with("reason", &SecondFactorError::WrongCode);
    match user {
        Some(user) => subject.with("userId", &user),
        None => subject,
    }
}

/// Ends the sessions of `user`, which are void already: this keeps lists of sessions short.
fn end_sessions(app: &AppState, store: EnvironmentStore, user: User) {
    app.defer(
        async move { Ok(store.sessions().end_all(user.id, None, |session| !session.is_of(&user)).await?) },
    );
}

#[cfg(test)]
mod tests;
