//! Tokens that are not what they say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, address, claims, new_tenant, new_user, role, sign_in};

const ME: &str = "/identity/resources/users/v2/me";
const TENANTS: &str = "/tenants/resources/tenants/v1";

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let _ = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let token = sign_in(&email, PASSWORD).await.ok(200)["accessToken"].clone();
    let _ = Client::anonymous().bearer(&token).get(ME).await.ok(200);

    let parts: Vec<_> = token.as_str().unwrap().split('.').collect();
    let mut payload = claims(&token);
    payload["tenantId"] = json!("another");
    let tampered = format!("{}.{}.{}", parts[0], part(&payload), parts[2]);
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), parts[1]);
    let vendor_type = json!({"type": "vendor", "vendorId": payload["aud"], "sub": payload["aud"], "scopes": [],
        "iat": payload["iat"], "exp": payload["exp"], "iss": "x"});
    let forged_vendor = format!("{}.{}.{}", parts[0], part(&vendor_type), parts[2]);
    let configuration = vendor.get("/identity/resources/configurations/v1").await.ok(200);
    let pem = configuration["publicKey"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"));
    let confused = EncodingKey::from_secret(pem.as_bytes());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &payload, &confused).unwrap();

    for forged in [&tampered, &unsigned, &forged_vendor, &confused, "", "x.y.z"] {
        let client = Client::anonymous().with("authorization", format!("Bearer {forged}"));
        assert_eq!(client.get(ME).await.refused(), 401, "{forged}");
        assert_eq!(client.get(TENANTS).await.refused(), 401, "{forged}");
    }
}

#[tokio::test]
async fn each_kind_of_token_stays_on_its_side() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let _ = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let admin = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    assert_eq!(admin.get(TENANTS).await.refused(), 403, "an administrator is no vendor");
    assert_eq!(vendor.get(ME).await.refused(), 403, "a vendor is no user");
    assert_eq!(Client::anonymous().get(ME).await.refused(), 401);
}
