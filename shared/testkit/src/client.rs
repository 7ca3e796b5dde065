//! Callers, and what they are answered.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt as _;
use rookery_domain::RefreshToken;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::app::TestService;

/// Somebody who calls the API, with the headers that they always send.
#[derive(Clone)]
pub struct Client {
    service: TestService,
    headers: HeaderMap,
    refresh_token: Option<RefreshToken>,
}

impl Client {
    pub(crate) fn new(service: TestService, host: &str) -> Self {
        Self { service, headers: HeaderMap::new(), refresh_token: None }.with(HOST.as_str(), host)
    }

    /// The same caller, who also sends the header `name`.
    ///
    /// # Panics
    /// It is no header.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that sends what is no header is wrong")]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        let name = HeaderName::try_from(name).expect("the name of a header");
        client.headers.insert(name, HeaderValue::try_from(value).expect("the value of a header"));
        client
    }

    /// The same caller, who presents `token`.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.with(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// The token that the caller presents.
    ///
    /// # Panics
    /// They present none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that asks for the token of nobody is wrong")]
    pub fn access_token(&self) -> &str {
        let presented = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        presented.and_then(|value| value.strip_prefix("Bearer ")).expect("the client presents a token")
    }

    /// The same caller, who sends the cookies `cookies`.
    #[must_use]
    pub fn cookies(&self, cookies: &str) -> Self {
        self.with(COOKIE.as_str(), cookies)
    }

    pub(crate) fn holding(mut self, token: RefreshToken) -> Self {
        self.refresh_token = Some(token);
        self
    }

    /// The refresh token of the session, as a client gets it.
    ///
    /// # Panics
    /// Nobody signed this client in.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that asks for the token of nobody is wrong")]
    pub fn refresh_token(&self) -> String {
        self.refresh_token.as_ref().expect("the client was signed in").expose().to_string()
    }

    /// GETs `path`.
    pub async fn get(&self, path: &str) -> Response {
        self.send("GET", path, None).await
    }

    /// POSTs `body` to `path`.
    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.send("POST", path, Some(body.to_string())).await
    }

    /// PUTs `body` to `path`.
    pub async fn put(&self, path: &str, body: Value) -> Response {
        self.send("PUT", path, Some(body.to_string())).await
    }

    /// Patches `path` with `body`.
    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.send("PATCH", path, Some(body.to_string())).await
    }

    /// DELETEs `path`.
    pub async fn delete(&self, path: &str) -> Response {
        self.send("DELETE", path, None).await
    }

    /// DELETEs `path` with `body`.
    pub async fn delete_with(&self, path: &str, body: Value) -> Response {
        self.send("DELETE", path, Some(body.to_string())).await
    }

    /// Sends a request with any body, such as one that is no JSON.
    ///
    /// # Panics
    /// The request cannot be built, or its answer not read.
    #[expect(clippy::expect_used, reason = "a test that cannot send its request has failed")]
    pub async fn send(&self, method: &str, path: &str, body: Option<String>) -> Response {
        let has_body = body.is_some();
        let request = Request::builder().method(method).uri(path);
        let mut request = request.body(Body::from(body.unwrap_or_default())).expect("a request");
        request.headers_mut().clone_from(&self.headers);
        if has_body {
            request.headers_mut().append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let Ok(response) = self.service.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8(body.into()).expect("text");
        Response { status: parts.status.as_u16(), headers: parts.headers, text }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Response {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The body as JSON; null when it is empty.
    ///
    /// # Panics
    /// It is neither.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// The header `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// The body as JSON, of an answer with the status `status`.
    ///
    /// # Panics
    /// The status is another.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "often the status is all that is asked")]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The first of the texts that say what went wrong, of an answer with the status `status`.
    ///
    /// # Panics
    /// The status is another, or the body says nothing.
    #[must_use]
    #[track_caller]
    pub fn error(&self, status: u16) -> String {
        let body = self.expect(status);
        let text = body["errors"][0].as_str();
        text.unwrap_or_else(|| panic!("no errors in {body}")).to_owned()
    }
}
