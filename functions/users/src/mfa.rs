//! One's own second factors.

use axum::Json;
use axum::http::StatusCode;
use rookery_domain::{Action, AuthenticatorId, RecoveryCode, SecondFactorError};
use rookery_http::auth::ActingUser;
use rookery_http::second_factor::{Enrolment, MfaDevices, count_try, demand_of, shown_by, step_of};
use rookery_http::{ApiError, ApiResult, Body, OptionalBody, Path, RateLimited, lockout};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an authenticator app scans.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnrolAuthenticatorResponse {
    /// A `data:` address of a PNG.
    qr_code: String,
}

/// The first code of an authenticator app.
#[derive(Deserialize, ToSchema)]
pub(crate) struct VerifyAuthenticatorRequest {
    /// The code that it shows.
    token: String,
}

/// What gets a user back in without their second factors.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryCodeResponse {
    /// It is shown once.
    recovery_code: String,
}

/// The code that shows that the user still has the second factor that they give up.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct DisableAuthenticatorRequest {
    /// The code that the authenticator app shows. A vendor may leave it out.
    token: Option<String>,
}

/// Lists a user's second factors, by kind.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/mfa/devices",
    tag = "users",
    operation_id = "UsersMfaControllerV1_getDevices",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses((status = OK, body = MfaDevices)),
)]
pub(crate) async fn devices(caller: ActingUser) -> ApiResult<Json<MfaDevices>> {
    let factors = caller.store.factors().get(caller.user.id).await?;
    Ok(Json((&*factors).into()))
}

/// Begins to enroll an authenticator app: it scans what the answer shows, and its first code makes it a second factor, for ten
/// minutes. One that waited for that before no longer does.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/mfa/authenticator/enroll",
    tag = "users",
    operation_id = "UsersMfaControllerV1_enrollAuthenticatorMfa",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses(
        (status = OK, body = EnrolAuthenticatorResponse),
        (status = BAD_REQUEST, description = "The user has as many as they may."),
    ),
)]
pub(crate) async fn enrol(
    app: RateLimited,
    caller: ActingUser,
) -> ApiResult<Json<EnrolAuthenticatorResponse>> {
    let ActingUser { store, environment, user, .. } = caller;
    let factors = store.factors();
    let (enrolment, read) = tokio::try_join!(Enrolment::new(&app, &environment, &user), async {
        Ok(factors.get(user.id).await?)
    })?;
    let now = app.now();
    let begun =
        factors.update(user.id, read, None, |factors| factors.begin_enrolment(enrolment.sealed.clone(), now));
    begun.await?;
    Ok(Json(EnrolAuthenticatorResponse { qr_code: enrolment.qr_code.to_string() }))
}

/// Begins to enroll an authenticator app, by another path.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/mfa/enroll",
    tag = "users",
    operation_id = "UsersMfaControllerV1_enrollAuthAppMfa",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses(
        (status = OK, body = EnrolAuthenticatorResponse),
        (status = BAD_REQUEST, description = "The user has as many as they may."),
    ),
)]
pub(crate) async fn enrol_by_older_path(
    app: RateLimited,
    caller: ActingUser,
) -> ApiResult<Json<EnrolAuthenticatorResponse>> {
    enrol(app, caller).await
}

