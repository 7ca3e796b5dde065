//! API tokens that stand for a tenant.

use futures::future::join_all;
use rookery_domain::{
    AssignmentType, MachineToMachineAuthStrategy, Permission, PermissionId, PlainToken, Role,
};
use rookery_testkit::{Client, Response};
use serde_json::{Value, json};

use super::{Scene, TENANT_V1, TENANT_V2, USER_V1, path, scene};

const READ: &str = "fe.secure.read.tenantApiTokens";
const WRITE: &str = "fe.secure.write.tenantApiTokens";
const DELETE: &str = "fe.secure.delete.tenantApiTokens";

#[tokio::test]
async fn a_token_is_made_in_both_versions_and_its_secret_is_told_once() {
    let scene = scene().await;
    let (vendor, role) = (scene.vendor(), scene.role_id("ReadOnly").await);
    for version in [TENANT_V1, TENANT_V2] {
        let body = json!({
            "description": "Nightly export",
            "metadata": { "team": "data" },
            "roleIds": [role],
            "expiresInMinutes": 1_440,
            "somethingElse": 1,
        });
        let mut made = vendor.post(version, body).await.expect(201);
        let secret = made.as_object_mut().unwrap().remove("secret").unwrap();
        assert_eq!(secret.as_str().unwrap().len(), 36, "a UUID");
        assert_eq!(
            made,
            json!({
                "clientId": made["clientId"],
                "description": "Nightly export",
                "tenantId": scene.acme,
                "createdByUserId": null,
                "metadata": { "team": "data" },
                "createdAt": "2026-01-01T00:00:00.000Z",
                "permissionIds": [],
                "roleIds": [role],
                "expires": "2026-01-02T00:00:00.000Z",
            })
        );
        let listed = vendor.get(TENANT_V1).await.expect(200);
        assert!(listed.as_array().unwrap().contains(&made), "as it was made, without the secret");
        let id = made["clientId"].as_str().unwrap().parse().unwrap();
        let kept = scene.app.environment().api_tokens().get(id).await.unwrap().unwrap();
        let secret = PlainToken::presented(secret.as_str().unwrap().to_owned());
        assert!(kept.accepts(&secret, scene.app.state().now()));
        assert!(!serde_json::to_string(&kept).unwrap().contains(secret.expose()));
    }
    assert_eq!(vendor.get(TENANT_V1).await.expect(200).as_array().unwrap().len(), 2);
    let bare = vendor.post(TENANT_V2, json!({})).await.expect(201);
    for (field, value) in [("description", Value::Null), ("metadata", json!({})), ("expires", Value::Null)] {
        assert_eq!(bare[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_user_who_makes_one_is_named_and_the_tenant_is_theirs() {
    let scene = scene().await;
    let labs = scene.app.tenant("Labs").await;
    let jane = scene.jane().await.with("frontegg-tenant-id", labs.as_str());
    let made = jane.post(TENANT_V1, json!({})).await.expect(201);
    assert_eq!((&made["createdByUserId"], &made["tenantId"]), (&json!(scene.jane.id), &json!(scene.acme)));
}

#[tokio::test]
async fn roles_win_over_permissions() {
    let scene = scene().await;
    let (vendor, role) = (scene.vendor(), scene.role_id("Admin").await);
    let permission = scene.permission_id("fe.secure.read.users").await;
    for (roles, permissions, expected) in [
        (json!([role, role]), json!([permission]), (json!([role]), json!([]))),
        (json!([]), json!([permission]), (json!([]), json!([permission]))),
        (json!(null), json!([permission, permission]), (json!([]), json!([permission]))),
        (json!([]), json!([]), (json!([]), json!([]))),
    ] {
        let body = json!({ "roleIds": roles, "permissionIds": permissions });
        let made = vendor.post(TENANT_V2, body.clone()).await.expect(201);
        assert_eq!((made["roleIds"].clone(), made["permissionIds"].clone()), expected, "{body}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_nothing_is_made() {
    let scene = scene().await;
    let foreign = scene.app.role("Foreign", Some(&scene.app.tenant("Labs").await));
    scene.app.write_role(&foreign, &[]).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let vendor = scene.vendor();
    for (body, status, beginning) in [
        (json!({ "expiresInMinutes": 0 }), 400, "expiresInMinutes must be from 1 to 5256000"),
        (json!({ "expiresInMinutes": 5_256_001 }), 400, "expiresInMinutes must be from 1 to 5256000"),
        (json!({ "expiresInMinutes": 1.5 }), 400, "expiresInMinutes: "),
        (json!({ "description": "x".repeat(1_001) }), 400, "description must be at most 1000"),
        (json!({ "metadata": [] }), 400, "metadata must be a JSON object"),
        (json!({ "metadata": { "a": "x".repeat(4_096) } }), 400, "metadata must be at most 4096 bytes"),
        (json!({ "roleIds": ["nonsense"] }), 400, "roleIds[0]: "),
        (json!({ "roleIds": vec![unknown; 101] }), 400, "roleIds must name at most 100"),
        (json!({ "permissionIds": vec![unknown; 101] }), 400, "permissionIds must name at most 100"),
        (json!({ "roleIds": [unknown] }), 404, "role not found"),
        (json!({ "roleIds": [foreign.id.to_string()] }), 404, "role not found"),
        (json!({ "permissionIds": [unknown] }), 404, "permission not found"),
    ] {
        for version in [TENANT_V1, TENANT_V2] {
            let refused = vendor.post(version, body.clone()).await.error(status);
            assert!(refused.starts_with(beginning), "{beginning}: {refused}");
        }
    }
    assert_eq!(scene.kept(&scene.of_acme()).await, 0);
    for minutes in [json!(1), json!(5_256_000), json!(60.0)] {
        vendor.post(TENANT_V2, json!({ "expiresInMinutes": minutes })).await.expect(201);
    }
    let nowhere = vendor.with("frontegg-tenant-id", "nowhere");
    assert_eq!(nowhere.post(TENANT_V2, json!({})).await.error(404), "tenant not found");
    assert_eq!(nowhere.get(TENANT_V1).await.expect(200), json!([]));
}

#[tokio::test]
async fn the_environment_says_whether_there_can_be_any() {
    let scene = scene().await;
    let (jane, vendor) = (scene.jane().await, scene.vendor());
    let made = vendor.post(TENANT_V1, json!({})).await.expect(201);
    let refusal = async |of: &str| {
        for (client, path) in
            [(&vendor, TENANT_V1), (&vendor, TENANT_V2), (&jane, TENANT_V1), (&jane, USER_V1)]
        {
            assert_eq!(client.post(path, json!({})).await.error(403), of);
        }
    };
    scene.configure(|configuration| configuration.api_tokens_enabled = false).await;
    refusal("Api tokens are disabled").await;
    scene
        .configure(|configuration| {
            configuration.api_tokens_enabled = true;
            configuration.machine_to_machine_auth_strategy = MachineToMachineAuthStrategy::AccessToken;
        })
        .await;
    refusal("this environment's machines sign in with access tokens, not with API tokens").await;
    // Those that are there are managed all the same.
    vendor.get(TENANT_V1).await.expect(200);
    vendor.patch(&path(TENANT_V1, &made), json!({ "description": "Old" })).await.expect(200);
    vendor.delete(&path(TENANT_V1, &made)).await.expect(200);
}

#[tokio::test]
async fn each_route_needs_a_permission_of_its_own() {
    let scene = scene().await;
    let made = scene.vendor().post(TENANT_V1, json!({})).await.expect(201);
    let one = path(TENANT_V1, &made);
    let statuses = async |client: &Client| {
        let read = client.get(TENANT_V1).await.status();
        let write = client.post(TENANT_V1, json!({})).await.status();
        let write_v2 = client.post(TENANT_V2, json!({})).await.status();
        let change = client.patch(&one, json!({})).await.status();
        let delete = client.delete(&path(TENANT_V1, &json!({ "clientId": scene.jane.id }))).await.status();
        [read, write, write_v2, change, delete]
    };
    let reader = scene.holding("reader@example.com", &[READ]).await;
    assert_eq!(statuses(&reader).await, [200, 403, 403, 403, 403]);
    let writer = scene.holding("writer@example.com", &[WRITE]).await;
    assert_eq!(statuses(&writer).await, [403, 201, 201, 200, 403]);
    let deleter = scene.holding("deleter@example.com", &[DELETE]).await;
    assert_eq!(statuses(&deleter).await, [403, 403, 403, 403, 404]);
    assert_eq!(statuses(&scene.jane().await).await, [200, 201, 201, 200, 404]);
    assert_eq!(statuses(&scene.app.anonymous()).await, [401; 5]);
    let nameless = scene.app.vendor();
    assert_eq!(statuses(&nameless).await, [400; 5], "a vendor names the tenant");
}

#[tokio::test]
async fn nobody_gives_a_token_more_than_they_have() {
    let scene = scene().await;
    let writer = scene.holding("writer@example.com", &[WRITE, READ]).await;
    let weak = scene.app.role("Weak", None);
    let weak = Role { level: 5.try_into().unwrap(), ..weak };
    scene.app.write_role(&weak, &[READ]).await;
    let stronger = Role { id: scene.app.role("x", None).id, key: "Users".into(), ..weak.clone() };
    scene.app.write_role(&stronger, &["fe.secure.write.users"]).await;
    let (admin, own) = (scene.role_id("Admin").await, scene.role_id("writer@example.com").await);
    let (read, users) = (scene.permission_id(READ).await, scene.permission_id("fe.secure.write.users").await);
    let (weak, stronger) = (weak.id.to_string(), stronger.id.to_string());
    for (body, status) in [
        (json!({ "roleIds": [weak] }), 201),
        (json!({ "roleIds": [admin] }), 403),
        (json!({ "roleIds": [own] }), 403),
        (json!({ "roleIds": [weak, stronger] }), 403),
        (json!({ "permissionIds": [read] }), 201),
        (json!({ "permissionIds": [read, users] }), 403),
    ] {
        for version in [TENANT_V1, TENANT_V2] {
            assert_eq!(writer.post(version, body.clone()).await.status(), status, "{body}");
        }
        let mine = scene.vendor().post(TENANT_V1, json!({})).await.expect(201);
        let status = if status == 201 { 200 } else { status };
        assert_eq!(writer.patch(&path(TENANT_V1, &mine), body.clone()).await.status(), status, "{body}");
    }
    let jane = scene.jane().await;
    jane.post(TENANT_V1, json!({ "roleIds": [admin] })).await.expect(201);
    jane.post(TENANT_V1, json!({ "permissionIds": [users] })).await.expect(201);

    // What a vendor gave stays, and may neither be given on nor taken.
    let strong = scene.vendor().post(TENANT_V1, json!({ "roleIds": [admin] })).await.expect(201);
    let strong = path(TENANT_V1, &strong);
    let kept = json!({ "roleIds": [admin, weak], "description": "Ours" });
    assert_eq!(writer.patch(&strong, kept).await.expect(200)["description"], "Ours");
    for taken in [json!({ "roleIds": [weak] }), json!({ "roleIds": [] }), json!({ "permissionIds": [read] })]
    {
        assert_eq!(writer.patch(&strong, taken.clone()).await.status(), 403, "{taken}");
    }
    let without_role = scene.app.user("none@example.com", &scene.acme, &[]).await;
    let without_role = scene.app.sign_in(&without_role, &scene.acme).await;
    scene.configure(|configuration| configuration.force_permissions = false).await;
    without_role.post(TENANT_V1, json!({})).await.expect(201);
    assert_eq!(without_role.post(TENANT_V1, json!({ "roleIds": [weak] })).await.status(), 403);
}

#[tokio::test]
async fn a_permission_says_whether_tenants_may_give_it() {
    let scene = scene().await;
    let (jane, vendor) = (scene.jane().await, scene.vendor());
    let now = scene.app.state().now();
    for (assignment_type, by_user) in
        [(AssignmentType::Never, 403), (AssignmentType::Assignable, 403), (AssignmentType::Always, 201)]
    {
        let permission = Permission {
            id: PermissionId::random(&*scene.app.state().entropy),
            key: format!("docs.{assignment_type:?}"),
            name: "Documents".to_owned(),
            description: None,
            category_id: None,
            assignment_type,
            built_in: false,
            created_at: now,
            updated_at: now,
        };
        scene.app.environment().catalog().create(std::slice::from_ref(&permission)).await.unwrap();
        let body = json!({ "permissionIds": [permission.id.to_string()] });
        assert_eq!(jane.post(TENANT_V2, body.clone()).await.status(), by_user, "{assignment_type:?}");
        assert_eq!(vendor.post(TENANT_V2, body).await.status(), 201, "{assignment_type:?}");
    }
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays_as_it_is() {
    let scene = scene().await;
    let (vendor, role) = (scene.vendor(), scene.role_id("Admin").await);
    let permission = scene.permission_id("fe.secure.read.users").await;
    let body = json!({ "description": "First", "metadata": { "a": 1 }, "roleIds": [role] });
    let made = vendor.post(TENANT_V1, body).await.expect(201);
    let one = path(TENANT_V1, &made);
    let without_secret = async || vendor.get(TENANT_V1).await.expect(200)[0].clone();
    assert_eq!(vendor.patch(&one, json!({})).await.expect(200), without_secret().await);
    let changed = vendor.patch(&one, json!({ "description": "Second" })).await.expect(200);
    assert_eq!((&changed["description"], &changed["metadata"]), (&json!("Second"), &json!({ "a": 1 })));
    assert_eq!(changed["roleIds"], json!([role]));
    let changed = vendor.patch(&one, json!({ "permissionIds": [permission] })).await.expect(200);
    assert_eq!((&changed["roleIds"], &changed["permissionIds"]), (&json!([]), &json!([permission])));
    let changed =
        vendor.patch(&one, json!({ "description": null, "metadata": { "b": 2 } })).await.expect(200);
    assert_eq!((&changed["description"], &changed["metadata"]), (&Value::Null, &json!({ "b": 2 })));
    assert_eq!(changed["permissionIds"], json!([permission]));
    assert_eq!(without_secret().await, changed);
    for (body, beginning) in [
        (json!({ "metadata": null }), "metadata: it cannot be null"),
        (json!({ "roleIds": null }), "roleIds: it cannot be null"),
        (json!({ "metadata": 1 }), "metadata must be a JSON object"),
        (json!({ "description": "a\nb" }), "description must not contain control characters"),
    ] {
        let refused = vendor.patch(&one, body).await.error(400);
        assert!(refused.starts_with(beginning), "{refused}");
    }
    assert_eq!(without_secret().await, changed);
}

#[tokio::test]
async fn a_token_of_another_tenant_or_another_environment_is_not_found() {
    let scene = scene().await;
    let made = scene.vendor().post(TENANT_V1, json!({})).await.expect(201);
    let of_jane = scene.for_jane().post(USER_V1, json!({})).await.expect(201);
    let labs = scene.app.tenant("Labs").await;
    let joe = scene.app.user("joe@example.com", &labs, &["Admin"]).await;
    let joe = scene.app.sign_in(&joe, &labs).await;
    let elsewhere = scene.app.vendor().with("frontegg-tenant-id", labs.as_str());
    let neighbour = scene.app.neighbour().await;
    let theirs = neighbour.vendor().with("frontegg-tenant-id", scene.acme.as_str());
    for client in [&joe, &elsewhere, &theirs] {
        assert_eq!(client.get(TENANT_V1).await.expect(200), json!([]));
        for client_id in [&made, &of_jane] {
            let one = path(TENANT_V1, client_id);
            assert_eq!(
                client.patch(&one, json!({ "description": "x" })).await.error(404),
                "API token not found"
            );
            assert_eq!(client.delete(&one).await.error(404), "API token not found");
        }
    }
    let own = scene.vendor();
    assert_eq!(own.patch(&path(TENANT_V1, &of_jane), json!({})).await.status(), 404, "it is a user's");
    assert_eq!(own.delete(&path(TENANT_V1, &of_jane)).await.status(), 404);
    assert_eq!(own.delete(&format!("{TENANT_V1}/nonsense")).await.status(), 404);
    assert_eq!(own.get(TENANT_V1).await.expect(200)[0]["description"], Value::Null);
    assert_eq!((scene.kept(&scene.of_acme()).await, scene.kept(&scene.of_jane()).await), (1, 1));
}

#[tokio::test]
async fn a_deleted_token_is_gone_once() {
    let scene = scene().await;
    let jane = scene.jane().await;
    let made = jane.post(TENANT_V1, json!({})).await.expect(201);
    let one = path(TENANT_V1, &made);
    let answers = join_all((0..4).map(|_| jane.delete(&one))).await;
    let mut statuses: Vec<_> = answers.iter().map(Response::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404]);
    assert_eq!(jane.patch(&one, json!({})).await.status(), 404);
    assert_eq!(scene.kept(&scene.of_acme()).await, 0);
}

#[tokio::test]
async fn what_is_done_is_recorded_and_secrets_are_not() {
    let scene = scene().await;
    let jane = scene.jane().await;
    let mut secrets = Vec::new();
    for of in [TENANT_V1, USER_V1] {
        let made = jane.post(of, json!({ "description": "Export" })).await.expect(201);
        secrets.push(made["secret"].as_str().unwrap().to_owned());
        if of == TENANT_V1 {
            jane.patch(&path(of, &made), json!({ "description": "Exports" })).await.expect(200);
        }
        jane.delete(&path(of, &made)).await.expect(200);
    }
    let recorded = scene.app.recorded().await;
    let words: Vec<_> = recorded.iter().filter_map(|record| record.action.as_deref()).collect();
    assert_eq!(
        words,
        [
            "tenantApiToken.created",
            "tenantApiToken.updated",
            "tenantApiToken.deleted",
            "userApiToken.created",
            "userApiToken.deleted"
        ]
    );
    assert!(recorded.iter().all(|record| record.tenant_id.as_ref() == Some(&scene.acme)));
    assert!(recorded.iter().all(|record| record.user == Some(scene.jane.id.to_string())));
    let text = serde_json::to_string(&recorded).unwrap();
    assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())));
}

#[tokio::test]
async fn changes_at_the_same_moment_are_all_kept() {
    let scene: Scene = scene().await;
    let vendor = scene.vendor();
    let one = path(TENANT_V1, &vendor.post(TENANT_V1, json!({})).await.expect(201));
    let role = scene.role_id("Admin").await;
    let changes =
        [json!({ "description": "a" }), json!({ "metadata": { "b": 1 } }), json!({ "roleIds": [role] })];
    for answer in join_all(changes.map(|body| vendor.patch(&one, body))).await {
        answer.expect(200);
    }
    let kept = vendor.get(TENANT_V1).await.expect(200)[0].clone();
    assert_eq!(
        (&kept["description"], &kept["metadata"], &kept["roleIds"]),
        (&json!("a"), &json!({ "b": 1 }), &json!([role]))
    );
}
