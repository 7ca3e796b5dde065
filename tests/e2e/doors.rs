//! Every endpoint of the document, tried by those who may not.

use std::collections::BTreeSet;

use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, PASSWORD, address, new_tenant, new_user, role, sign_in, target, unique,
};

/// The document.
fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

/// An endpoint, with ids of nothing in its path.
struct Door {
    method: Method,
    path: String,
    /// The kinds of tokens that it takes; empty when it takes nobody's.
    takes: Vec<String>,
    /// The statuses that the document has it answer with.
    answers: Vec<String>,
    /// The names of the fields of its body.
    fields: BTreeSet<String>,
}

fn doors() -> Vec<Door> {
    let document = document();
    let mut doors = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let schemes = operation["security"].as_array().into_iter().flatten();
            let takes = schemes.flat_map(|scheme| scheme.as_object().unwrap().keys().cloned()).collect();
            let answers = operation["responses"].as_object().unwrap().keys().cloned().collect();
            let fields =
                fields(&document, &operation["requestBody"]["content"]["application/json"]["schema"]);
            doors.push(Door { method, path: without_parameters(path), takes, answers, fields });
        }
    }
    assert!(doors.len() > 60, "the document is read");
    doors
}

/// The names of the fields of `schema`, which may be a reference, an array, or put together from others.
fn fields(document: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fields(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    let own = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned());
    let alternatives = ["allOf", "oneOf", "anyOf"].map(|form| schema[form].as_array()).into_iter().flatten();
    let parts = alternatives.flatten().chain(schema.get("items"));
    own.chain(parts.flat_map(|part| fields(document, part))).collect()
}

