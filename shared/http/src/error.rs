//! The one error, and how it is answered.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rookery_domain::{
    EmailAddressError, GroupColorError, IdentityConfigurationError, InvalidTenantId, InviteLifetimeError,
    LockoutPolicyError, MetadataError, MfaPolicyError, OneTimeTokenError, PasswordHistoryPolicyError,
    PasswordPolicyError, PasswordRejection, PhoneNumberError, RoleLevelError, SecondFactorError,
    SessionPolicyError, TextError,
};
use rookery_store::{
    CatalogWriteError, GroupError, InvitedError, JournalError, LinkError, ListError, NewApiTokenError,
    NewInviteError, NewTenantError, NewUserError, StoreError, UpdateError,
};
use rookery_tokens::{AccessToken, AuthenticatorSecretError, PasswordError, SealingError, SigningError};
use serde::Serialize;
use utoipa::ToSchema;

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// Why a request was not done. The text is for whoever made it, and says what to change.
///
/// Where nothing need be changed, and the same request may succeed a little later, the status is 503 and `Retry-After` says
/// after how many seconds. So it does with 429, which is for tries to show one user's second factor; whom to slow down otherwise is
/// decided by API Gateway, which answers that by itself.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// 400, with a code that clients act on.
    #[error("{1}")]
    Refused(ErrorCode, String),
    /// 401: there is no token.
    #[error("Unauthorized: a valid access token is needed")]
    NoToken,
    /// 401: the token is not good, or no longer.
    #[error("Unauthorized: a valid access token is needed")]
    Unauthenticated,
    /// 401: the sign-in failed.
    #[error("{1}")]
    SignInFailed(Option<ErrorCode>, String),
    /// 403: the token is good, and not for this.
    #[error("{0}")]
    Forbidden(String),
    /// 404: what the path names is not there, or belongs to somebody else.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// 404: no endpoint has this path.
    #[error("no endpoint has this path")]
    NoRoute,
    /// 404: the endpoint has a rate limit of its own, which this spelling of its path is not for.
    #[error("this endpoint has one spelling: leave out slashes that are doubled or at the end of its path")]
    OtherSpelling,
    /// 405: the path has no endpoint for this method.
    #[error("this path does not take this method")]
    MethodNotAllowed,
    /// 409: it is there already.
    #[error("{0}")]
    Conflict(String),
    /// 410: it was there, and works no longer.
    #[error("{0}")]
    Gone(String),
    /// 413: the body is too large.
    #[error("the request body is too large")]
    TooLarge,
    /// 415: the body is compressed.
    #[error("the request body must not be compressed: leave content-encoding out")]
    EncodedBody,
    /// 429: second factors of the user were tried too often of late; so many seconds from now they may be again.
    #[error("too many tries: wait a moment, then try again")]
    TooManyTries(u64),
    /// 503: it took too long, others were quicker too often, or no mail can be sent just now.
    #[error("the service is busy: try again in a moment")]
    Busy,
    /// 503: something that is needed is throttled or does not answer. The cause is logged and not shown.
    #[error("the service is busy: try again in a moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// 500: our fault. The cause is logged and not shown.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Codes that published clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// No such route or entity.
    NotFound,
    /// The token does not allow it, or lacks a tenant.
    Forbidden,
    /// The environment does not sign users in this way.
    AuthStrategy,
    /// The code is wrong.
    WrongCode,
    /// The link has expired.
    ExpiredLink,
    /// There is no such link, or it was used.
    UnknownLink,
    /// The link was asked for on another device.
    OtherDevice,
    /// The code has expired.
    ExpiredCode,
    /// The user is locked.
    UserLocked,
    /// The e-mail address is not verified; a mail is on its way.
    NotVerified,
    /// The user has no second factor.
    NotEnrolled,
    /// The user's access token would be longer than clients can send.
    TokenTooLarge,
}

