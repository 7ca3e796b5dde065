//! What others need to verify the tokens of an environment.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use rookery_http::{ApiResult, AppState, HostEnvironment, no_environment};
use serde::Serialize;
use utoipa::ToSchema;

/// For how long the answers may be kept. A key is listed for longer than that before it signs.
const CACHEABLE: &str = "public, max-age=300";

/// Public keys (RFC 7517). The first is the one that signs now.
#[derive(Serialize, ToSchema)]
struct JwksResponse {
    keys: Vec<JwkResponse>,
}

/// An RSA public key.
#[derive(Serialize, ToSchema)]
struct JwkResponse {
    /// `RSA`.
    kty: &'static str,
    /// `sig`: the key verifies signatures.
    #[serde(rename = "use")]
    use_: &'static str,
    /// `RS256`.
    alg: &'static str,
    /// The id that the tokens' headers carry.
    kid: String,
    /// The modulus, in base64url.
    n: String,
    /// The exponent, in base64url.
    e: String,
}

/// Gets the keys that verify users' access tokens.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "authentication",
    operation_id = "jwks",
    responses((status = OK, body = JwksResponse)),
)]
pub(crate) async fn jwks(State(app): State<AppState>) -> impl IntoResponse {
    let keys = app.user_keys.jwks().keys.into_iter().map(|key| JwkResponse {
        kty: key.kty,
        use_: key.use_,
        alg: key.alg,
        kid: key.kid,
        n: key.n,
        e: key.e,
    });
    ([(CACHE_CONTROL, CACHEABLE)], Json(JwksResponse { keys: keys.collect() }))
}

/// What can be said of the environment in the terms of OpenID Connect Discovery 1.0. It issues tokens but is no OpenID
/// provider: there is no authorization endpoint, so none is named.
#[derive(Serialize, ToSchema)]
struct OpenIdConfigurationResponse {
    /// The claim `iss` of access tokens.
    issuer: String,
    /// Where their keys are.
    jwks_uri: String,
    /// None.
    response_types_supported: [&'static str; 0],
    /// The claim `sub` is the same for everybody.
    subject_types_supported: [&'static str; 1],
    /// How tokens are signed.
    id_token_signing_alg_values_supported: [&'static str; 1],
}

/// Gets the issuer of an environment's access tokens and the place of their keys.
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    tag = "authentication",
    operation_id = "openid_configuration",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    responses((status = OK, body = OpenIdConfigurationResponse)),
)]
pub(crate) async fn openid_configuration(
    HostEnvironment(store): HostEnvironment,
) -> ApiResult<impl IntoResponse> {
    let environment = store.get().await?.ok_or_else(no_environment)?;
    let body = OpenIdConfigurationResponse {
        jwks_uri: format!("{}/.well-known/jwks.json", environment.base_url.trim_end_matches('/')),
        issuer: environment.base_url,
        response_types_supported: [],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
    };
    Ok(([(CACHE_CONTROL, CACHEABLE)], Json(body)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::support::scene;

    #[tokio::test]
    async fn the_keys_are_public_and_the_first_one_signs() {
        let scene = scene().await;
        let nowhere = scene.app.anonymous().with("host", "nowhere.example.com");
        let response = nowhere.get("/.well-known/jwks.json").await;
        let keys = response.expect(200);
        let signer = scene.app.state().user_keys.current();
        assert_eq!(keys["keys"][0]["kid"], signer.kid());
        assert_eq!(keys["keys"][0].as_object().unwrap().len(), 6);
        assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["use"]), (&json!("RSA"), &json!("sig")));
        assert_eq!(response.header("cache-control").as_deref(), Some("public, max-age=300"));
    }

    #[tokio::test]
    async fn the_configuration_names_the_issuer_and_the_keys() {
        let scene = scene().await;
        let issuer = format!("https://{}", scene.app.host());
        let answer = scene.app.anonymous().get("/.well-known/openid-configuration").await.expect(200);
        assert_eq!(answer["issuer"], issuer);
        assert_eq!(answer["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
        assert_eq!(answer["id_token_signing_alg_values_supported"], json!(["RS256"]));
        assert_eq!(answer.get("authorization_endpoint"), None, "there is none");
        let nowhere = scene.app.anonymous().with("host", "nowhere.example.com");
        assert_eq!(nowhere.get("/.well-known/openid-configuration").await.status(), 400);
    }
}
