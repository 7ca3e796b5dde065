//! The server as a whole, over HTTP.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;
use reqwest::header::HOST;
use reqwest::{Method, StatusCode};
use rookery_table::LocalTable;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// A server that is running, until it is told to stop.
struct Running {
    facts: Facts,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(arguments: &str) -> Self {
        let server = Server::start(&options(arguments)).await.unwrap();
        let facts = server.facts().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.run(async { drop(stopped.await) }));
        Self { facts, stop, serving }
    }

    async fn stop(self) {
        drop(self.stop);
        let stopped = tokio::time::timeout(Duration::from_secs(5), self.serving).await;
        stopped.expect("it stops at once").unwrap().unwrap();
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(format!("{}{path}", self.facts.base_url)).await.unwrap()
    }

    async fn vendor_token(&self) -> reqwest::Response {
        let body = json!({ "clientId": self.facts.client_id, "secret": self.facts.secret });
        let url = format!("{}/auth/vendor", self.facts.base_url);
        reqwest::Client::new().post(url).json(&body).send().await.unwrap()
    }

    async fn tenants(&self, token: &str) -> StatusCode {
        let url = format!("{}/tenants/resources/tenants/v1", self.facts.base_url);
        reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap().status()
    }
}

/// What the command line `arguments` says, on any port. With `ROOKERY_TEST_DYNAMODB_ENDPOINT` the table is there.
fn options(arguments: &str) -> Options {
    let engine = std::env::var("ROOKERY_TEST_DYNAMODB_ENDPOINT").ok();
    let engine = engine.filter(|_| !arguments.contains("--dynamodb-endpoint"));
    let engine = engine.map(|url| format!("--dynamodb-endpoint={url}"));
    let arguments = "rookery-local --port 0".split(' ').chain(arguments.split_whitespace());
    Options::try_parse_from(arguments.chain(engine.as_deref())).unwrap()
}

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("rookery-local-{name}-{}", std::process::id())))
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn pages_and_endpoints_stand_side_by_side() {
    let server = Running::start("--ephemeral --vendor-host auth.example.com").await;
    let landing = server.get("/").await.text().await.unwrap();
    assert!(landing.contains(&server.facts.client_id.to_string()));
    let document: Value = server.get("/openapi.json").await.json().await.unwrap();
    assert_eq!(document["info"]["title"], "Rookery");
    let reference = server.get("/docs/api").await;
    assert!(reference.text().await.unwrap().contains("swagger-ui"));
    assert!(server.get("/mail").await.text().await.unwrap().contains("No mail yet"));
    for page in ["/mail-templates", "/mail-templates/OTC"] {
        let page = server.get(page).await.text().await.unwrap();
        assert!(page.contains("MagicLink") && page.contains("481516 is your Cloudbase code"));
    }
    assert_eq!(server.get("/mail-templates/nonsense").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.get("/mail/1").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.get("/mail.json").await.json::<Value>().await.unwrap(), json!([]));

    let unknown = server.get("/no/such/endpoint").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert!(unknown.json::<Value>().await.unwrap()["errors"].is_array());
    let tidied = server.get("/frontegg//.well-known/jwks.json/").await;
    assert_eq!(tidied.status(), StatusCode::OK);
    assert_eq!(server.vendor_token().await.status(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn pages_are_shown_to_their_own_hosts_only() {
    let server = Running::start("--ephemeral --vendor-host auth.example.com").await;
    for (host, expected) in
        [("auth.example.com", StatusCode::OK), ("evil.example", StatusCode::MISDIRECTED_REQUEST)]
    {
        let request = reqwest::Client::new().get(&server.facts.mail_url).header(HOST, host);
        assert_eq!(request.send().await.unwrap().status(), expected, "{host}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_credentials_keys_and_tokens() {
    let folder = Folder::new("restart");
    let arguments = format!("--data-dir {}", folder.0.display());
    let server = Running::start(&arguments).await;
    let before = server.facts.clone();
    let keys = ["user-key.pem", "vendor-key.pem"].map(|name| folder.read(name));
    let token: Value = server.vendor_token().await.json().await.unwrap();
    let token = token["token"].as_str().unwrap();
    assert_eq!(server.tenants(token).await, StatusCode::OK);
    server.stop().await;

    let server = Running::start(&arguments).await;
    assert_eq!(server.facts.client_id, before.client_id);
    assert_eq!(server.facts.secret, before.secret);
    assert_eq!(["user-key.pem", "vendor-key.pem"].map(|name| folder.read(name)), keys);
    assert_eq!(server.tenants(token).await, StatusCode::OK);
    let discovery: Value = server.get("/.well-known/openid-configuration").await.json().await.unwrap();
    assert_eq!(discovery["issuer"], server.facts.base_url.as_str());
    server.stop().await;

    let server = Running::start(&format!("{arguments} --secret another")).await;
    assert_eq!(server.facts.secret, "another");
    assert_eq!(server.vendor_token().await.status(), StatusCode::OK);
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_data_whoever_made_its_folder() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("private");
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::set_permissions(&folder.0, PermissionsExt::from_mode(0o755)).unwrap();
    let server = Running::start(&format!("--data-dir {}", folder.0.display())).await;
    let files: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(Result::unwrap).collect();
    // The table is elsewhere when the tests run on another engine.
    assert!(files.iter().any(|file| file.file_name() == "mail.jsonl"), "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn data_is_for_one_server_and_one_client_id() {
    let folder = Folder::new("one");
    let start = async |more: &str| {
        Server::start(&options(&format!("--data-dir {} {more}", folder.0.display()))).await
    };
    let server = start("").await.unwrap();
    assert!(matches!(start("").await, Err(StartError::InUse(_))));
    drop(server);
    let other = start("--client-id 11111111-2222-3333-4444-555555555555").await;
    assert!(matches!(other, Err(StartError::OtherClient(_))));
}

#[tokio::test]
async fn the_table_can_be_in_an_engine_elsewhere_and_stays_there() {
    let engine = LocalTable::in_memory().await.unwrap();
    let config = engine.sdk_config();
    let arguments = format!(
        "--ephemeral --client-id 11111111-2222-3333-4444-555555555555 --secret s --dynamodb-endpoint {}",
        config.endpoint_url().unwrap()
    );
    for expected in [StatusCode::CREATED, StatusCode::CONFLICT] {
        let server = Running::start(&arguments).await;
        let token: Value = server.vendor_token().await.json().await.unwrap();
        let url = format!("{}/tenants/resources/tenants/v1", server.facts.base_url);
        let request = reqwest::Client::new().post(url).bearer_auth(token["token"].as_str().unwrap());
        let answer = request.json(&json!({ "tenantId": "acme", "name": "Acme" })).send().await.unwrap();
        assert_eq!(answer.status(), expected);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_json_however_much_is_sent() {
    let server = Running::start("--ephemeral").await;
    let send = |method: Method, path: &str, body: Vec<u8>| {
        let request = reqwest::Client::new().request(method, format!("{}{path}", server.facts.base_url));
        request.body(body).send()
    };
    let large = || vec![b'x'; 20 * 1024 * 1024];
    for (method, path, body, expected) in [
        (Method::POST, "/", Vec::new(), StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/mail", Vec::new(), StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, "/openapi.json", Vec::new(), StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/auth/vendor", large(), StatusCode::PAYLOAD_TOO_LARGE),
        (Method::POST, "/no/such/endpoint", large(), StatusCode::NOT_FOUND),
    ] {
        let answer = send(method, path, body).await.unwrap();
        assert_eq!(answer.status(), expected, "{path}");
        assert!(answer.json::<Value>().await.unwrap()["errors"][0].is_string(), "{path}");
    }
    server.stop().await;
}
