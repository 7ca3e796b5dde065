//! Which environment a request without a token is for.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header::{HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use rookery_domain::VendorId;
use rookery_store::EnvironmentStore;

use crate::{ApiError, ApiResult, AppState, actor, observed};

/// Names the environment's host when a request comes by another.
const VENDOR_HOST: HeaderName = HeaderName::from_static("frontegg-vendor-host");

/// The environment that a request without a token is for: that of `frontegg-vendor-host`, or of the host it came to.
pub struct HostEnvironment(pub EnvironmentStore);

impl FromRequestParts<AppState> for HostEnvironment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        match environment_of(&parts.headers, app).await? {
            Some(vendor) => {
                observed::environment(parts, vendor);
                Ok(Self(app.store.environment_for(vendor, actor::anonymous(parts, app))))
            }
            None => Err(no_environment()),
        }
    }
}

/// The answer to a request that leads to no environment.
#[must_use]
pub fn no_environment() -> ApiError {
    ApiError::Invalid(
        "no environment has this host: name yours in the header frontegg-vendor-host".to_owned(),
    )
}

/// Which environment `headers` lead to.
pub(crate) async fn environment_of(headers: &HeaderMap, app: &AppState) -> ApiResult<Option<VendorId>> {
    let named = headers.get(VENDOR_HOST).or_else(|| headers.get(HOST));
    let Some(host) = named.and_then(|value| value.to_str().ok()).and_then(host_name) else {
        return Ok(None);
    };
    if let Some(vendor) = app.remembered_host(&host) {
        return Ok(Some(vendor));
    }
    let found = app.store.environments().find_by_host(&host).await?;
    if let Some(vendor) = found {
        app.remember_host(&host, vendor);
    }
    Ok(found)
}

/// The host name in a `Host` header or an URL: clients send either. Neither port nor case matter.
fn host_name(text: &str) -> Option<String> {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next()?;
    let without_port = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    let sensible = (1..=253).contains(&without_port.len());
    sensible.then(|| without_port.trim_end_matches('.').to_ascii_lowercase())
}

/// The address of the client, as the server that took the connection knows it. A header would be the client's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Where a sign-in comes from, for the list of sessions.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    /// The client's address.
    pub ip_address: Option<String>,
    /// The browser's name for itself, shortened.
    pub user_agent: Option<String>,
}

impl FromRequestParts<AppState> for ClientInfo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> ApiResult<Self> {
        Ok(Self::of(parts))
    }
}

impl ClientInfo {
    pub(crate) fn of(parts: &Parts) -> Self {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            ip_address: parts.extensions.get::<ClientAddress>().map(|address| address.0.to_string()),
            user_agent: agent.map(|agent| agent.chars().take(512).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_in_a_host_header_and_in_an_url() {
        for text in
            ["Auth.Example.com", "auth.example.com:8443", "https://auth.example.com/", "auth.example.com."]
        {
            assert_eq!(host_name(text).as_deref(), Some("auth.example.com"), "{text}");
        }
        assert_eq!(host_name("[::1]:3000").as_deref(), Some("[::1]"));
        assert_eq!(host_name(""), None);
        assert_eq!(host_name(&"x".repeat(300)), None);
    }
}
