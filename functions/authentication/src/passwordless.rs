//! Signing in without a password: by a link or a code that is mailed to whoever asks for it.
//!
//! Asking is answered alike for everybody, and so are wrong answers: neither tells whose address is known. What has to be done
//! for a user is done after the answer.

#[cfg(test)]
mod tests;

use rookery_domain::{Action, EmailAddress, Environment, JsonObject, TemplateKind, User, UserId};
use rookery_http::mails::{self, Mailing};
use rookery_http::sign_in::{Entered, Prepared, Proof};
use rookery_http::{ApiError, ApiResult, RateLimited, no_environment};
use rookery_store::{EnvironmentStore, WithEnvironment};
use serde::Deserialize;
use utoipa::ToSchema;

/// Who wants to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreloginRequest {
    /// Their e-mail address.
    #[schema(value_type = Option<String>)]
    email: Option<EmailAddress>,
    /// Their id, where there is no address.
    #[schema(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
    /// It is taken, as clients send it, and looked at when they sign in.
    #[expect(dead_code, reason = "it is a part of the API")]
    invitation_token: Option<String>,
}

/// What they were mailed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostloginRequest {
    /// The token of the link, or the code.
    pub(crate) token: String,
    /// The token of an invitation link, whose tenant they join with that.
    pub(crate) invitation_token: Option<String>,
}

impl PreloginRequest {
    /// Whom `request` names, if there is such a user, and the environment, if it signs users in with what mails of `kind` bring.
    pub(crate) async fn look_up(
        self,
        store: &EnvironmentStore,
        proof: Proof,
        kind: TemplateKind,
    ) -> ApiResult<WithEnvironment<Option<UserId>>> {
        let users = store.users();
        let found = match (self.email, self.user_id) {
            (Some(email), _) => users.login(&email).await?.map(|WithEnvironment { environment, value }| {
                WithEnvironment { environment, value: value.map(|login| login.user_id) }
            }),
            (None, Some(id)) => users.get_with_environment(id).await?.map(|found| WithEnvironment {
                environment: found.environment,
                value: found.value.map(|user| user.id),
            }),
            (None, None) => return Err(ApiError::Invalid("email or userId is needed".to_owned())),
        };
        let found = found.ok_or_else(no_environment)?;
        proof.require_allowed(&found.environment)?;
        match mails::are_sent(store, &found.environment, kind).await? {
            true => Ok(found),
            false => Err(ApiError::Invalid("this environment sends no such mails".to_owned())),
        }
    }
}

/// Somebody who gets a mail that signs them in.
pub(crate) struct Addressee<'a> {
    app: &'a RateLimited,
    store: &'a EnvironmentStore,
    environment: &'a Environment,
    pub(crate) user: User,
}

impl<'a> Addressee<'a> {
    /// The user `id`, unless they could not sign in anyway.
    pub(crate) async fn find(
        app: &'a RateLimited,
        store: &'a EnvironmentStore,
        environment: &'a Environment,
        id: UserId,
    ) -> ApiResult<Option<Self>> {
        let user = store.users().get(id).await?.filter(|user| user.locked.is_none());
        Ok(user.map(|user| Self { app, store, environment, user }))
    }

    /// When what is mailed now expires.
    pub(crate) fn expiry_seconds(&self) -> i64 {
        self.environment.configuration.default_passwordless_token_expiration
    }

    pub(crate) fn mailing(&self) -> Mailing<'_> {
        let Self { app, store, environment, .. } = self;
        Mailing { app, store, environment, tenant: None, email_metadata: JsonObject::new() }
    }
}

/// Begins the session, once what they showed is used up.
pub(crate) async fn begin(
    app: &RateLimited,
    store: &EnvironmentStore,
    prepared: Prepared,
    user: User,
) -> ApiResult<Entered> {
    let user = if verified(user.clone()) == user { user } else { note_verified(store, user).await? };
    prepared.keep(app, store, &user).await
}

/// Writes that the address of `user` is theirs, as a part of the sign-in. What voids their sessions meanwhile voids this one.
async fn note_verified(store: &EnvironmentStore, user: User) -> ApiResult<User> {
    let users = store.users();
    let noted = users.update(user.id, Action::UserVerified, |user| {
        *user = verified(user.clone());
        ApiResult::Ok(())
    });
    let session_generation = verified(user.clone()).session_generation;
    Ok(noted.await?.map_or(user, |noted| User { session_generation, ..noted }))
}

/// The user once their address is known to be theirs, in the tenants that waited for that.
pub(crate) fn verified(mut user: User) -> User {
    user.verify();
    user.note_first_sign_in(true);
    user
}
