//! Signing out.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::try_join_all;
use rookery_domain::{Action, Environment};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::{ApiResult, HostEnvironment, cookies, no_environment};

/// Ends each session whose refresh token a cookie holds, and clears the cookie.
///
/// Without a cookie, or when the session is over already, there is nothing to do and the answer is the same.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/logout",
    tag = "authentication",
    operation_id = "AuthenticatioAuthenticationControllerV1_logout",
    security((), ("refreshCookie" = [])),
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    responses((status = CREATED), (status = FORBIDDEN, description = "The page's origin is not trusted.")),
)]
pub(crate) async fn log_out(
    HostEnvironment(store): HostEnvironment,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let tokens = cookies::refresh_tokens(&headers, store.id());
    if tokens.is_empty() {
        return Ok(cleared(&store.get().await?.ok_or_else(no_environment)?));
    }
    let users = store.users();
    let read = tokens.iter().map(|token| users.caller(token.user_id(), token.session_id(), &[]));
    let mut environment = None;
    let mut issued = Vec::new();
    for (token, found) in tokens.iter().zip(try_join_all(read).await?) {
        let found = found.ok_or_else(no_environment)?;
        environment = Some(found.environment);
        issued.extend(found.value.session.filter(|session| session.issued(token)));
    }
    let environment = environment.ok_or_else(no_environment)?;
    TrustedOrigin::require(&headers, &environment)?;
    let sessions = store.sessions();
    try_join_all(issued.iter().map(|session| sessions.end_one(session, Action::SignedOut))).await?;
    Ok(cleared(&environment))
}

/// The answer that takes the cookie back.
fn cleared(environment: &Environment) -> Response {
    let cookie = cookies::clear_refresh_token(environment).map(|cookie| (SET_COOKIE, cookie));
    (StatusCode::CREATED, cookie.into_iter().collect::<HeaderMap>()).into_response()
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use serde_json::json;

    use crate::support::{LOGOUT, SESSIONS, scene};

    #[tokio::test]
    async fn signing_out_ends_the_session_and_clears_the_cookie() {
        let scene = scene().await;
        let (client, other) = (scene.signed_in().await, scene.signed_in().await);
        let response = scene.holder(&client.refresh_token()).send("POST", LOGOUT, None).await;
        assert_eq!((response.status(), response.text()), (201, ""));
        let id = scene.app.environment().id().to_string().replacen('-', "", 1);
        let cleared = format!(
            "fe_refresh_{id}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; \
             Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
        assert_eq!(response.header("set-cookie"), Some(cleared));
        assert_eq!(scene.refresh(&client.refresh_token()).await.status(), 401);
        assert_eq!(client.get(SESSIONS).await.status(), 401);
        other.get(SESSIONS).await.expect(200);
    }

    #[tokio::test]
    async fn signing_out_takes_two_waves() {
        let scene = scene().await;
        let holder = scene.holder(&scene.signed_in().await.refresh_token());
        // Which environment the host is for is remembered.
        let _ = scene.app.anonymous().post(LOGOUT, json!({})).await;
        let waves = || scene.app.store().round_trips().waves();
        let before = waves();
        assert_eq!(holder.post(LOGOUT, json!({})).await.status(), 201);
        assert_eq!((waves() - before, scene.sessions().await), (2, 0));
    }

    #[tokio::test]
    async fn a_forged_token_neither_signs_out_nor_counts_as_reuse() {
        let scene = scene().await;
        let token = scene.signed_in().await.refresh_token();
        // The ids of user and session, which every access token tells, and made-up secrets.
        let forged = format!("{}{}", &token[..42], "A".repeat(token.len() - 42));
        assert_eq!(scene.holder(&forged).post(LOGOUT, json!({})).await.status(), 201);
        assert_eq!(scene.refresh(&forged).await.status(), 401);
        assert_eq!(scene.sessions().await, 1);
        assert_eq!(scene.refresh(&token).await.status(), 201);
    }

    #[tokio::test]
    async fn signing_out_again_or_without_a_session_is_no_error() {
        let scene = scene().await;
        let token = scene.signed_in().await.refresh_token();
        let holder = scene.holder(&token);
        let responses = join_all((0..10).map(|_| holder.post(LOGOUT, json!({})))).await;
        assert!(responses.iter().all(|response| response.status() == 201));
        assert_eq!(scene.sessions().await, 0);
        for client in [scene.app.anonymous(), scene.holder("nonsense"), scene.holder(&token)] {
            let response = client.post(LOGOUT, json!({})).await;
            assert_eq!(response.status(), 201);
            assert!(response.header("set-cookie").unwrap().contains("Max-Age=0"));
        }
        let page = scene.app.anonymous().with("origin", "https://evil.example.com");
        assert_eq!(page.post(LOGOUT, json!({})).await.status(), 201, "there is no cookie to misuse");
    }
}
