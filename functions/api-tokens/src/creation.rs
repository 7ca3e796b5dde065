//! What the creation of any API token asks.

use rookery_domain::{
    ApiToken, Environment, Json, MachineToMachineAuthStrategy, Metadata, Timestamp, WholeNumber, bounded,
};
use rookery_http::{ApiError, ApiResult};

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 1_000;

/// Whether API tokens can be made in `environment`.
///
/// # Errors
/// They are switched off, or machines sign in otherwise.
pub(crate) fn require_enabled(environment: &Environment) -> ApiResult<()> {
    let configuration = &environment.configuration;
    if !configuration.api_tokens_enabled {
        // Clients compare this text.
        return Err(ApiError::Forbidden("Api tokens are disabled".to_owned()));
    }
    match configuration.machine_to_machine_auth_strategy {
        MachineToMachineAuthStrategy::ClientCredentials => Ok(()),
        MachineToMachineAuthStrategy::AccessToken => Err(ApiError::Forbidden(
            "this environment's machines sign in with access tokens, not with API tokens".to_owned(),
        )),
    }
}

/// What whoever makes a token says of it.
pub(crate) struct Details {
    pub(crate) description: Option<String>,
    pub(crate) metadata: Option<Json>,
    pub(crate) expires_in_minutes: Option<WholeNumber>,
}

impl Details {
    /// `token`, of which this is said.
    ///
    /// # Errors
    /// Something is too long, or is none of what it can be.
    pub(crate) fn describe(self, token: ApiToken, now: Timestamp) -> ApiResult<ApiToken> {
        Ok(ApiToken {
            description: self.description.map(description).transpose()?,
            metadata: self.metadata.map(Metadata::of_api_token).transpose()?.unwrap_or_default(),
            expires_at: self.expires_in_minutes.map(|minutes| end(minutes.into(), now)).transpose()?,
            ..token
        })
    }
}

/// `text`, if it is no longer than a description can be.
///
/// # Errors
/// It is.
pub(crate) fn description(text: String) -> ApiResult<String> {
    Ok(bounded("description", text, LONGEST_DESCRIPTION)?)
}

fn end(minutes: i64, now: Timestamp) -> ApiResult<Timestamp> {
    if !(1..=ApiToken::MAX_MINUTES).contains(&minutes) {
        return Err(ApiError::Invalid(format!(
            "expiresInMinutes must be from 1 to {}",
            ApiToken::MAX_MINUTES
        )));
    }
    Ok(now.plus_seconds(minutes * 60))
}
