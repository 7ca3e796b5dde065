//! People who come by themselves, and those whom they bring along.

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, PASSWORD, address, claims, link_parameters, mail_after, mail_to, new_tenant, new_user,
    role, sign_in, unique,
};

const SIGN_UP: &str = "/identity/resources/users/v1/signUp";
const INVITES: &str = "/identity/resources/tenants/invites/v1";
const OWN: &str = "/identity/resources/tenants/invites/v1/user";

async fn sign_up(email: &str, more: Value) -> Answer {
    let mut body = json!({"provider": "local", "email": email, "companyName": unique("Initech")});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Client::anonymous().post(SIGN_UP, body).await
}

/// Activates the account of `email` by the mail that they got, and answers the claims of their token.
async fn activate(email: &str) -> Value {
    let (id, token) = link_parameters(&mail_after(&Value::Null, email).await);
    let body = json!({"userId": id, "token": token, "password": PASSWORD});
    let activated = Client::anonymous().post("/identity/resources/users/v1/activate", body).await.ok(200);
    claims(&activated["accessToken"])
}

async fn verify(invite: &Value) -> Answer {
    Client::anonymous().post(&format!("{INVITES}/verify"), json!({"token": invite["token"]})).await
}

#[tokio::test]
async fn somebody_signs_up_and_brings_colleagues_along() {
    let vendor = Client::vendor().await;
    let allowed = json!({"allowSignups": true, "allowTenantInvitations": true});
    let _ = vendor.post("/identity/resources/configurations/v1", allowed).await.ok(201);

    let boss = address();
    let signed_up = sign_up(&boss, json!({})).await.ok(201);
    assert_eq!((&signed_up["shouldActivate"], signed_up.get("authResponse")), (&json!(true), None));
    let token = activate(&boss).await;
    let again = sign_up(&boss, json!({})).await.ok(201);
    assert_ne!(again["userId"], signed_up["userId"], "nobody learns that the address is known");
    assert_eq!((&token["sub"], &token["tenantId"]), (&signed_up["userId"], &signed_up["tenantId"]));
    assert_eq!(token["roles"], json!(["Admin"]));
    let tenant = token["tenantId"].as_str().unwrap();
    let tokens = sign_in(&boss, PASSWORD).await.ok(200);
    let client = Client::anonymous().bearer(&tokens["accessToken"]);

    let configuration = client.get(&format!("{INVITES}/configuration")).await.ok(200);
    assert_eq!(configuration["tenantInvitationsAllowed"], true);
    let invite = client.post(OWN, json!({"expiresInMinutes": 60, "shouldSendEmail": true})).await.ok(201);
    assert_eq!(verify(&invite).await.ok(200)["tenantId"], tenant);
    let (colleague, before) = (address(), mail_to(&boss).await.unwrap());
    let joined =
        sign_up(&colleague, json!({"invitationToken": invite["token"], "name": "Joe"})).await.ok(201);
    assert_eq!(joined["tenantId"], tenant);
    assert_eq!(activate(&colleague).await["roles"], json!(["ReadOnly"]));
    let told = mail_after(&before, &boss).await;
    assert!(told["subject"].as_str().unwrap().starts_with("Joe joined Initech"), "{told}");

    let (elsewhere, guest) = (new_tenant(&vendor).await, address());
    let _ = new_user(&vendor, &elsewhere, &guest, &[]).await;
    let body = json!({"email": guest, "password": PASSWORD, "invitationToken": invite["token"]});
    let joined = Client::anonymous().post("/identity/resources/auth/v1/user", body).await.ok(200);
    assert_eq!(claims(&joined["accessToken"])["tenantId"], tenant);

    let changes = json!({"shouldSendEmail": false});
    let changed = client.send(reqwest::Method::PATCH, OWN, Some(changes)).await.ok(200);
    assert_eq!((&changed["token"], &changed["shouldSendEmail"]), (&invite["token"], &json!(false)));
    assert_eq!(client.get(OWN).await.ok(200), changed);
    let _ = client.delete(OWN).await.ok(200);
    assert_eq!(verify(&invite).await.refused(), 404);
    let late = address();
    assert_eq!(sign_up(&late, json!({"invitationToken": invite["token"]})).await.refused(), 404);

    let admin = role(&vendor, "Admin").await;
    let body = json!({"tenantId": tenant, "userId": signed_up["userId"], "roleIds": [admin]});
    let by_vendor = vendor.post(INVITES, body).await.ok(201);
    let listed = vendor.get(&format!("{INVITES}/all?tenantId={tenant}")).await.ok(200);
    assert_eq!(listed, json!([by_vendor]));
    let _ = sign_up(&late, json!({"invitationToken": by_vendor["token"]})).await.ok(201);
    assert_eq!(activate(&late).await["roles"], json!(["Admin"]));
    let removed = format!("/identity/resources/users/v1/{}", signed_up["userId"].as_str().unwrap());
    let _ = vendor.delete(&removed).await.ok(200);
    assert_eq!(verify(&by_vendor).await.refused(), 404, "with its inviter it goes");
    let path = format!("{INVITES}/token/{}", by_vendor["id"].as_str().unwrap());
    let _ = vendor.delete(&path).await.ok(200);
    assert_eq!(vendor.delete(&path).await.refused(), 404);
}