impl ErrorCode {
    /// The code as clients compare it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "ER-00004",
            Self::Forbidden => "ER-00008",
            Self::WrongCode => "ER-01011",
            Self::AuthStrategy => "ER-01012",
            Self::ExpiredLink => "ER-01014",
            Self::UnknownLink => "ER-01015",
            Self::OtherDevice => "ER-01016",
            Self::ExpiredCode => "ER-01017",
            Self::UserLocked => "ER-01034",
            Self::NotVerified => "ER-01060",
            Self::NotEnrolled => "ER-01097",
            Self::TokenTooLarge => "ER-05001",
        }
    }
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// What went wrong, for a person to read.
    pub errors: Vec<String>,
    /// What went wrong, for a program to act on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'static str>,
}

impl ApiError {
    /// An internal error, whose cause is logged and not shown.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// An error that may pass, whose cause is logged and not shown.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Refused(..) => StatusCode::BAD_REQUEST,
            Self::NoToken | Self::Unauthenticated | Self::SignInFailed(..) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::NoRoute | Self::OtherSpelling => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Gone(_) => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::EncodedBody => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a 401 asks for (RFC 9110, section 11.6.1). Only of a token that was sent is it said that it is not good (RFC 6750,
    /// section 3.1). Browsers show no dialog for this scheme.
    fn challenge(&self) -> Option<&'static str> {
        match (self.status(), self) {
            (StatusCode::UNAUTHORIZED, Self::Unauthenticated) => {
                Some("Bearer realm=\"rookery\", error=\"invalid_token\"")
            }
            (StatusCode::UNAUTHORIZED, _) => Some("Bearer realm=\"rookery\""),
            _ => None,
        }
    }

    /// After how many seconds the same request may succeed.
    fn retry_after(&self) -> Option<u64> {
        match (self.status(), self) {
            (_, Self::TooManyTries(seconds)) => Some(*seconds),
            (StatusCode::SERVICE_UNAVAILABLE, _) => Some(1),
            _ => None,
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(code, _) => Some(*code),
            Self::SignInFailed(code, _) => *code,
            Self::Forbidden(_) => Some(ErrorCode::Forbidden),
            Self::NotFound(_) | Self::NoRoute | Self::OtherSpelling => Some(ErrorCode::NotFound),
            Self::Invalid(_)
            | Self::NoToken
            | Self::Unauthenticated
            | Self::MethodNotAllowed
            | Self::Conflict(_)
            | Self::Gone(_)
            | Self::TooLarge
            | Self::EncodedBody
            | Self::TooManyTries(_)
            | Self::Busy
            | Self::Unavailable(_)
            | Self::Internal(_) => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(cause = cause.as_ref(), "a request failed");
        } else if let Self::Unavailable(cause) = &self {
            tracing::warn!(cause = cause.as_ref(), "a request was put off");
        } else {
            tracing::debug!(status = self.status().as_u16(), "a request was refused");
        }
        let body =
            ErrorBody { errors: vec![self.to_string()], error_code: self.code().map(ErrorCode::as_str) };
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

macro_rules! invalid_from {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for ApiError {
            fn from(error: $error) -> Self {
                Self::Invalid(error.to_string())
            }
        }
    )*};
}

invalid_from!(
    EmailAddressError,
    GroupColorError,
    IdentityConfigurationError,
    InvalidTenantId,
    InviteLifetimeError,
    LinkError,
    MetadataError,
    OneTimeTokenError,
    LockoutPolicyError,
    MfaPolicyError,
    PasswordHistoryPolicyError,
    PasswordPolicyError,
    PasswordRejection,
    PhoneNumberError,
    RoleLevelError,
    SessionPolicyError,
    TextError,
);

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge { .. } => Self::Invalid(error.to_string()),
            StoreError::Throttled
            | StoreError::Contended
            | StoreError::Newer { .. }
            | StoreError::Unavailable { .. } => Self::unavailable(error),
            StoreError::Corrupt { .. } | StoreError::Refused { .. } => Self::internal(error),
        }
    }
}

