//! Signing in by what is mailed.

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, PASSWORD, address, claims, link_parameters, mail_after, mail_to, new_tenant, new_user,
    pair, refresh, sign_in,
};

const CONFIGURATION: &str = "/identity/resources/configurations/v1";
const PASSWORDLESS: &str = "/identity/resources/auth/v1/passwordless";

async fn ask(way: &str, email: &str) -> Answer {
    Client::anonymous().post(&format!("{PASSWORDLESS}/{way}/prelogin"), json!({ "email": email })).await
}

/// What the answer to `token` is on the device that has the `cookie`.
async fn show(way: &str, cookie: &str, token: &str) -> Answer {
    let device = Client::anonymous().with("cookie", cookie);
    device.post(&format!("{PASSWORDLESS}/{way}/postlogin"), json!({ "token": token })).await
}

#[tokio::test]
async fn codes_and_links_sign_in_where_the_environment_has_chosen_them() {
    let vendor = Client::vendor_alone().await;
    let choose = async |strategy: &str| {
        let _ = vendor.post(CONFIGURATION, json!({ "authStrategy": strategy })).await.ok(201);
    };
    let (tenant, email) = (new_tenant(&vendor).await, address());
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    assert_eq!(ask("code", &email).await.refused(), 400);

    choose("Code").await;
    assert_eq!(sign_in(&email, PASSWORD).await.refused(), 400);
    let unknown = ask("code", &address()).await;
    let asked = ask("code", &email).await;
    assert_eq!((asked.status, &asked.text), (unknown.status, &unknown.text));
    let cookie = pair(&asked.cookie.unwrap());
    let mail = mail_after(&Value::Null, &email).await;
    let code = mail["subject"].as_str().unwrap().split_once(' ').unwrap().0.to_owned();
    let elsewhere = pair(&unknown.cookie.unwrap());
    assert_eq!(show("code", &elsewhere, &code).await.refused(), 401);
    let signed_in = show("code", &cookie, &code).await;
    let session = signed_in.cookie.clone().unwrap();
    assert_eq!(claims(&signed_in.ok(201)["accessToken"])["sub"], json!(id));
    let _ = refresh(&session, json!({})).await.ok(201);
    assert_eq!(show("code", &cookie, &code).await.refused(), 401);

    choose("MagicLink").await;
    let asked = ask("magiclink", &email).await;
    let _ = asked.ok(200);
    let (user, token) = link_parameters(&mail_after(&mail, &email).await);
    assert_eq!(user, id);
    let _ = show("magiclink", &elsewhere, &token).await.ok(201);
    assert_eq!(show("magiclink", &elsewhere, &token).await.refused(), 400);

    choose("EmailAndPassword").await;
    let _ = sign_in(&email, PASSWORD).await.ok(200);
    let stranger = address();
    assert_eq!(ask("magiclink", &stranger).await.refused(), 400);
    assert_eq!(mail_to(&stranger).await, None);
}
