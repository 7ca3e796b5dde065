//! The part of the OpenAPI document that all groups share.

mod errors;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

pub use errors::add_errors;

/// The name of the scheme for vendor tokens.
pub const VENDOR: &str = "vendor";
/// The name of the scheme for user tokens.
pub const USER: &str = "user";
/// The name of the scheme for the refresh cookie.
pub const REFRESH_COOKIE: &str = "refreshCookie";

/// A document without paths.
#[must_use]
pub fn base() -> OpenApi {
    let bearer = |description: &str| {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.bearer_format = Some("JWT".to_owned());
        http.description = Some(description.to_owned());
        SecurityScheme::Http(http)
    };
    let cookie = ApiKeyValue::with_description("fe_refresh_{clientId}", "The refresh token of a session.");
    let components = ComponentsBuilder::new()
        .security_scheme(VENDOR, bearer("From POST /auth/vendor. Manages one environment."))
        .security_scheme(USER, bearer("From a sign-in. Acts as one user in one tenant."))
        .security_scheme(REFRESH_COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .build();
    let info = InfoBuilder::new()
        .title("Rookery")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A multi-tenant identity service that speaks the Frontegg REST API."))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}
