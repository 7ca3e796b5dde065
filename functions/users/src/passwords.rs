//! Changing one's password, and what is asked of a new one.

use axum::Json;
use axum::http::StatusCode;
use rookery_domain::{Action, Password, PasswordPolicy, User, UserId};
use rookery_http::auth::ActingUser;
use rookery_http::lockout;
use rookery_http::password_policy::PasswordConfiguration;
use rookery_http::policies::tenants_of;
use rookery_http::{ApiError, ApiResult, Body, HostEnvironment, Query, RateLimited, no_environment};
use rookery_store::{EnvironmentStore, Login, NewPassword};
use rookery_tokens::Verdict;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::password_history::Setting;

/// Whose password it is.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct WhosePassword {
    /// The user. Somebody who is unknown is asked what everybody is.
    #[param(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
}

/// Gets what is asked of a user's new password: the strictest of what the environment and their tenants ask, value by value.
///
/// Without a user, it is what the environment asks of everybody.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/passwords/config",
    tag = "users",
    operation_id = "UsersPasswordControllerV1_getUserPasswordConfig",
    params(
        WhosePassword,
        ("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called."),
    ),
    responses((status = OK, body = PasswordConfiguration)),
)]
pub(crate) async fn configuration(
    HostEnvironment(store): HostEnvironment,
    Query(whose): Query<WhosePassword>,
) -> ApiResult<Json<PasswordConfiguration>> {
    let (environment, user) = match whose.user_id {
        Some(id) => {
            let found = store.users().get_with_environment(id).await?.ok_or_else(no_environment)?;
            (found.environment, found.value)
        }
        None => (store.get().await?.ok_or_else(no_environment)?, None),
    };
    let tenants = match &user {
        Some(user) => tenants_of(&store, user).await?,
        None => Vec::new(),
    };
    let own = tenants.into_iter().filter_map(|tenant| tenant.policies.password);
    let floor = environment.policies.password_policy();
    Ok(Json(own.fold(floor, |together: PasswordPolicy, own| together.and(&own)).into()))
}

/// The password that a user has, and the one to have.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangePasswordRequest {
    /// The password that they have.
    #[schema(value_type = String)]
    password: Password,
    /// The password to sign in with from now on.
    #[schema(value_type = String)]
    new_password: Password,
}

/// Changes a user's password. Their sessions end, but for the one that the request comes from.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/passwords/change",
    tag = "users",
    operation_id = "UsersPasswordControllerV1_changePassword",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    request_body = ChangePasswordRequest,
    responses((status = CREATED), (status = BAD_REQUEST)),
)]
pub(crate) async fn change(
    app: RateLimited,
    caller: ActingUser,
    Body(request): Body<ChangePasswordRequest>,
) -> ApiResult<StatusCode> {
    let ActingUser { store, environment, user, session, .. } = caller;
    let (login, there) = tokio::try_join!(login_of(&store, &user), tenants_of(&store, &user))?;
    environment
        .policies
        .check_password(&request.new_password, there.iter().map(|tenant| &tenant.policies))?;
    if request.new_password.expose() == request.password.expose() {
        return Err(ApiError::Invalid("newPassword must be another than password".to_owned()));
    }
    let hash = login.as_ref().and_then(|login| login.password_hash.clone());
    if app.verify_password(hash, request.password).await? == Verdict::Wrong {
        lockout::count_wrong_password(&app, &store, &environment, Some(&user)).await?;
        return Err(ApiError::Invalid("password is not the one that the user has".to_owned()));
    }
    let setting = Setting {
        app: &app,
        store: &store,
        environment: &environment,
        user: user.id,
        tenants: &there,
        login,
    };
    let history = setting.require_unused(&request.new_password).await?;
    let hash = String::from(app.passwords().hash(request.new_password).await?);
    let keeping = session.map(|session| session.id);
    let password = NewPassword { hash: &hash, keeping, history: history.as_ref() };
    let generation = user.credential_generation;
    let (id, users) = (user.id, store.users());
    let updated = users.update_with_password(user, Action::PasswordChanged, password, |user| {
        // The password that was shown may have changed since, or one guess too many has locked them.
        match user.credential_generation == generation && user.locked.is_none() {
            true => Ok(()),
            false => Err(ApiError::Invalid("password is not the one that the user has".to_owned())),
        }
    });
    let user = updated.await?.ok_or(ApiError::NotFound("user"))?;
    // They are void already: this keeps lists of sessions short.
    app.defer(async move { Ok(store.sessions().end_all(id, None, |session| !session.is_of(&user)).await?) });
    Ok(StatusCode::CREATED)
}

/// What `user` signs in with, if their address is still what they were read with.
pub(crate) async fn login_of(store: &EnvironmentStore, user: &User) -> ApiResult<Option<Login>> {
    let found = store.users().login(&user.email).await?.and_then(|found| found.value);
    Ok(found.filter(|login| login.is_of(user)))
}
