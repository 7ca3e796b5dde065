//! Second factors, as a vendor takes them away from somebody who has lost them.

use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{Action, UserId};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, AppState, Path};

/// Takes all second factors of a user away, in every tenant. Their sessions end; whoever has none keeps theirs.
#[utoipa::path(
    post,
    path = "/identity/resources/vendor-only/users/v1/{userId}/mfa/unenroll",
    tag = "vendor-only",
    operation_id = "VendorOnlyUsers_MFAUnenroll",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn unenrol(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<UserId>,
) -> ApiResult<StatusCode> {
    let store = vendor.store;
    let factors = store.factors();
    let unenrolled = factors.update_with_user(id, Action::SecondFactorUnenrolled, None, |user, factors| {
        if factors.is_enrolled() {
            user.void_sessions();
        }
        factors.clear();
        Ok(())
    });
    let user = unenrolled.await?.ok_or(ApiError::NotFound("user"))?;
    app.defer(async move {
        // They are void already: this keeps lists of sessions short.
        Ok(store.sessions().end_all(user.id, None, |session| !session.is_of(&user)).await?)
    });
    Ok(StatusCode::OK)
}