impl<E: Into<Self>> From<UpdateError<E>> for ApiError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Refused(refused) => refused.into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<NewTenantError> for ApiError {
    fn from(error: NewTenantError) -> Self {
        match error {
            NewTenantError::Exists | NewTenantError::BeingRemoved => Self::Conflict(error.to_string()),
            NewTenantError::NoParent | NewTenantError::TooDeep => Self::Invalid(error.to_string()),
            NewTenantError::Store(error) => error.into(),
        }
    }
}

impl From<NewUserError> for ApiError {
    fn from(error: NewUserError) -> Self {
        match error {
            NewUserError::EmailTaken => Self::Conflict(error.to_string()),
            NewUserError::NoTenant(_) => Self::NotFound("tenant"),
            NewUserError::TooManyTenants => Self::Invalid(error.to_string()),
        }
    }
}

impl From<InvitedError> for ApiError {
    fn from(error: InvitedError) -> Self {
        match error {
            InvitedError::Gone => Self::NotFound("invitation"),
            InvitedError::NewUser(error) => error.into(),
        }
    }
}

impl From<NewInviteError> for ApiError {
    fn from(error: NewInviteError) -> Self {
        match error {
            NewInviteError::NoTenant(_) => Self::NotFound("tenant"),
            NewInviteError::TooMany => Self::Invalid(error.to_string()),
        }
    }
}

impl From<CatalogWriteError> for ApiError {
    fn from(error: CatalogWriteError) -> Self {
        match error {
            CatalogWriteError::RoleTaken
            | CatalogWriteError::PermissionTaken(_)
            | CatalogWriteError::CategoryTaken(_) => Self::Conflict(error.to_string()),
            CatalogWriteError::NoTenant(_) => Self::NotFound("tenant"),
        }
    }
}

impl From<NewApiTokenError> for ApiError {
    fn from(error: NewApiTokenError) -> Self {
        match error {
            NewApiTokenError::NoTenant => Self::NotFound("tenant"),
            NewApiTokenError::NoUser => Self::NotFound("user"),
            NewApiTokenError::TooMany(_) => Self::Invalid(error.to_string()),
        }
    }
}

impl From<GroupError> for ApiError {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::NoTenant => Self::NotFound("tenant"),
            GroupError::NoUser => Self::NotFound("user"),
            GroupError::NameTaken => Self::Conflict(error.to_string()),
            GroupError::TooMany | GroupError::TooManyGroups | GroupError::Full => {
                Self::Invalid(error.to_string())
            }
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::TooLong(_) => Self::Invalid(format!(
                "{error}: ask for less of it, without a filter and in its own order, or tenant by tenant"
            )),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::TooMany(_) => Self::Invalid(error.to_string()),
            JournalError::Store(error) => error.into(),
        }
    }
}

impl From<SigningError> for ApiError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::TooLarge => Self::Refused(
                ErrorCode::TokenTooLarge,
                format!(
                    "the access token would be longer than {} bytes: give the user fewer roles in this tenant or shorter \
                     metadata, or set addRolesToJwt to false",
                    AccessToken::MAX_BYTES
                ),
            ),
            SigningError::Throttled(_) | SigningError::Unavailable(_) => Self::unavailable(error),
            SigningError::Key(_) | SigningError::Claims(_) => Self::internal(error),
        }
    }
}

impl From<SealingError> for ApiError {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::Unavailable(_) => Self::unavailable(error),
            SealingError::Key(_) => Self::internal(error),
        }
    }
}

impl From<AuthenticatorSecretError> for ApiError {
    fn from(error: AuthenticatorSecretError) -> Self {
        Self::internal(error)
    }
}

