//! What a tenant's administrator learns of somebody who has not joined, and what they can do to them.

use serde_json::{Value, json};

use super::*;

const USERS: &str = "/identity/resources/users/v2";
const LISTS: [&str; 3] =
    ["/identity/resources/users/v1", "/identity/resources/users/v2", "/identity/resources/users/v3"];

/// Somebody of another tenant about whom there is much to know.
async fn known(app: &TestApp, email: &str, elsewhere: &TenantId) -> UserId {
    let user = app.user(email, elsewhere, &["Admin"]).await;
    change(app, user.id, |user| {
        user.name = Some("Jane Secret".to_owned());
        user.phone_number = Some("+12125550100".parse().unwrap());
        user.profile_picture_url = Some("https://secret.example/jane.png".to_owned());
        user.metadata = Metadata::of_user(serde_json::from_value(json!({"salary": 1})).unwrap()).unwrap();
        user.super_user = true;
        user.locked = Some(rookery_domain::LockReason::Administrator);
    })
    .await;
    user.id
}

/// `shown` without what is different for any two users.
fn comparable(mut shown: Value) -> Value {
    for name in ["id", "sub", "email"] {
        shown[name] = json!(null);
    }
    shown
}

#[tokio::test]
async fn nobody_learns_from_an_invitation_whether_an_address_has_an_account() {
    for without_mail in [false, true] {
        let app = app().await;
        let (own, elsewhere) = (app.tenant("Own").await, app.tenant("Elsewhere").await);
        let jane = known(&app, "jane@example.com", &elsewhere).await;
        app.clock().advance(std::time::Duration::from_hours(1));
        let boss = app.user("boss@example.com", &own, &["Admin"]).await;
        let boss = app.sign_in(&boss, &own).await;
        let invite = async |email: &str| {
            let body = json!({"email": email, "name": "Somebody", "skipInviteEmail": without_mail});
            boss.post(USERS, body).await.expect(201)
        };
        let (known, new) = (invite("jane@example.com").await, invite("new@example.com").await);
        assert_eq!(comparable(known.clone()), comparable(new.clone()));
        assert_eq!(known["id"], json!(jane));
        for secret in ["Secret", "salary", "5550100", "secret.example"] {
            assert!(!known.to_string().contains(secret), "{known}");
        }
        assert_eq!((&known["isLocked"], &known["superUser"]), (&json!(false), &json!(false)));
        assert_eq!((&known["lastLogin"], &known["name"]), (&Value::Null, &json!("")));
        for list in LISTS {
            let page = boss.get(list).await.expect(200);
            let of = |id: &Value| {
                page["items"].as_array().unwrap().iter().find(|item| item["id"] == *id).cloned().unwrap()
            };
            assert_eq!(comparable(of(&known["id"])), comparable(of(&new["id"])), "{list}");
            assert_eq!(of(&known["id"])["name"], "", "{list}");
        }
        let read = async |id: &Value| {
            boss.get(&format!("/identity/resources/users/v1/{}", id.as_str().unwrap())).await.expect(200)
        };
        assert_eq!(comparable(read(&known["id"]).await), comparable(read(&new["id"]).await));
        let vendor = app.vendor().with("frontegg-tenant-id", own.as_str());
        let seen = vendor.get(&format!("/identity/resources/users/v1/{jane}")).await.expect(200);
        assert_eq!(seen["name"], "Jane Secret", "to a vendor nothing is hidden");
    }
}

