//! Links for vendors to hand out themselves.

use axum::extract::State;
use rookery_domain::{Action, OneTimeToken, PlainToken, TemplateKind, User, UserId};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, AppState, Created, Path, mails};
use rookery_store::WithEnvironment;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::updating::read;

/// A link that works once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkResponse {
    /// The address to open.
    link: String,
    /// The token in it.
    token: String,
    user_id: Uuid,
}

impl LinkResponse {
    pub(crate) fn new(link: Url, token: &PlainToken, user: UserId) -> Self {
        Self { link: link.into(), token: token.expose().to_owned(), user_id: user.as_uuid() }
    }
}

/// Makes the link by which a user activates the account, and sends no mail. Earlier links no longer work.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/links/generate-activation-token",
    tag = "users",
    operation_id = "UsersControllerV1_generateUserActivationLink",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    responses((status = CREATED, body = LinkResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn generate_activation(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<UserId>,
) -> ApiResult<Created<LinkResponse>> {
    let WithEnvironment { environment, value: user } = read(&vendor, id).await?;
    let (token, kept) = OneTimeToken::issue(&*app.entropy, app.now());
    let users = vendor.store.users();
    let updated = users.update_from(user, Action::ActivationLinkIssued, |user: &mut User| {
        if !user.awaits_activation() {
            return Err(ApiError::Invalid("the user is activated already, or locked".to_owned()));
        }
        user.activation = Some(kept.clone());
        Ok(())
    });
    updated.await?.ok_or(ApiError::NotFound("user"))?;
    let link = mails::url(&vendor.store, &environment, TemplateKind::ActivateUser, id, &token).await?;
    Ok(Created(LinkResponse::new(link, &token, id)))
}