impl From<SecondFactorError> for ApiError {
    fn from(error: SecondFactorError) -> Self {
        let message = error.to_string();
        match error {
            SecondFactorError::WrongCode => Self::SignInFailed(Some(ErrorCode::WrongCode), message),
            SecondFactorError::NoChallenge => Self::SignInFailed(None, message),
            SecondFactorError::NotEnrolled => Self::Refused(ErrorCode::NotEnrolled, message),
            SecondFactorError::NotPending
            | SecondFactorError::AlreadyEnrolled
            | SecondFactorError::TooMany
            | SecondFactorError::Last => Self::Invalid(message),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn answer(error: ApiError) -> String {
        let response = error.into_response();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body))
    }

    #[tokio::test]
    async fn every_error_has_its_status_and_body() {
        let errors = [
            ApiError::Invalid("name must not be empty".into()),
            ApiError::Refused(ErrorCode::AuthStrategy, "use another way to sign in".into()),
            ApiError::Unauthenticated,
            ApiError::SignInFailed(Some(ErrorCode::UserLocked), "the user is locked".into()),
            ApiError::Forbidden("fe.secure.read.users is needed".into()),
            ApiError::NotFound("tenant"),
            ApiError::NoRoute,
            ApiError::OtherSpelling,
            ApiError::MethodNotAllowed,
            ApiError::Conflict("Tenant already exists".into()),
            ApiError::Gone("the link was used".into()),
            ApiError::TooLarge,
            ApiError::EncodedBody,
            ApiError::TooManyTries(30),
            ApiError::Busy,
            ApiError::unavailable("the table's password is hunter2"),
            ApiError::internal("the database password is hunter2"),
        ];
        let mut answers = Vec::new();
        for error in errors {
            answers.push(answer(error).await);
        }
        insta::assert_snapshot!(answers.join("\n"), @r#"
        400 {"errors":["name must not be empty"]}
        400 {"errors":["use another way to sign in"],"errorCode":"ER-01012"}
        401 {"errors":["Unauthorized: a valid access token is needed"]}
        401 {"errors":["the user is locked"],"errorCode":"ER-01034"}
        403 {"errors":["fe.secure.read.users is needed"],"errorCode":"ER-00008"}
        404 {"errors":["tenant not found"],"errorCode":"ER-00004"}
        404 {"errors":["no endpoint has this path"],"errorCode":"ER-00004"}
        404 {"errors":["this endpoint has one spelling: leave out slashes that are doubled or at the end of its path"],"errorCode":"ER-00004"}
        405 {"errors":["this path does not take this method"]}
        409 {"errors":["Tenant already exists"]}
        410 {"errors":["the link was used"]}
        413 {"errors":["the request body is too large"]}
        415 {"errors":["the request body must not be compressed: leave content-encoding out"]}
        429 {"errors":["too many tries: wait a moment, then try again"]}
        503 {"errors":["the service is busy: try again in a moment"]}
        503 {"errors":["the service is busy: try again in a moment"]}
        500 {"errors":["internal error"]}
        "#);
    }

    #[test]
    fn a_401_says_what_it_takes() {
        let asked = |error: ApiError| {
            let response = error.into_response();
            response.headers().get(WWW_AUTHENTICATE).map(|header| header.to_str().unwrap().to_owned())
        };
        assert_eq!(asked(ApiError::NoToken).as_deref(), Some(r#"Bearer realm="rookery""#));
        assert_eq!(
            asked(ApiError::Unauthenticated).as_deref(),
            Some(r#"Bearer realm="rookery", error="invalid_token""#)
        );
        let wrong = ApiError::SignInFailed(None, "the email or the password is wrong".to_owned());
        assert_eq!(asked(wrong).as_deref(), Some(r#"Bearer realm="rookery""#));
        assert_eq!(asked(ApiError::Forbidden("no".to_owned())), None);
    }

    #[test]
    fn what_is_said_of_a_list_that_is_too_long_names_no_parameter_that_it_may_not_have() {
        let text = ApiError::from(ListError::TooLong(10_001)).to_string();
        assert!(text.contains("10001 entries") && !text.contains('_'), "{text}");
    }
}
