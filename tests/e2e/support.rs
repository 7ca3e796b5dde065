//! A server, and callers of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser as _;
use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};
use rookery_domain::{Entropy, SystemEntropy};
use rookery_local::{Options, Server};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "Correct-Horse-7";

/// Where a server is, and how to sign in to it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) base_url: String,
    pub(crate) client_id: String,
    pub(crate) secret: String,
    pub(crate) mail_url: String,
}

/// The server that the stories are told to.
pub(crate) fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| from_environment().unwrap_or_else(start))
}

fn from_environment() -> Option<Target> {
    let variable = |name| std::env::var(name).ok();
    Some(Target {
        base_url: variable("ROOKERY_BASE_URL")?,
        client_id: variable("ROOKERY_CLIENT_ID")?,
        secret: variable("ROOKERY_SECRET")?,
        mail_url: variable("ROOKERY_MAIL_URL")?,
    })
}

/// Starts a server on a thread of its own, which outlives the runtime of the story that needed it first.
pub(crate) fn start() -> Target {
    let (ready, started) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut arguments =
                vec!["rookery-local".to_owned(), "--port=0".to_owned(), "--ephemeral".to_owned()];
            let engine = std::env::var("ROOKERY_TEST_DYNAMODB_ENDPOINT");
            arguments.extend(engine.map(|url| format!("--dynamodb-endpoint={url}")));
            let options = Options::parse_from(arguments);
            let server = Server::start(&options).await.unwrap();
            ready.send(serde_json::to_value(server.facts()).unwrap()).unwrap();
            server.run(std::future::pending()).await.unwrap();
        });
    });
    serde_json::from_value(started.recv().unwrap()).unwrap()
}

/// Somebody who calls, with the headers that they always send.
#[derive(Clone, Default)]
pub(crate) struct Client {
    headers: Vec<(&'static str, String)>,
    /// For as long as a story's vendor is there, the environment is as it needs it.
    _presence: Option<Arc<Presence>>,
}

/// How many stories are being told that need the environment as it is at first; [`ALONE`] while one is that changes it.
static STORIES: AtomicUsize = AtomicUsize::new(0);
const ALONE: usize = usize::MAX;

/// That a story is being told.
struct Presence;

impl Presence {
    async fn beside_others() -> Self {
        Self::once(|stories| (stories != ALONE).then(|| stories + 1)).await
    }

    async fn alone() -> Self {
        Self::once(|stories| (stories == 0).then_some(ALONE)).await
    }

    async fn once(enter: impl Fn(usize) -> Option<usize>) -> Self {
        while STORIES.fetch_update(Ordering::SeqCst, Ordering::SeqCst, &enter).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        STORIES
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |stories| {
                Some(if stories == ALONE { 0 } else { stories - 1 })
            })
            .unwrap();
    }
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) cookie: Option<String>,
    pub(crate) allowed_origin: Option<String>,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn anonymous() -> Self {
        Self::default()
    }

    /// Somebody with a vendor token.
    pub(crate) async fn vendor() -> Self {
        Self { _presence: Some(Arc::new(Presence::beside_others().await)), ..Self::with_vendor_token().await }
    }

    /// The same, who changes what other stories rely on, and changes it back: meanwhile no other is told.
    pub(crate) async fn vendor_alone() -> Self {
        Self { _presence: Some(Arc::new(Presence::alone().await)), ..Self::with_vendor_token().await }
    }

    async fn with_vendor_token() -> Self {
        let target = target();
        let body = json!({"clientId": target.client_id, "secret": target.secret});
        let answer = Self::anonymous().post("/auth/vendor", body).await.ok(200);
        Self::anonymous().with("authorization", format!("Bearer {}", answer["token"].as_str().unwrap()))
    }

    pub(crate) fn bearer(&self, token: &Value) -> Self {
        self.with("authorization", format!("Bearer {}", token.as_str().unwrap()))
    }

    pub(crate) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(other, _)| *other != name);
        client.headers.push((name, value.into()));
        client
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.send(Method::DELETE, path, Some(body)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}{path}", target().base_url);
        let mut request: RequestBuilder = reqwest::Client::new().request(method, url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let header =
            |name: HeaderName| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (cookie, allowed_origin) = (header(SET_COOKIE), header(ACCESS_CONTROL_ALLOW_ORIGIN));
        Answer { status: response.status(), cookie, allowed_origin, text: response.text().await.unwrap() }
    }
}