fn without_parameters(path: &str) -> String {
    let segment = |segment: &str| match segment.starts_with('{') {
        true => "00000000-0000-4000-8000-000000000000".to_owned(),
        false => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

impl Door {
    fn takes(&self, kind: &str) -> bool {
        self.takes.iter().any(|taken| taken == kind)
    }

    async fn try_by(&self, client: &Client) -> u16 {
        let body = (self.method != Method::GET).then(|| json!({}));
        self.send(client, body).await.refused()
    }

    /// Sends `body`. Whatever comes of it, the document says that it may.
    async fn send(&self, client: &Client, body: Option<Value>) -> Answer {
        let answer = client.send(self.method.clone(), &self.path, body).await;
        let documented = self.answers.iter().any(|status| *status == answer.status.as_str());
        assert!(documented, "{} {}: {} {}", self.method, self.path, answer.status, answer.text);
        answer
    }
}

#[tokio::test]
async fn whoever_has_no_token_passes_no_door_that_asks_for_one() {
    let nobody = Client::anonymous();
    let forger = nobody.with("authorization", "Bearer x.y.z");
    for door in doors().iter().filter(|door| door.takes("vendor") || door.takes("user")) {
        for client in [&nobody, &forger] {
            assert_eq!(door.try_by(client).await, 401, "{} {}", door.method, door.path);
        }
    }
}

#[tokio::test]
async fn the_strongest_user_of_a_tenant_passes_no_door_for_vendors() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let _ = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let admin = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    for door in doors().iter().filter(|door| door.takes("vendor") && !door.takes("user")) {
        assert_eq!(door.try_by(&admin).await, 403, "{} {}", door.method, door.path);
    }
}

#[tokio::test]
async fn a_vendor_is_no_user_at_the_doors_for_users() {
    let vendor = Client::vendor().await;
    for door in doors().iter().filter(|door| door.takes("user") && !door.takes("vendor")) {
        assert_eq!(door.try_by(&vendor).await, 403, "{} {}", door.method, door.path);
    }
}

#[tokio::test]
async fn a_user_who_may_nothing_is_answered_as_the_document_says() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let powerless = json!([{"key": unique("Powerless"), "name": "Powerless", "level": 9}]);
    let powerless = vendor.post("/identity/resources/roles/v1", powerless).await.ok(201);
    let email = address();
    let _ = new_user(&vendor, &tenant, &email, &[&powerless[0]["id"]]).await;
    let jane = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    // Whoever ends their own sessions cannot try the other doors.
    let harmless = |door: &&Door| !door.path.ends_with("/sessions/v1/me/all");
    let mut refused = 0;
    for door in doors().iter().filter(|door| door.takes("user")).filter(harmless) {
        let body = (door.method != Method::GET).then(|| json!({}));
        refused += u32::from(door.send(&jane, body).await.status == 403);
    }
    assert!(refused > 20, "permissions are looked at");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_body_its_field_is_named() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let admin = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let vendor = vendor.with("frontegg-tenant-id", &tenant).with("frontegg-user-id", &id);
    let mut refused = 0;
    for door in doors() {
        let client = if door.takes("vendor") { &vendor } else { &admin };
        for field in &door.fields {
            // Nothing is both of these.
            for wrong in [json!({"x": []}), json!(0.5)] {
                let answer = door.send(client, Some(json!({field: wrong}))).await;
                if answer.status == 400 {
                    let names_one = door.fields.iter().any(|field| answer.text.contains(field));
                    assert!(names_one, "{} {} {field}: {}", door.method, door.path, answer.text);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

#[tokio::test]
async fn every_door_lets_a_browser_ask_first() {
    // An environment trusts pages of its own address.
    let origin = Url::parse(&target().base_url).unwrap().origin().ascii_serialization();
    for door in doors() {
        let browser = Client::anonymous().with("origin", &origin);
        let browser = browser.with("access-control-request-method", door.method.as_str());
        let answer = browser.send(Method::OPTIONS, &door.path, None).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (204, ""),
            "{} {}",
            door.method,
            door.path
        );
        assert_eq!(answer.allowed_origin.as_deref(), Some(origin.as_str()), "{} {}", door.method, door.path);
        let stranger = browser.with("origin", "https://elsewhere.example.com");
        let answer = stranger.send(Method::OPTIONS, &door.path, None).await;
        assert_eq!(answer.allowed_origin, None, "{} {}", door.method, door.path);
    }
}

#[tokio::test]
async fn every_door_is_at_both_roots_and_with_a_slash_too_many() {
    let nobody = Client::anonymous();
    for door in doors() {
        let body = || (door.method != Method::GET).then(|| json!({}));
        let documented = nobody.send(door.method.clone(), &door.path, body()).await;
        for path in [format!("/frontegg{}", door.path), format!("{}/", door.path), format!("/{}", door.path)]
        {
            let other = nobody.send(door.method.clone(), &path, body()).await;
            // Behind API Gateway an endpoint with a rate limit is passed by that route alone which has it.
            let limited = path.ends_with('/') && other.status == 404 && other.text.contains("one spelling");
            assert!(
                limited || other.status == documented.status,
                "{} {path}: {} {}",
                door.method,
                other.status,
                other.text
            );
        }
    }
}

#[tokio::test]
async fn no_body_makes_the_server_fail() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let admin = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let vendor = vendor.with("frontegg-tenant-id", &tenant).with("frontegg-user-id", &id);
    // Longer than anything may be, and short enough to be sent before a server that does not read it has answered.
    let long = "x".repeat(2_000);
    let bodies = [
        json!(null),
        json!([]),
        json!([[]]),
        json!("\u{0}"),
        json!({"email": 7, "name": [], "roleIds": "x", "tenantId": {}, "metadata": 1e300}),
        json!({"email": long, "name": long, "key": long, "password": long, "token": long, "secret": long}),
        json!({"name": "\u{1f426}\u{0}", "email": "\u{202e}@x", "permissionIds": ["x"], "level": -1, "key": ""}),
    ];
    // Whoever ends their own session or tenant cannot try the other doors.
    let harmless = |door: &&Door| ![Method::GET, Method::DELETE].contains(&door.method);
    for door in doors().iter().filter(harmless) {
        for body in &bodies {
            for client in [&vendor, &admin, &Client::anonymous()] {
                let answer = door.send(client, Some(body.clone())).await;
                assert!(answer.status.as_u16() < 500, "{} {}: {}", door.method, door.path, answer.text);
            }
        }
    }
}
