//! API tokens that stand for a user.

use rookery_testkit::Client;
use serde_json::json;

use super::{USER_V1, path, scene};

#[tokio::test]
async fn whoever_belongs_to_the_tenant_has_tokens_of_their_own() {
    let scene = scene().await;
    let joe = scene.app.user("joe@example.com", &scene.acme, &[]).await;
    let joe = scene.app.sign_in(&joe, &scene.acme).await;
    let body = json!({ "description": "Laptop", "metadata": { "a": 1 }, "expiresInMinutes": 60 });
    let mut made = joe.post(USER_V1, body).await.expect(201);
    assert_eq!(made.as_object_mut().unwrap().remove("secret").unwrap().as_str().unwrap().len(), 36);
    assert_eq!(
        made,
        json!({
            "clientId": made["clientId"],
            "description": "Laptop",
            "metadata": { "a": 1 },
            "createdAt": "2026-01-01T00:00:00.000Z",
            "expires": "2026-01-01T01:00:00.000Z",
        })
    );
    let bare = joe.post(USER_V1, json!({})).await.expect(201);
    assert_eq!((&bare["description"], &bare["expires"]), (&json!(""), &json!(null)));
    let listed = joe.get(USER_V1).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed.as_array().unwrap().contains(&made));

    let jane = scene.jane().await;
    assert_eq!(jane.get(USER_V1).await.expect(200), json!([]), "an administrator has others");
    assert_eq!(jane.delete(&path(USER_V1, &made)).await.error(404), "API token not found");
    joe.delete(&path(USER_V1, &made)).await.expect(200);
    assert_eq!(joe.delete(&path(USER_V1, &made)).await.status(), 404);
    assert_eq!(joe.get(USER_V1).await.expect(200).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_vendor_names_the_user_and_the_tenant() {
    let scene = scene().await;
    let statuses = async |client: &Client| {
        [client.post(USER_V1, json!({})).await.status(), client.get(USER_V1).await.status()]
    };
    let (vendor, jane) = (scene.app.vendor(), scene.jane.id.to_string());
    assert_eq!(statuses(&vendor).await, [400, 400]);
    assert_eq!(statuses(&scene.vendor()).await, [400, 400]);
    let of_jane = vendor.with("frontegg-user-id", &jane);
    assert_eq!(statuses(&of_jane).await, [400, 200], "a new one is for a tenant");
    assert_eq!(statuses(&scene.for_jane()).await, [201, 200]);
    let labs = scene.app.tenant("Labs").await;
    assert_eq!(statuses(&of_jane.with("frontegg-tenant-id", labs.as_str())).await, [404, 404]);
    let nobody = scene.vendor().with("frontegg-user-id", "00000000-0000-4000-8000-000000000000");
    assert_eq!(statuses(&nobody).await, [404, 404]);
    assert_eq!(statuses(&scene.app.anonymous()).await, [401, 401]);
    assert_eq!(of_jane.get(USER_V1).await.expect(200).as_array().unwrap().len(), 1);
    let neighbour = scene.app.neighbour().await;
    let theirs = neighbour.vendor().with("frontegg-user-id", &jane);
    assert_eq!(statuses(&theirs.with("frontegg-tenant-id", scene.acme.as_str())).await, [404, 404]);
}

#[tokio::test]
async fn a_user_sees_those_for_the_tenant_they_work_in() {
    let scene = scene().await;
    let labs = scene.app.tenant("Labs").await;
    let environment = scene.app.environment();
    let jane = environment.users().get(scene.jane.id).await.unwrap().unwrap();
    let membership = rookery_domain::Membership { tenant_id: labs.clone(), ..jane.memberships[0].clone() };
    environment.users().join(scene.jane.id, &membership).await.unwrap().unwrap();
    let (here, there) = (scene.jane().await, scene.app.sign_in(&scene.jane, &labs).await);
    let made = here.post(USER_V1, json!({})).await.expect(201);
    assert_eq!(there.get(USER_V1).await.expect(200), json!([]));
    assert_eq!(there.delete(&path(USER_V1, &made)).await.status(), 404);
    assert_eq!(here.get(USER_V1).await.expect(200)[0]["clientId"], made["clientId"]);
    let vendor = scene.app.vendor().with("frontegg-user-id", &scene.jane.id.to_string());
    assert_eq!(vendor.get(USER_V1).await.expect(200).as_array().unwrap().len(), 1);
    vendor.delete(&path(USER_V1, &made)).await.expect(200);
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_nothing_is_made() {
    let scene = scene().await;
    let jane = scene.jane().await;
    for (body, beginning) in [
        (json!({ "expiresInMinutes": 0 }), "expiresInMinutes must be from 1 to 5256000"),
        (json!({ "expiresInMinutes": 5_256_001 }), "expiresInMinutes must be from 1 to 5256000"),
        (json!({ "description": "x".repeat(1_001) }), "description must be at most 1000"),
        (json!({ "metadata": "text" }), "metadata must be a JSON object"),
    ] {
        let refused = jane.post(USER_V1, body).await.error(400);
        assert!(refused.starts_with(beginning), "{refused}");
    }
    assert_eq!(scene.kept(&scene.of_jane()).await, 0);
}
