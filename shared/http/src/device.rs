//! Devices: a browser or an app, known by a cookie that nobody else has.
//!
//! What was asked for on one device can be bound to it: a code that was mailed is typed where it was asked for. The cookie is no
//! credential; with it alone nobody gets in.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use rookery_domain::{Entropy, Environment, PlainToken, TokenHash, VendorId};

use crate::cookies::{self, TrustedOrigin};

/// The name of the cookie, before the environment's id.
const COOKIE: &str = "fe_device_";

/// For how long the cookie is kept: a year.
const KEPT_SECONDS: i64 = 365 * 86_400;

/// A device.
#[derive(Clone, Debug)]
pub struct Device(PlainToken);

impl Device {
    /// The device that `headers` come from; a new one, if they do not say.
    #[must_use]
    pub fn of(headers: &HeaderMap, vendor: VendorId, entropy: &dyn Entropy) -> Self {
        Self::known(headers, vendor).unwrap_or_else(|| Self(PlainToken::random(entropy)))
    }

    /// The device that `headers` say they come from.
    #[must_use]
    pub fn known(headers: &HeaderMap, vendor: VendorId) -> Option<Self> {
        let mut presented = cookies::values(headers, COOKIE, vendor);
        presented
            .find(|value| PlainToken::is_well_formed(value))
            .map(|value| Self(PlainToken::presented(value)))
    }

    /// Its secret.
    #[must_use]
    pub fn secret(&self) -> &PlainToken {
        &self.0
    }

    /// By which what was asked for on it is found.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }

    /// The `Set-Cookie` header by which it is known from now on.
    #[must_use]
    pub fn cookie(&self, origin: TrustedOrigin, environment: &Environment) -> Option<HeaderValue> {
        cookies::set(origin, environment, COOKIE, self.0.expose().to_owned(), KEPT_SECONDS)
    }

    /// The headers of an answer by which it is known from now on.
    #[must_use]
    pub fn headers(&self, origin: TrustedOrigin, environment: &Environment) -> HeaderMap {
        self.cookie(origin, environment).map(|cookie| (SET_COOKIE, cookie)).into_iter().collect()
    }
}
