//! Cookies: of refresh tokens, and of devices.

use axum::http::header::{COOKIE, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};
use rookery_domain::{CookieSameSite, Environment, RefreshToken, VendorId};

use crate::{ApiError, ApiResult};

/// The name of the refresh cookie, before the environment's id.
const REFRESH: &str = "fe_refresh_";

/// How many refresh tokens of one request are looked at: each is read from the table.
const MOST_TOKENS: usize = 4;

/// The refresh tokens that a request carries, each once. A browser may hold several, of different domains or older spellings.
#[must_use]
pub fn refresh_tokens(headers: &HeaderMap, vendor: VendorId) -> Vec<RefreshToken> {
    let mut tokens: Vec<RefreshToken> = Vec::new();
    for token in values(headers, REFRESH, vendor).filter_map(|text| text.parse().ok()) {
        if !tokens.contains(&token) && tokens.len() < MOST_TOKENS {
            tokens.push(token);
        }
    }
    tokens
}

/// The values of the cookies whose names begin with `prefix`, and go on with the environment's id.
///
/// Clients spell the id with its dashes, without the first, or without any. A cookie is a sequence of octets (RFC 6265, section
/// 5.4), and those of other applications on the same site need not be text.
pub(crate) fn values<'h>(
    headers: &'h HeaderMap,
    prefix: &str,
    vendor: VendorId,
) -> impl Iterator<Item = String> + use<'h> {
    let id = vendor.to_string();
    let names = [id.replacen('-', "", 1), id.replace('-', ""), id].map(|id| format!("{prefix}{id}"));
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| {
        let mut parts = pair.trim_ascii().splitn(2, |byte| *byte == b'=');
        let (name, value) = (parts.next()?.trim_ascii(), parts.next()?.trim_ascii());
        let unquoted = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
        let is_ours = names.iter().any(|ours| ours.as_bytes() == name);
        std::str::from_utf8(unquoted).ok().filter(|_| is_ours).map(str::to_owned)
    })
}

/// That a request was not made by a page of a foreign origin. Setting the refresh cookie takes it, so that no page signs
/// its visitors in to somebody else's account, and nothing is done with a cookie that a browser added by itself.
#[derive(Clone, Copy, Debug)]
pub struct TrustedOrigin(());

impl TrustedOrigin {
    /// Requires that `headers` name no origin, or one that the environment trusts. Browsers name the page's origin, or `null`
    /// where they hide it; programs that are no browsers name none.
    ///
    /// # Errors
    /// The environment does not trust the origin.
    pub fn require(headers: &HeaderMap, environment: &Environment) -> ApiResult<Self> {
        let trusted =
            |origin: &HeaderValue| origin.to_str().is_ok_and(|text| environment.trusts_origin(text));
        if headers.get_all(ORIGIN).iter().all(trusted) {
            return Ok(Self(()));
        }
        Err(ApiError::Forbidden(
            "pages of this origin may not use sessions: add it to the allowed origins".to_owned(),
        ))
    }
}

/// The `Set-Cookie` header that hands out `token` for `seconds`.
#[must_use]
pub fn set_refresh_token(
    origin: TrustedOrigin,
    environment: &Environment,
    token: &RefreshToken,
    seconds: i64,
) -> Option<HeaderValue> {
    set(origin, environment, REFRESH, token.expose().to_string(), seconds)
}

/// The `Set-Cookie` header that takes the token back.
#[must_use]
pub fn clear_refresh_token(environment: &Environment) -> Option<HeaderValue> {
    let mut cookie = build(environment, REFRESH, String::new());
    cookie.set_max_age(cookie::time::Duration::ZERO);
    cookie.set_expires(cookie::time::OffsetDateTime::UNIX_EPOCH);
    HeaderValue::try_from(cookie.to_string()).ok()
}

/// The `Set-Cookie` header of a cookie whose name begins with `prefix`, and which is kept for `seconds`.
pub(crate) fn set(
    _origin: TrustedOrigin,
    environment: &Environment,
    prefix: &str,
    value: String,
    seconds: i64,
) -> Option<HeaderValue> {
    let mut cookie = build(environment, prefix, value);
    cookie.set_max_age(cookie::time::Duration::seconds(seconds));
    let mut header = HeaderValue::try_from(cookie.to_string()).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn build(environment: &Environment, prefix: &str, value: String) -> Cookie<'static> {
    let name = format!("{prefix}{}", environment.id.to_string().replacen('-', "", 1));
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

#[cfg(test)]
mod tests {
    use rookery_domain::{SeededEntropy, Session, SessionLimits, TenantId, Timestamp, UserId};

    use super::*;

    const VENDOR: &str = "11111111-2222-4333-8444-555555555555";

    fn tokens(count: u64) -> Vec<RefreshToken> {
        let of = |seed| {
            let entropy = SeededEntropy::new(seed);
            let (user, tenant) = (UserId::random(&entropy), TenantId::random(&entropy));
            let limits = SessionLimits::of_refresh_token(60, &tenant);
            Session::begin(&entropy, Timestamp::from_millis(0), (user, 0), tenant, &limits).0
        };
        (0..count).map(of).collect()
    }

    fn found(cookies: &[&[u8]]) -> Vec<RefreshToken> {
        let headers = cookies.iter().map(|value| (COOKIE, HeaderValue::from_bytes(value).unwrap()));
        refresh_tokens(&headers.collect(), VENDOR.parse().unwrap())
    }

    #[test]
    fn all_cookies_that_are_ours_are_found_beside_whatever_else_there_is() {
        let all = tokens(3);
        let [one, two, three] = [&all[0], &all[1], &all[2]].map(|token| token.expose().to_string());
        let ours = [VENDOR.replacen('-', "", 1), VENDOR.replace('-', ""), VENDOR.to_owned()];
        let [first, second, third] = ours.map(|id| format!("fe_refresh_{id}"));
        let mut header = b"city=Z\xfcrich; theme; =; a=b=c; ".to_vec();
        header.extend(format!("{first}={one};{second}=\"{two}\" ; {first}=nonsense; {first}={one}").bytes());
        let other = format!("x=\u{e9}; {third}={three}");
        assert_eq!(found(&[&header, other.as_bytes()]), all);
        assert_eq!(found(&[format!("fe_refresh_other={one}").as_bytes()]), []);
    }

    #[test]
    fn so_many_are_looked_at_and_no_more() {
        let all = tokens(9);
        let name = format!("fe_refresh_{VENDOR}");
        let pairs: Vec<_> = all.iter().map(|token| format!("{name}={}", &**token.expose())).collect();
        assert_eq!(found(&[pairs.join("; ").as_bytes()]), all[..MOST_TOKENS]);
    }
}