#[tokio::test]
async fn nobody_finds_somebody_who_has_not_joined_by_more_than_their_address() {
    let app = app().await;
    let (own, elsewhere) = (app.tenant("Own").await, app.tenant("Elsewhere").await);
    let jane = known(&app, "jane@example.com", &elsewhere).await;
    let boss = app.user("boss@example.com", &own, &["Admin"]).await;
    let boss = app.sign_in(&boss, &own).await;
    let body = json!({"email": "jane@example.com", "skipInviteEmail": true});
    let _ = boss.post(USERS, body).await.expect(201);
    let vendor = app.vendor().with("frontegg-tenant-id", own.as_str());
    let salary = "metadata=%7B%22salary%22%3A1%7D";
    let guesses = [
        format!("{}?_filter=secret", LISTS[0]),
        format!("{}?{salary}", LISTS[0]),
        format!("{}?ids={jane}&{salary}", LISTS[0]),
        format!("{}?ids={jane}&_filter=secret", LISTS[0]),
        format!("{}?_namePrefix=jane%20s", LISTS[2]),
    ];
    let found = async |client: &rookery_testkit::Client, path: &str| {
        client.get(path).await.expect(200)["_metadata"]["totalItems"].clone()
    };
    for path in &guesses {
        assert_eq!((found(&boss, path).await, found(&vendor, path).await), (json!(0), json!(1)), "{path}");
    }
    assert_eq!(found(&boss, &format!("{}?_filter=jane@", LISTS[0])).await, 1);

    change(&app, jane, |user| user.membership_mut(&own).unwrap().status = MembershipStatus::Activated).await;
    for path in &guesses {
        assert_eq!(found(&boss, path).await, 1, "{path}");
    }
}

#[tokio::test]
async fn a_colleague_joins_nobody_without_being_asked() {
    let app = app().await;
    let (own, elsewhere) = (app.tenant("Own").await, app.tenant("Elsewhere").await);
    let jane = app.user("jane@example.com", &elsewhere, &[]).await;
    let boss = app.user("boss@example.com", &own, &["Admin"]).await;
    let boss = app.sign_in(&boss, &own).await;
    let silently = json!({"email": "jane@example.com", "skipInviteEmail": true});
    for _ in 0..2 {
        let _ = boss.post(USERS, silently.clone()).await.expect(201);
        let user = stored(&app, jane.id).await;
        assert!(matches!(user.membership(&own).unwrap().status, MembershipStatus::PendingInvitation(_)));
        assert!(!user.reaches(&own, app.state().now()));
    }
    assert!(app.mail().is_empty());
    let at_own = app.vendor().with("frontegg-tenant-id", own.as_str());
    let _ = at_own.post(USERS, silently).await.expect(201);
    assert!(stored(&app, jane.id).await.reaches(&own, app.state().now()), "a vendor may");
}

#[tokio::test]
async fn nobody_gives_what_of_rookerys_own_they_may_not_do() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let manager = Role { level: RoleLevel::STRONGEST, ..app.role("Manager", None) };
    app.write_role(
        &manager,
        &["fe.secure.write.usersRoles", "fe.secure.delete.usersRoles", "fe.secure.read.users"],
    )
    .await;
    let weak = |key: &str| Role { level: 10_i64.try_into().unwrap(), ..app.role(key, None) };
    let (remover, reader, product) = (weak("Remover"), weak("Reader"), weak("Product"));
    app.write_role(&remover, &["fe.account-settings.delete.account"]).await;
    app.write_role(&reader, &["fe.secure.read.users"]).await;
    app.write_role(&product, &[]).await;
    let boss = app.user("boss@example.com", &acme, &["Manager"]).await;
    let client = app.sign_in(&boss, &acme).await;
    let path = format!("/identity/resources/users/v1/{}/roles", boss.id);
    let refused = client.post(&path, json!({"roleIds": [remover.id]})).await.error(403);
    assert!(refused.contains("fe.account-settings.delete.account"), "{refused}");
    let refused = client.post(&path, json!({"roleIds": [reader.id, remover.id]})).await.status();
    assert_eq!(
        (refused, stored(&app, boss.id).await.memberships[0].role_ids.len()),
        (403, 1),
        "all or nothing"
    );
    let _ = client.post(&path, json!({"roleIds": [reader.id, product.id]})).await.expect(201);

    let of_jane = app.user("jane@example.com", &acme, &["Remover"]).await;
    let path = format!("/identity/resources/users/v1/{}/roles", of_jane.id);
    let taken = client.delete_with(&path, json!({"roleIds": [remover.id]})).await;
    assert_eq!(taken.status(), 200, "to take it, it is enough to outrank it");
}
