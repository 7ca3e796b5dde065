//! The refresh cookie.

use axum::http::header::{COOKIE, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};
use rookery_domain::{CookieSameSite, Environment, RefreshToken, VendorId};

use crate::{ApiError, ApiResult};

/// The refresh token that a request carries, if it carries one that can be read.
///
/// Clients spell the environment's id in the cookie's name with its dashes, without the first, or without any.
#[must_use]
pub fn refresh_token(headers: &HeaderMap, vendor: VendorId) -> Option<RefreshToken> {
    let id = vendor.to_string();
    let names = [id.replacen('-', "", 1), id.replace('-', ""), id].map(|id| format!("fe_refresh_{id}"));
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut named = pairs.filter(|cookie| names.iter().any(|name| name == cookie.name()));
    // A browser may hold several, of different domains or older spellings: one that cannot be read hides no other.
    named.find_map(|cookie| cookie.value().parse().ok())
}

/// Refuses a request that a page of a foreign origin made: browsers add the cookie whoever wrote the page. Programs that
/// are no browsers send no `Origin`.
///
/// # Errors
/// The environment does not trust the origin.
pub fn require_trusted_origin(headers: &HeaderMap, environment: &Environment) -> ApiResult<()> {
    let trusted = |origin: &HeaderValue| origin.to_str().is_ok_and(|text| environment.trusts_origin(text));
    if headers.get(ORIGIN).is_none_or(trusted) {
        return Ok(());
    }
    Err(ApiError::Forbidden(
        "pages of this origin may not use the session: add it to the allowed origins".to_owned(),
    ))
}

/// The `Set-Cookie` header that hands out `token` for `seconds`.
#[must_use]
pub fn set_refresh_token(
    environment: &Environment,
    token: &RefreshToken,
    seconds: i64,
) -> Option<HeaderValue> {
    let mut cookie = refresh_cookie(environment, token.expose().to_string());
    cookie.set_max_age(cookie::time::Duration::seconds(seconds));
    let mut header = HeaderValue::try_from(cookie.to_string()).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The `Set-Cookie` header that takes the token back.
#[must_use]
pub fn clear_refresh_token(environment: &Environment) -> Option<HeaderValue> {
    let mut cookie = refresh_cookie(environment, String::new());
    cookie.set_max_age(cookie::time::Duration::ZERO);
    cookie.set_expires(cookie::time::OffsetDateTime::UNIX_EPOCH);
    HeaderValue::try_from(cookie.to_string()).ok()
}

fn refresh_cookie(environment: &Environment, value: String) -> Cookie<'static> {
    let name = format!("fe_refresh_{}", environment.id.to_string().replacen('-', "", 1));
    // Browsers keep no `Secure` cookie of a plain HTTP site, which only a local server is.
    let secure = environment.base_url.starts_with("https://");
    let same_site = match environment.configuration.cookie_same_site {
        CookieSameSite::Strict => SameSite::Strict,
        CookieSameSite::None if secure => SameSite::None,
        // Nor do they keep one for every site that is not `Secure`.
        CookieSameSite::Lax | CookieSameSite::None => SameSite::Lax,
    };
    Cookie::build((name, value)).path("/").http_only(true).secure(secure).same_site(same_site).build()
}