/// Makes the authenticator app that waits for it a second factor, by its first code. The recovery code in the answer takes the
/// place of the one before, and devices that were remembered are forgotten.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/mfa/authenticator/enroll/verify",
    tag = "users",
    operation_id = "UsersMfaControllerV1_verifyAuthenticatorMfaEnrollment",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    request_body = VerifyAuthenticatorRequest,
    responses(
        (status = OK, body = RecoveryCodeResponse),
        (status = BAD_REQUEST, description = "No authenticator app waits."),
        (status = UNAUTHORIZED, description = "The code is wrong (ER-01011)."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn verify(
    app: RateLimited,
    caller: ActingUser,
    Body(request): Body<VerifyAuthenticatorRequest>,
) -> ApiResult<Json<RecoveryCodeResponse>> {
    let ActingUser { store, environment, user, .. } = caller;
    let (factors, now) = (store.factors(), app.now());
    let (read, ()) =
        tokio::try_join!(async { Ok(factors.get(user.id).await?) }, count_try(&app, &store, user.id))?;
    let sealed = read.pending(now).ok_or(SecondFactorError::NotPending)?;
    let step = step_of(&app, &environment, user.id, sealed, &request.token).await?;
    let step = step.ok_or(SecondFactorError::WrongCode)?;
    let recovery = RecoveryCode::random(&*app.entropy);
    let enrolled = factors.update_with_user(user.id, Action::SecondFactorEnrolled, None, |_, factors| {
        factors.finish_enrolment(sealed, step, &recovery, &*app.entropy, now)
    });
    enrolled.await?.ok_or(ApiError::NotFound("user"))?;
    Ok(Json(RecoveryCodeResponse { recovery_code: recovery.expose().to_string() }))
}

/// Makes the authenticator app that waits for it a second factor, by another path.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/mfa/enroll/verify",
    tag = "users",
    operation_id = "UsersMfaControllerV1_verifyAuthAppMfaEnrollment",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    request_body = VerifyAuthenticatorRequest,
    responses(
        (status = OK, body = RecoveryCodeResponse),
        (status = BAD_REQUEST, description = "No authenticator app waits."),
        (status = UNAUTHORIZED, description = "The code is wrong (ER-01011)."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn verify_by_older_path(
    app: RateLimited,
    caller: ActingUser,
    body: Body<VerifyAuthenticatorRequest>,
) -> ApiResult<Json<RecoveryCodeResponse>> {
    verify(app, caller, body).await
}

/// Gives an authenticator app up, with a code that it shows. The last one can be given up only where nobody asks for a second
/// factor.
///
/// A vendor needs no code. Devices that were remembered are forgotten.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/mfa/authenticator/{deviceId}/disable/verify",
    tag = "users",
    operation_id = "UsersMfaControllerV1_disableAuthenticatorMfa",
    security(("vendor" = []), ("user" = [])),
    params(
        ("deviceId" = uuid::Uuid, Path),
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
    ),
    request_body = Option<DisableAuthenticatorRequest>,
    responses(
        (status = OK),
        (status = BAD_REQUEST, description = "They have none (ER-01097), or it is the last, and one is asked for."),
        (status = UNAUTHORIZED, description = "The code is wrong (ER-01011)."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn disable(
    app: RateLimited,
    caller: ActingUser,
    Path(id): Path<AuthenticatorId>,
    OptionalBody(request): OptionalBody<DisableAuthenticatorRequest>,
) -> ApiResult<StatusCode> {
    give_up(&app, caller, Some(id), request.token).await
}

/// Gives the only authenticator app up, with a code that it shows, by an older path; of several, the one that shows the code.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/mfa/disable",
    tag = "users",
    operation_id = "UsersMfaControllerV1_disableAuthAppMfa",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    request_body = Option<DisableAuthenticatorRequest>,
    responses(
        (status = OK),
        (status = BAD_REQUEST, description = "They have none (ER-01097), or it is the last, and one is asked for."),
        (status = UNAUTHORIZED, description = "The code is wrong (ER-01011)."),
        (status = TOO_MANY_REQUESTS),
    ),
)]
pub(crate) async fn disable_by_older_path(
    app: RateLimited,
    caller: ActingUser,
    OptionalBody(request): OptionalBody<DisableAuthenticatorRequest>,
) -> ApiResult<StatusCode> {
    give_up(&app, caller, None, request.token).await
}

/// Gives up the authenticator app `only`, or the one that shows `code`.
async fn give_up(
    app: &RateLimited,
    caller: ActingUser,
    only: Option<AuthenticatorId>,
    code: Option<String>,
) -> ApiResult<StatusCode> {
    let ActingUser { store, environment, user, by_vendor, .. } = caller;
    let factors = store.factors();
    let (read, demand) = tokio::try_join!(async { Ok(factors.get(user.id).await?) }, async {
        demand_of(&store, &environment, &user, &[]).await
    })?;
    let known = read.authenticators();
    if !read.is_enrolled() || only.is_some_and(|only| known.iter().all(|known| known.id != only)) {
        return Err(SecondFactorError::NotEnrolled.into());
    }
    let shown = match code {
        Some(code) => {
            count_try(app, &store, user.id).await?;
            let found = shown_by(app, &environment, user.id, &read, only, &code).await?;
            let Some((id, step)) = found else {
                lockout::count_wrong_second_factor(app, &store, &environment, &user).await?;
                return Err(SecondFactorError::WrongCode.into());
            };
            (id, Some(step))
        }
        None if by_vendor => (only.unwrap_or(known[0].id), None),
        None => return Err(ApiError::Invalid("token is needed: the code that the app shows".to_owned())),
    };
    let (id, step) = shown;
    let disabled = factors.update_with_user(user.id, Action::SecondFactorDisabled, None, |user, factors| {
        if demand.forces() && !user.mfa_bypass && factors.authenticators().len() == 1 {
            return Err(SecondFactorError::Last);
        }
        if let Some(step) = step {
            factors.take_step(id, step)?;
        }
        factors.remove(id);
        Ok(())
    });
    disabled.await?.ok_or(ApiError::NotFound("user"))?;
    Ok(StatusCode::OK)
}
