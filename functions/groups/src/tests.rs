//! The group through its router.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use rookery_domain::{Group, ManagedBy, RoleLevel, TenantId};
use rookery_store::Progress;
use rookery_testkit::{Client, TestApp, TestUser};
use serde_json::{Value, json};

const GROUPS: &str = "/identity/resources/groups/v1";
const PAGES: &str = "/identity/resources/groups/v2";
const CONFIGURATION: &str = "/identity/resources/groups/v1/config";

/// A server with a tenant, a vendor who speaks of it, and somebody in it.
struct Scene {
    app: TestApp,
    acme: TenantId,
    vendor: Client,
    jane: TestUser,
}

async fn scene() -> Scene {
    let app = TestApp::start(crate::router()).await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    Scene { app, acme, vendor, jane }
}

impl Scene {
    /// A new group.
    async fn group(&self, name: &str) -> String {
        let made = self.vendor.post(GROUPS, json!({ "name": name })).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// A new group with the roles of these keys.
    async fn group_with(&self, name: &str, roles: &[&str]) -> String {
        let group = self.group(name).await;
        let body = json!({ "roleIds": self.app.roles(roles).await });
        self.vendor.post(&format!("{GROUPS}/{group}/roles"), body).await.expect(201);
        group
    }

    async fn enter(&self, group: &str, user: &TestUser) {
        let body = json!({ "userIds": [user.id] });
        self.vendor.post(&format!("{GROUPS}/{group}/users"), body).await.expect(201);
    }

    /// Somebody in the tenant with a role that allows all that there is to do with groups, of this level.
    async fn manager(&self, level: i64, beside: &[&str]) -> Client {
        let permissions = [
            "fe.secure.read.groups",
            "fe.secure.write.groups",
            "fe.secure.delete.groups",
            "fe.secure.write.groupsRoles",
            "fe.secure.write.groupsUsers",
        ];
        let key = format!("Manager{level}");
        let mut role = self.app.role(&key, None);
        role.level = RoleLevel::try_from(level).unwrap();
        self.app.write_role(&role, &[permissions.as_slice(), beside].concat()).await;
        let manager = self.app.user(&format!("manager{level}@example.com"), &self.acme, &[&key]).await;
        self.app.sign_in(&manager, &self.acme).await
    }

    /// What Jane's next access token says of her roles.
    async fn roles_of_jane(&self) -> Value {
        let client = self.app.sign_in(&self.jane, &self.acme).await;
        claims(&client)["roles"].clone()
    }

    async fn configure(&self, configuration: Value) {
        self.app.vendor().post(CONFIGURATION, configuration).await.expect(201);
    }
}

/// What the access token of `client` says.
fn claims(client: &Client) -> Value {
    let token = client.access_token();
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn names(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let scene = scene().await;
    let (vendor, app) = (&scene.vendor, &scene.app);
    let sent = json!({ "name": "Editors", "color": "#336699", "description": "Who edits", "metadata": "{\"a\": 1}" });
    let made = vendor.post(GROUPS, sent.clone()).await.expect(201);
    for field in ["name", "color", "description", "metadata"] {
        assert_eq!(made[field], sent[field]);
    }
    assert_eq!(
        (&made["managedBy"], &made["roles"], &made["users"]),
        (&json!("frontegg"), &json!([]), &json!([]))
    );
    let path = format!("{GROUPS}/{}", made["id"].as_str().unwrap());
    let read = vendor.get(&path).await.expect(200);
    assert_eq!((&read["name"], read.get("roles"), read.get("users")), (&made["name"], None, None));
    app.clock().advance(std::time::Duration::from_secs(1));
    let changed = vendor.patch(&path, json!({ "name": "Writers", "color": null, "description": null })).await;
    let changed = changed.expect(200);
    assert_eq!((&changed["name"], &changed["color"]), (&json!("Writers"), &json!("#808080")));
    assert_eq!((&changed["description"], &changed["metadata"]), (&json!(""), &made["metadata"]));
    assert_eq!(changed["createdAt"], made["createdAt"]);
    assert_ne!(changed["updatedAt"], made["updatedAt"]);
    let deleted = vendor.delete(&path).await;
    assert_eq!((deleted.status(), deleted.text()), (200, ""));
    assert_eq!(vendor.delete(&path).await.error(404), "group not found");
    assert_eq!(vendor.get(&path).await.status(), 404);
    assert_eq!(vendor.patch(&path, json!({ "name": "Editors" })).await.status(), 404);
    assert_eq!(app.recorded_actions().await, ["group.created", "group.updated", "group.deleted"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let scene = scene().await;
    let path = format!("{GROUPS}/{}", scene.group("Editors").await);
    for body in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": " padded" }),
        json!({ "name": "x".repeat(201) }),
        json!({ "name": null }),
        json!({ "name": "New", "color": "url(x)" }),
        json!({ "name": "New", "description": "x".repeat(1_001) }),
        json!({ "name": "New", "metadata": "none" }),
        json!({ "name": "New", "metadata": format!("{{\"a\":\"{}\"}}", "x".repeat(4_096)) }),
    ] {
        assert_eq!(scene.vendor.post(GROUPS, body.clone()).await.status(), 400, "{body}");
        assert_eq!(scene.vendor.patch(&path, body.clone()).await.status(), 400, "{body}");
    }
    let listed = scene.vendor.get(GROUPS).await.expect(200);
    assert_eq!(names(&listed["groups"]), ["Editors"]);
}

#[tokio::test]
async fn no_two_groups_of_a_tenant_have_one_name() {
    let scene = scene().await;
    let bodies = ["Editors", "EDITORS", "editors"].map(|name| json!({ "name": name }));
    let answers = join_all(bodies.map(|body| scene.vendor.post(GROUPS, body))).await;
    let mut statuses: Vec<_> = answers.iter().map(rookery_testkit::Response::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    let path = format!("{GROUPS}/{}", scene.group("Others").await);
    let taken = scene.vendor.patch(&path, json!({ "name": "eDITORS" })).await;
    assert_eq!(taken.error(409), "a group with this name already exists");
    let labs = scene.app.tenant("Labs").await;
    let in_labs = scene.app.vendor().with("frontegg-tenant-id", labs.as_str());
    in_labs.post(GROUPS, json!({ "name": "Editors" })).await.expect(201);
}

#[tokio::test]
async fn groups_are_listed_by_page_by_id_and_with_what_is_asked_for() {
    let scene = scene().await;
    for name in ["b", "C", "a"] {
        scene.group(name).await;
        scene.app.clock().advance(std::time::Duration::from_secs(1));
    }
    let admins = scene.group_with("Admins", &["Admin"]).await;
    scene.enter(&admins, &scene.jane).await;
    let vendor = &scene.vendor;
    let all = vendor.get(GROUPS).await.expect(200);
    assert_eq!(names(&all["groups"]), ["b", "C", "a", "Admins"]);
    let page = vendor.get(&format!("{PAGES}?_sortBy=name&_limit=2&_offset=1")).await.expect(200);
    assert_eq!(names(&page["items"]), ["b", "C"]);
    assert_eq!(page["_metadata"], json!({ "totalItems": 4, "totalPages": 2 }));
    assert_eq!(page["_links"]["prev"], "?_sortBy=name&_limit=2&_offset=0");
    let last = vendor.get(&format!("{PAGES}?_order=DESC&_limit=1")).await.expect(200);
    assert_eq!(names(&last["items"]), ["Admins"]);
    for query in ["_sortBy=color", "_order=up", "_limit=0", "_groupsRelations=none"] {
        assert_eq!(vendor.get(&format!("{PAGES}?{query}")).await.status(), 400, "{query}");
    }
    let wanted = json!({ "groupsIds": [admins, scene.jane.id] });
    for (relations, roles, users) in
        [("", false, false), ("roles", true, false), ("users", false, true), ("rolesAndUsers", true, true)]
    {
        let query =
            if relations.is_empty() { String::new() } else { format!("?_groupsRelations={relations}") };
        let found = vendor.post(&format!("{GROUPS}/bulkGet{query}"), wanted.clone()).await.expect(201);
        assert_eq!(names(&found["groups"]), ["Admins"]);
        let one = &found["groups"][0];
        assert_eq!((one.get("roles").is_some(), one.get("users").is_some()), (roles, users), "{relations}");
        assert_eq!(vendor.get(&format!("{GROUPS}/{admins}{query}")).await.expect(200), *one);
        if roles && users {
            assert_eq!(one["roles"][0]["key"], "Admin");
            assert_eq!(one["users"][0]["email"], "jane@example.com");
            assert_eq!(one["users"][0]["activatedForTenant"], true);
        }
    }
    assert_eq!(vendor.post(&format!("{GROUPS}/bulkGet"), json!({ "groupsIds": ["x"] })).await.status(), 400);
}

#[tokio::test]
async fn groups_of_another_tenant_are_not_there() {
    let scene = scene().await;
    let group = scene.group_with("Editors", &["Admin"]).await;
    scene.enter(&group, &scene.jane).await;
    let labs = scene.app.tenant("Labs").await;
    let admin = scene.app.user("admin@example.com", &labs, &["Admin"]).await;
    let admin = scene.app.sign_in(&admin, &labs).await;
    let in_labs = scene.app.vendor().with("frontegg-tenant-id", labs.as_str());
    let neighbour = scene.app.neighbour().await.vendor().with("frontegg-tenant-id", scene.acme.as_str());
    let (path, users) = (format!("{GROUPS}/{group}"), json!({ "userIds": [scene.jane.id] }));
    let roles = json!({ "roleIds": scene.app.roles(&["ReadOnly"]).await });
    // A header does not move a user to another tenant.
    for stranger in [&admin.with("frontegg-tenant-id", scene.acme.as_str()), &in_labs, &neighbour] {
        assert_eq!(stranger.get(&path).await.status(), 404);
        assert_eq!(stranger.patch(&path, json!({ "name": "Mine" })).await.status(), 404);
        assert_eq!(stranger.delete(&path).await.status(), 404);
        for (below, body) in [("roles", &roles), ("users", &users)] {
            let below = format!("{path}/{below}");
            assert_eq!(stranger.post(&below, body.clone()).await.status(), 404, "{below}");
            assert_eq!(stranger.delete_with(&below, body.clone()).await.status(), 404, "{below}");
        }
    }
    assert_eq!(neighbour.get(GROUPS).await.error(404), "tenant not found");
    assert_eq!(in_labs.get(GROUPS).await.expect(200), json!({ "groups": [] }));
    assert!(scene.app.vendor().get(GROUPS).await.error(400).contains("frontegg-tenant-id"));
    assert_eq!(scene.app.anonymous().get(GROUPS).await.status(), 401);
    assert_eq!(scene.roles_of_jane().await, json!(["Admin"]));
}

#[tokio::test]
async fn roles_are_given_and_taken_all_or_none() {
    let scene = scene().await;
    let group = scene.group("Editors").await;
    scene.enter(&group, &scene.jane).await;
    let path = format!("{GROUPS}/{group}/roles");
    let roles = scene.app.roles(&["Admin", "ReadOnly"]).await;
    let unknown = json!({ "roleIds": [roles[0], scene.jane.id] });
    assert_eq!(scene.vendor.post(&path, unknown.clone()).await.error(404), "role not found");
    assert_eq!(scene.roles_of_jane().await, json!([]));
    let response = scene.vendor.post(&path, json!({ "roleIds": roles })).await;
    assert_eq!((response.status(), response.text()), (201, ""));
    assert_eq!(scene.roles_of_jane().await, json!(["Admin", "ReadOnly"]));
    assert_eq!(scene.vendor.delete_with(&path, unknown).await.status(), 404);
    assert_eq!(scene.vendor.delete_with(&path, json!({ "roleIds": [roles[0]] })).await.status(), 200);
    assert_eq!(scene.roles_of_jane().await, json!(["ReadOnly"]));
    let of_another = scene.app.role("Own", Some(&scene.app.tenant("Labs").await));
    scene.app.write_role(&of_another, &[]).await;
    assert_eq!(scene.vendor.post(&path, json!({ "roleIds": [of_another.id] })).await.status(), 404);
    // A role that the tenant made for itself counts, and one that is deleted does not.
    let own = scene.app.role("Own", Some(&scene.acme));
    scene.app.write_role(&own, &[]).await;
    scene.vendor.post(&path, json!({ "roleIds": [own.id] })).await.expect(201);
    assert_eq!(scene.roles_of_jane().await, json!(["Own", "ReadOnly"]));
    let (environment, catalog) = (scene.app.environment(), scene.app.environment());
    let found = environment.catalog().find_roles(&[own.id], Some(&scene.acme)).await.unwrap().unwrap();
    let removed = catalog.catalog().remove(found, |_| Ok::<_, rookery_http::ApiError>(())).await;
    assert!(removed.unwrap());
    assert_eq!(scene.roles_of_jane().await, json!(["ReadOnly"]));
    let shown = scene.vendor.get(&format!("{GROUPS}/{group}?_groupsRelations=roles")).await.expect(200);
    assert_eq!(shown["roles"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_enter_and_leave_all_or_none() {
    let scene = scene().await;
    let group = scene.group_with("Editors", &["ReadOnly"]).await;
    let path = format!("{GROUPS}/{group}/users");
    let stranger = scene.app.user("stranger@example.com", &scene.app.tenant("Labs").await, &[]).await;
    let both = json!({ "userIds": [scene.jane.id, stranger.id] });
    assert_eq!(scene.vendor.post(&path, both.clone()).await.error(404), "user not found");
    assert_eq!(scene.roles_of_jane().await, json!([]));
    let jane = json!({ "userIds": [scene.jane.id, scene.jane.id] });
    for _ in 0..2 {
        let response = scene.vendor.post(&path, jane.clone()).await;
        assert_eq!((response.status(), response.text()), (201, ""));
    }
    assert_eq!(scene.roles_of_jane().await, json!(["ReadOnly"]));
    assert_eq!(scene.vendor.delete_with(&path, both).await.status(), 404);
    for _ in 0..2 {
        assert_eq!(scene.vendor.delete_with(&path, jane.clone()).await.status(), 200);
    }
    assert_eq!(scene.roles_of_jane().await, json!([]));
    let many: Vec<_> = (0..49).map(uuid::Uuid::from_u128).collect();
    assert!(scene.vendor.post(&path, json!({ "userIds": many })).await.error(400).contains("at most 48"));
    let words = scene.app.recorded_actions().await;
    let changes = words.iter().filter(|word| *word == "group.membersChanged").count();
    assert_eq!(changes, 2, "what changes nothing is not recorded");
}

#[tokio::test]
async fn a_group_that_is_deleted_gives_nothing_and_its_users_stay() {
    let scene = scene().await;
    let group = scene.group_with("Editors", &["Admin"]).await;
    scene.enter(&group, &scene.jane).await;
    let (environment, id) = (scene.app.environment(), group.parse().unwrap());
    let groups = environment.groups();
    let begun = groups.remove(&scene.acme, id, |_| Ok::<_, rookery_http::ApiError>(()), &|| false);
    assert_eq!(begun.await.unwrap(), Progress::Unfinished);
    assert_eq!(scene.roles_of_jane().await, json!([]), "from the first moment on");
    assert_eq!(scene.vendor.delete(&format!("{GROUPS}/{group}")).await.status(), 200);
    let jane = environment.users().get(scene.jane.id).await.unwrap().unwrap();
    assert_eq!(jane.memberships[0].group_ids, []);
}

#[tokio::test]
async fn users_give_and_take_only_what_is_weaker_than_theirs() {
    let scene = scene().await;
    let strong = scene.app.role("Strong", None);
    scene.app.write_role(&strong, &[]).await;
    let mut weak = scene.app.role("Weak", None);
    weak.level = RoleLevel::try_from(20).unwrap();
    scene.app.write_role(&weak, &[]).await;
    let mut powerful = scene.app.role("Powerful", None);
    powerful.level = RoleLevel::try_from(20).unwrap();
    scene.app.write_role(&powerful, &["fe.secure.delete.users"]).await;
    let (strong_group, weak_group) =
        (scene.group_with("Strong", &["Strong"]).await, scene.group_with("Weak", &["Weak"]).await);
    let manager = scene.manager(10, &[]).await;
    let users = json!({ "userIds": [scene.jane.id] });
    let path = |group: &str, below: &str| format!("{GROUPS}/{group}/{below}");
    manager.post(&path(&weak_group, "users"), users.clone()).await.expect(201);
    assert_eq!(manager.post(&path(&strong_group, "users"), users.clone()).await.status(), 403);
    scene.enter(&strong_group, &scene.jane).await;
    assert_eq!(manager.delete_with(&path(&strong_group, "users"), users.clone()).await.status(), 403);
    assert_eq!(manager.delete(&format!("{GROUPS}/{strong_group}")).await.status(), 403);
    for refused in [strong.id, powerful.id] {
        let roles = json!({ "roleIds": [weak.id, refused] });
        assert_eq!(manager.post(&path(&weak_group, "roles"), roles).await.status(), 403);
    }
    let roles = json!({ "roleIds": [strong.id] });
    assert_eq!(manager.delete_with(&path(&strong_group, "roles"), roles.clone()).await.status(), 403);
    assert_eq!(scene.roles_of_jane().await, json!(["Strong", "Weak"]));
    let weak = json!({ "roleIds": [weak.id] });
    assert_eq!(manager.delete_with(&path(&weak_group, "roles"), weak.clone()).await.status(), 200);
    manager.post(&path(&weak_group, "roles"), weak).await.expect(201);
    assert_eq!(manager.delete_with(&path(&weak_group, "users"), users).await.status(), 200);
    assert_eq!(manager.delete(&format!("{GROUPS}/{weak_group}")).await.status(), 200);
    assert_eq!(scene.roles_of_jane().await, json!(["Strong"]));
}

#[tokio::test]
async fn each_thing_needs_its_permission_and_a_group_can_give_it() {
    let scene = scene().await;
    let group = scene.group("Editors").await;
    let path = format!("{GROUPS}/{group}");
    let jane = scene.app.sign_in(&scene.jane, &scene.acme).await;
    let (roles, users) = (json!({ "roleIds": [] }), json!({ "userIds": [] }));
    for response in [
        jane.get(GROUPS).await,
        jane.get(PAGES).await,
        jane.get(&path).await,
        jane.post(&format!("{GROUPS}/bulkGet"), json!({ "groupsIds": [] })).await,
        jane.post(GROUPS, json!({ "name": "Mine" })).await,
        jane.patch(&path, json!({ "name": "Mine" })).await,
        jane.delete(&path).await,
        jane.post(&format!("{path}/roles"), roles.clone()).await,
        jane.delete_with(&format!("{path}/roles"), roles).await,
        jane.post(&format!("{path}/users"), users.clone()).await,
        jane.delete_with(&format!("{path}/users"), users).await,
    ] {
        assert!(response.error(403).contains("fe.secure."));
    }
    scene.app.write_role(&scene.app.role("Reader", None), &["fe.secure.read.groups"]).await;
    let readers = scene.group_with("Readers", &["Reader"]).await;
    scene.enter(&readers, &scene.jane).await;
    assert_eq!(names(&jane.get(GROUPS).await.expect(200)["groups"]).len(), 2);
    assert_eq!(jane.delete(&path).await.status(), 403);
    scene.vendor.delete(&format!("{GROUPS}/{readers}")).await.expect(200);
    assert_eq!(jane.get(GROUPS).await.status(), 403);
}

#[tokio::test]
async fn groups_that_are_switched_off_count_for_nothing() {
    let scene = scene().await;
    let group = scene.group_with("Editors", &["Admin"]).await;
    scene.enter(&group, &scene.jane).await;
    let jane = scene.app.sign_in(&scene.jane, &scene.acme).await;
    let vendor = scene.app.vendor();
    assert_eq!(vendor.get(CONFIGURATION).await.expect(200), json!({ "enabled": true, "rolesEnabled": true }));
    scene.configure(json!({ "rolesEnabled": false })).await;
    assert_eq!(scene.roles_of_jane().await, json!([]));
    let roles = json!({ "roleIds": scene.app.roles(&["ReadOnly"]).await });
    assert_eq!(scene.vendor.post(&format!("{GROUPS}/{group}/roles"), roles).await.status(), 400);
    scene.vendor.get(GROUPS).await.expect(200);
    scene.configure(json!({ "enabled": false, "rolesEnabled": true })).await;
    assert_eq!(scene.roles_of_jane().await, json!([]));
    assert!(scene.vendor.get(GROUPS).await.error(403).contains("switched off"));
    assert_eq!(scene.vendor.delete(&format!("{GROUPS}/{group}")).await.status(), 403);
    let off = json!({ "enabled": false, "rolesEnabled": true });
    assert_eq!(jane.get(CONFIGURATION).await.expect(200), off);
    assert_eq!(jane.post(CONFIGURATION, json!({ "enabled": true })).await.status(), 403);
    assert_eq!(vendor.post(CONFIGURATION, json!({ "enabled": null })).await.status(), 400);
    assert_eq!(vendor.post(CONFIGURATION, json!({})).await.expect(201), off);
    scene.configure(json!({ "enabled": true })).await;
    assert_eq!(scene.roles_of_jane().await, json!(["Admin"]));
}

#[tokio::test]
async fn what_another_system_maintains_is_read_only_but_for_its_roles() {
    let scene = scene().await;
    let environment = scene.app.environment();
    let id = scene.group("Staff").await.parse().unwrap();
    let now = scene.app.state().now();
    let maintained = |group: &mut Group| {
        group.managed_by = ManagedBy::Scim2;
        Ok::<_, rookery_http::ApiError>(())
    };
    let groups = environment.groups();
    let action = rookery_domain::Action::GroupUpdated;
    groups.update(&scene.acme, id, action, now, maintained).await.unwrap().unwrap();
    let path = format!("{GROUPS}/{id}");
    assert_eq!(scene.vendor.get(&path).await.expect(200)["managedBy"], "scim2");
    let users = json!({ "userIds": [scene.jane.id] });
    assert_eq!(scene.vendor.patch(&path, json!({ "name": "Other" })).await.status(), 400);
    assert_eq!(scene.vendor.post(&format!("{path}/users"), users.clone()).await.status(), 400);
    assert_eq!(scene.vendor.delete_with(&format!("{path}/users"), users).await.status(), 400);
    scene.vendor.patch(&path, json!({ "name": "Staff", "color": "red" })).await.expect(200);
    let roles = json!({ "roleIds": scene.app.roles(&["ReadOnly"]).await });
    scene.vendor.post(&format!("{path}/roles"), roles).await.expect(201);
}

#[tokio::test]
async fn users_see_neither_who_is_invisible_nor_more_than_the_address_of_who_has_not_joined() {
    let scene = scene().await;
    let group = scene.group("Editors").await;
    let hidden = scene.app.user("hidden@example.com", &scene.acme, &[]).await;
    let invited = scene.app.user("invited@example.com", &scene.acme, &[]).await;
    let environment = scene.app.environment();
    let users = environment.users();
    let hide = users.update(hidden.id, None, |user| {
        user.invisible = true;
        Ok::<_, rookery_http::ApiError>(())
    });
    hide.await.unwrap().unwrap();
    let invite = users.update(invited.id, None, |user| {
        user.memberships[0].status = rookery_domain::MembershipStatus::NotActivated;
        Ok::<_, rookery_http::ApiError>(())
    });
    invite.await.unwrap().unwrap();
    scene.enter(&group, &hidden).await;
    scene.enter(&group, &invited).await;
    let path = format!("{GROUPS}/{group}?_groupsRelations=users");
    let shown = scene.vendor.get(&path).await.expect(200);
    assert_eq!(shown["users"].as_array().unwrap().len(), 2);
    let manager = scene.manager(10, &[]).await;
    let shown = manager.get(&path).await.expect(200);
    let shown = shown["users"].as_array().unwrap();
    assert_eq!(
        (shown.len(), &shown[0]["email"], &shown[0]["name"]),
        (1, &json!("invited@example.com"), &json!(""))
    );
    let body = json!({ "userIds": [hidden.id] });
    assert_eq!(manager.delete_with(&format!("{GROUPS}/{group}/users"), body).await.status(), 404);
}

#[tokio::test]
async fn requests_take_these_round_trips() {
    let scene = scene().await;
    let group = scene.group_with("Editors", &["Admin"]).await;
    scene.enter(&group, &scene.jane).await;
    let jane = scene.app.sign_in(&scene.jane, &scene.acme).await;
    let waves = || scene.app.store().round_trips().waves();
    let mut counted = Vec::new();
    for (client, path) in [(&scene.vendor, GROUPS), (&scene.vendor, PAGES), (&jane, GROUPS)] {
        let before = waves();
        client.get(path).await.expect(200);
        counted.push(waves() - before);
    }
    assert_eq!(counted, [2, 2, 3]);
}