impl Answer {
    /// The body of an answer with the status `status`; null when it is empty.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }

    /// The status, of an answer whose body is an error's.
    #[track_caller]
    pub(crate) fn refused(&self) -> u16 {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        assert!(body["errors"][0].is_string(), "{} {}", self.status, self.text);
        self.status.as_u16()
    }
}

/// A name that nobody else uses.
pub(crate) fn unique(what: &str) -> String {
    let entropy: &dyn Entropy = &SystemEntropy;
    format!("{what}-{}", entropy.uuid().simple())
}

/// An e-mail address that nobody else has.
pub(crate) fn address() -> String {
    format!("{}@example.com", unique("jane"))
}

/// A new tenant's id.
pub(crate) async fn new_tenant(vendor: &Client) -> String {
    let id = unique("tenant");
    let _ = vendor.post("/tenants/resources/tenants/v1", json!({"tenantId": id, "name": id})).await.ok(201);
    id
}

/// A verified user of `tenant` with the password [`PASSWORD`]: their id.
pub(crate) async fn new_user(vendor: &Client, tenant: &str, email: &str, roles: &[&Value]) -> String {
    let body = json!({"email": email, "name": "Jane Doe", "password": PASSWORD, "tenantId": tenant, "roleIds": roles});
    let user = vendor.post("/identity/resources/vendor-only/users/v1", body).await.ok(201);
    let id = user["id"].as_str().unwrap().to_owned();
    let _ = vendor.post(&format!("/identity/resources/users/v1/{id}/verify"), json!({})).await.ok(200);
    id
}

/// The id of the environment's role `key`.
pub(crate) async fn role(vendor: &Client, key: &str) -> Value {
    let roles = vendor.get("/identity/resources/roles/v1").await.ok(200);
    roles.as_array().unwrap().iter().find(|role| role["key"] == key).unwrap()["id"].clone()
}

/// Signs in, and answers what came of it.
pub(crate) async fn sign_in(email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    Client::anonymous().post("/identity/resources/auth/v1/user", body).await
}

/// Refreshes with the cookie `cookie`, as `Set-Cookie` gave it.
pub(crate) async fn refresh(cookie: &str, body: Value) -> Answer {
    let client = Client::anonymous().with("cookie", pair(cookie));
    client.post("/identity/resources/auth/v1/user/token/refresh", body).await
}

/// The name and value of a `Set-Cookie` header.
pub(crate) fn pair(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().to_owned()
}

/// The claims of a token, whose signature is not looked at.
pub(crate) fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The newest mail to `address`.
pub(crate) async fn mail_to(address: &str) -> Option<Value> {
    let mails: Vec<Value> = reqwest::get(&target().mail_url).await.unwrap().json().await.unwrap();
    mails.into_iter().find(|mail| mail["to"] == address)
}

/// The mail to `address` that comes after `mail`. Nobody waited for it to be sent.
pub(crate) async fn mail_after(mail: &Value, address: &str) -> Value {
    for _ in 0..200 {
        match mail_to(address).await {
            Some(newest) if newest != *mail => return newest,
            Some(_) | None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("no mail came")
}

/// The parameters `userId` and `token` of the link in a mail.
pub(crate) fn link_parameters(mail: &Value) -> (String, String) {
    let text = mail["text"].as_str().unwrap();
    let link = text.split_whitespace().find(|word| word.contains("token=")).unwrap();
    let url = url::Url::parse(link).unwrap();
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    (parameter("userId"), parameter("token"))
}
