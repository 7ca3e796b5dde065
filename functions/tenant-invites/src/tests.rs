//! The group through its router.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{
    IdentityConfiguration, Membership, MembershipStatus, Role, TemplateKind, TenantId, TenantInvite,
};
use rookery_testkit::{Client, TestApp, TestUser};
use serde_json::{Value, json};

const INVITES: &str = "/identity/resources/tenants/invites/v1";
const ALL: &str = "/identity/resources/tenants/invites/v1/all";
const OWN: &str = "/identity/resources/tenants/invites/v1/user";
const OWN_V2: &str = "/identity/resources/tenants/invites/v2/user";
const VERIFY: &str = "/identity/resources/tenants/invites/v1/verify";
const CONFIGURATION: &str = "/identity/resources/tenants/invites/v1/configuration";

/// A server, and Jane, who is an administrator of Acme.
struct Scene {
    app: TestApp,
    acme: TenantId,
    jane: TestUser,
    client: Client,
}

async fn scene() -> Scene {
    let app = TestApp::start(crate::router()).await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let scene = Scene { app, acme, jane, client };
    scene.configure(|configuration| configuration.allow_tenant_invitations = true).await;
    scene
}

impl Scene {
    async fn configure(&self, change: impl Fn(&mut IdentityConfiguration)) {
        let environment = self.app.environment();
        let updated = environment.update(|environment| {
            change(&mut environment.configuration);
            Ok::<_, std::convert::Infallible>(())
        });
        updated.await.unwrap().unwrap();
    }

    /// A new link of Jane's.
    async fn own(&self) -> Value {
        self.client.post(OWN, json!({})).await.expect(201)
    }

    /// A new link of a vendor's to Acme, with what `more` says.
    async fn vendors(&self, more: Value) -> Value {
        let mut body = json!({ "tenantId": self.acme });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.vendor().post(INVITES, body).await.expect(201)
    }

    async fn all(&self) -> Vec<Value> {
        self.app.vendor().get(ALL).await.expect(200).as_array().unwrap().clone()
    }

    /// Whether somebody could join by the link.
    async fn works(&self, invite: &Value) -> bool {
        let answer = self.app.anonymous().post(VERIFY, json!({ "token": invite["token"] })).await;
        assert!(answer.status() == 200 || answer.error(404) == "invitation not found", "{}", answer.text());
        answer.status() == 200
    }

    fn advance(&self, minutes: u64) {
        self.app.clock().advance(Duration::from_mins(minutes));
    }

    /// A vendor who acts for Jane in Acme.
    fn for_jane(&self) -> Client {
        let vendor = self.app.vendor().with("frontegg-tenant-id", self.acme.as_str());
        vendor.with("frontegg-user-id", &self.jane.id.to_string())
    }
}

fn path_of(invite: &Value) -> String {
    format!("{INVITES}/token/{}", invite["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_member_makes_reads_changes_and_deletes_their_link() {
    let scene = scene().await;
    assert_eq!(scene.client.get(OWN).await.error(404), "invitation not found");
    let body = json!({ "expiresInMinutes": 60, "shouldSendEmail": true });
    let made = scene.client.post(OWN, body).await.expect(201);
    assert_eq!(
        (&made["tenantId"], &made["userId"], &made["name"]),
        (&json!(scene.acme), &json!(scene.jane.id), &json!("Acme"))
    );
    assert_eq!(made["vendorId"], json!(scene.app.environment().id()));
    assert_eq!(
        (&made["expires"], &made["shouldSendEmail"], &made["roleIds"]),
        (&json!("2026-01-01T01:00:00.000Z"), &json!(true), &json!([]))
    );
    assert_eq!(made["token"].as_str().unwrap().len(), 43);
    assert_eq!(scene.client.get(OWN).await.expect(200), made);

    scene.advance(4);
    let changed = scene.client.patch(OWN, json!({ "shouldSendEmail": false })).await.expect(200);
    assert_eq!((&changed["expires"], &changed["shouldSendEmail"]), (&made["expires"], &json!(false)));
    let changed = scene.client.patch(OWN, json!({ "expiresInMinutes": 45 })).await.expect(200);
    assert_eq!(
        (&changed["expires"], &changed["token"]),
        (&json!("2026-01-01T00:49:00.000Z"), &made["token"])
    );

    let removed = scene.client.delete(OWN).await;
    assert_eq!((removed.status(), removed.text()), (200, ""));
    assert!(!scene.works(&made).await);
    for answer in [
        scene.client.get(OWN).await,
        scene.client.delete(OWN).await,
        scene.client.patch(OWN, json!({})).await,
    ] {
        assert_eq!(answer.error(404), "invitation not found");
    }
    let words = "tenantInvite.created tenantInvite.updated tenantInvite.updated tenantInvite.deleted";
    assert_eq!(scene.app.recorded_actions().await.join(" "), words);
    let record = scene.app.recorded().await.remove(0);
    assert_eq!(
        (record.tenant_id.as_ref(), record.json["inviteId"].as_str()),
        (Some(&scene.acme), made["id"].as_str())
    );
    assert!(!serde_json::to_string(&record).unwrap().contains(made["token"].as_str().unwrap()));
}

#[tokio::test]
async fn another_link_takes_the_place_of_the_one_before() {
    let scene = scene().await;
    let (first, second) = (scene.own().await, scene.own().await);
    assert_ne!(first["id"], second["id"]);
    assert!(!scene.works(&first).await && scene.works(&second).await);
    assert_eq!(scene.all().await, std::slice::from_ref(&second));
    let made = join_all((0..5).map(|_| scene.client.post(OWN, json!({})))).await;
    assert!(made.iter().all(|answer| answer.status() == 201));
    let left = scene.client.get(OWN).await.expect(200);
    for answer in &made {
        assert_eq!(scene.works(&answer.json()).await, answer.json()["id"] == left["id"]);
    }
    assert_eq!(scene.all().await, [left]);
}

#[tokio::test]
async fn a_link_works_for_seven_days_or_for_as_long_as_its_maker_says() {
    let scene = scene().await;
    let invite = scene.own().await;
    assert_eq!(invite["expires"], "2026-01-08T00:00:00.000Z");
    let year = scene.vendors(json!({ "expiresInMinutes": 525_600 })).await;
    assert_eq!(year["expires"], "2027-01-01T00:00:00.000Z");
    for minutes in [json!(0), json!(-5), json!(525_601), json!(1.5), json!("60")] {
        let body = json!({ "tenantId": scene.acme, "expiresInMinutes": minutes });
        for answer in [
            scene.client.post(OWN, body.clone()).await,
            scene.client.patch(OWN, body.clone()).await,
            scene.app.vendor().post(INVITES, body.clone()).await,
        ] {
            assert!(answer.error(400).starts_with("expiresInMinutes"), "{minutes}: {}", answer.text());
        }
    }
    assert!(scene.works(&invite).await, "what is refused changes nothing");
    scene.advance(7 * 24 * 60);
    assert!(!scene.works(&invite).await && scene.works(&year).await);
    let client = scene.app.sign_in(&scene.jane, &scene.acme).await;
    assert_eq!(client.get(OWN).await.status(), 404);
    assert_eq!(
        client.patch(OWN, json!({ "expiresInMinutes": 60 })).await.status(),
        404,
        "it does not come back"
    );
    assert_eq!(scene.all().await, [year]);
}

#[tokio::test]
async fn without_invitations_there_are_no_links_and_none_works() {
    let scene = scene().await;
    let (own, vendors) = (scene.own().await, scene.vendors(json!({})).await);
    scene.configure(|configuration| configuration.allow_tenant_invitations = false).await;
    for answer in [
        scene.client.post(OWN, json!({})).await,
        scene.client.post(OWN_V2, json!({ "roleIds": [] })).await,
        scene.client.patch(OWN, json!({})).await,
        scene.client.get(OWN).await,
        scene.app.vendor().post(INVITES, json!({ "tenantId": scene.acme })).await,
    ] {
        assert!(answer.error(403).contains("allowTenantInvitations"), "{}", answer.text());
    }
    assert!(!scene.works(&own).await && !scene.works(&vendors).await);
    assert_eq!(scene.all().await.len(), 2);
    scene.client.delete(OWN).await.expect(200);
    scene.app.vendor().delete(&path_of(&vendors)).await.expect(200);
}

#[tokio::test]
async fn each_thing_needs_its_permission() {
    let scene = scene().await;
    scene.app.user("reader@example.com", &scene.acme, &["ReadOnly"]).await;
    let reader = scene.app.user("reads@example.com", &scene.acme, &["ReadOnly"]).await;
    let reader = scene.app.sign_in(&reader, &scene.acme).await;
    let nobody = scene.app.user("nobody@example.com", &scene.acme, &[]).await;
    let nobody = scene.app.sign_in(&nobody, &scene.acme).await;
    assert_eq!((reader.get(OWN).await.status(), nobody.get(OWN).await.status()), (404, 403));
    for client in [&reader, &nobody] {
        assert_eq!(client.post(OWN, json!({})).await.status(), 403);
        assert_eq!(client.post(OWN_V2, json!({ "roleIds": [] })).await.status(), 403);
        assert_eq!(client.patch(OWN, json!({})).await.status(), 403);
        assert_eq!(client.delete(OWN).await.status(), 403);
        assert_eq!(client.get(CONFIGURATION).await.status(), 200);
        assert_eq!(client.post(INVITES, json!({ "tenantId": scene.acme })).await.status(), 403);
        assert_eq!(client.get(ALL).await.status(), 403);
        assert_eq!(client.delete(&format!("{INVITES}/token/{}", scene.jane.id)).await.status(), 403);
    }
    let anonymous = scene.app.anonymous();
    assert_eq!(anonymous.post(OWN, json!({})).await.status(), 401);
    assert_eq!(anonymous.get(CONFIGURATION).await.status(), 401);
    assert_eq!(scene.all().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_vendor_makes_as_many_links_as_they_like_and_deletes_each() {
    let scene = scene().await;
    let role = scene.app.role("Own", Some(&scene.acme));
    scene.app.write_role(&role, &[]).await;
    let named = json!({ "userId": scene.jane.id, "shouldSendEmail": true, "roleIds": [role.id, role.id] });
    let (first, second, own) =
        (scene.vendors(named).await, scene.vendors(json!({})).await, scene.own().await);
    assert_eq!(
        (&first["userId"], &first["roleIds"], &first["shouldSendEmail"]),
        (&json!(scene.jane.id), &json!([role.id]), &json!(true))
    );
    assert_eq!(second.get("userId"), None);
    let labs = scene.app.tenant("Labs").await;
    let elsewhere = scene.app.vendor().post(INVITES, json!({ "tenantId": labs })).await.expect(201);
    let ids = |invites: &[Value]| {
        let mut ids: Vec<_> = invites.iter().map(|invite| invite["id"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(
        ids(&scene.all().await),
        ids(&[first.clone(), second.clone(), own.clone(), elsewhere.clone()])
    );
    let of_labs = scene.app.vendor().get(&format!("{ALL}?tenantId={labs}")).await.expect(200);
    assert_eq!(of_labs, json!([elsewhere]));
    assert_eq!(elsewhere["name"], "Labs");
    for invite in [&first, &own] {
        let removed = scene.app.vendor().delete(&path_of(invite)).await;
        assert_eq!((removed.status(), removed.text()), (200, ""));
        assert_eq!(scene.app.vendor().delete(&path_of(invite)).await.status(), 404);
        assert!(!scene.works(invite).await);
    }
    assert!(scene.works(&second).await);
    assert_eq!(scene.client.get(OWN).await.status(), 404);
    assert_eq!(scene.app.vendor().delete(&format!("{INVITES}/token/none")).await.status(), 404);
}

#[tokio::test]
async fn a_link_leads_to_a_tenant_that_is_there_in_the_name_of_a_member_and_with_roles_of_its_own() {
    let scene = scene().await;
    let labs = scene.app.tenant("Labs").await;
    let joe = scene.app.user("joe@example.com", &labs, &[]).await;
    let role = scene.app.role("Own", Some(&labs));
    scene.app.write_role(&role, &[]).await;
    let vendor = scene.app.vendor();
    for (body, missing) in [
        (json!({ "tenantId": "nowhere" }), "tenant"),
        (json!({ "tenantId": scene.acme, "userId": joe.id }), "user"),
        (json!({ "tenantId": scene.acme, "userId": scene.app.environment().id() }), "user"),
        (json!({ "tenantId": scene.acme, "roleIds": [role.id] }), "role"),
        (json!({ "tenantId": scene.acme, "roleIds": [joe.id] }), "role"),
    ] {
        assert_eq!(vendor.post(INVITES, body).await.error(404), format!("{missing} not found"));
    }
    assert_eq!(vendor.post(INVITES, json!({})).await.status(), 400);
    let many = vec![role.id; 101];
    assert_eq!(vendor.post(INVITES, json!({ "tenantId": labs, "roleIds": many })).await.status(), 400);
    let neighbour = scene.app.neighbour().await.vendor();
    assert_eq!(neighbour.post(INVITES, json!({ "tenantId": scene.acme })).await.status(), 403);
    assert_eq!(scene.all().await, Vec::<Value>::new());
}

#[tokio::test]
async fn nobody_invites_to_roles_that_they_could_not_give() {
    let scene = scene().await;
    let inviter = Role { level: 5_i64.try_into().unwrap(), ..scene.app.role("Inviter", None) };
    let weak = Role { level: 9_i64.try_into().unwrap(), ..scene.app.role("Weak", None) };
    scene.app.write_role(&inviter, &["fe.secure.write.tenantInvites"]).await;
    scene.app.write_role(&weak, &[]).await;
    let joe = scene.app.user("joe@example.com", &scene.acme, &["Inviter"]).await;
    let joe = scene.app.sign_in(&joe, &scene.acme).await;
    let admin = scene.app.roles(&["Admin"]).await;
    let v2 = async |client: &Client, roles: Value| client.post(OWN_V2, json!({ "roleIds": roles })).await;
    let refused = v2(&joe, json!(admin)).await.error(403);
    assert!(refused.contains("stronger role"), "{refused}");
    assert_eq!(v2(&joe, json!([inviter.id])).await.status(), 403);
    assert_eq!(v2(&joe, json!([weak.id])).await.expect(201)["roleIds"], json!([weak.id]));
    // The role for new members is stronger than his.
    assert_eq!(joe.post(OWN, json!({})).await.status(), 403);
    assert_eq!(v2(&joe, json!([])).await.status(), 403);
    assert_eq!(v2(&scene.client, json!(admin)).await.expect(201)["roleIds"], json!(admin));
    let labs = scene.app.tenant("Labs").await;
    let foreign = scene.app.role("Foreign", Some(&labs));
    scene.app.write_role(&foreign, &[]).await;
    assert_eq!(v2(&scene.client, json!([foreign.id])).await.error(404), "role not found");
    assert_eq!(v2(&scene.for_jane(), json!(admin)).await.status(), 201);
}

#[tokio::test]
async fn whoever_has_a_link_learns_where_it_leads_and_nothing_more() {
    let scene = scene().await;
    let invite = scene.own().await;
    let answer = scene.app.anonymous().post(VERIFY, json!({ "token": invite["token"] })).await.expect(200);
    assert_eq!(answer, json!({ "name": "Acme", "tenantId": scene.acme }));
    for token in ["", "guess", &"A".repeat(43), invite["id"].as_str().unwrap()] {
        assert_eq!(
            scene.app.anonymous().post(VERIFY, json!({ "token": token })).await.error(404),
            "invitation not found"
        );
    }
    let elsewhere = scene.app.neighbour().await.anonymous();
    assert_eq!(elsewhere.post(VERIFY, json!({ "token": invite["token"] })).await.status(), 404);
    assert!(scene.works(&invite).await, "it is not used up");
}

#[tokio::test]
async fn with_its_inviter_a_link_goes() {
    let scene = scene().await;
    let labs = scene.app.tenant("Labs").await;
    let environment = scene.app.environment();
    let users = environment.users();
    let join = async |tenant: &TenantId| {
        let roles = scene.app.roles(&["Admin"]).await;
        let now = scene.app.state().now();
        let membership = Membership::new(tenant.clone(), roles, MembershipStatus::Activated, now);
        users.join(scene.jane.id, &membership).await.unwrap();
    };
    join(&labs).await;
    let named = scene.vendors(json!({ "userId": scene.jane.id })).await;
    let (own, nobodys) = (scene.own().await, scene.vendors(json!({})).await);
    assert!(users.leave(scene.jane.id, &scene.acme).await.unwrap());
    assert!(!scene.works(&own).await && !scene.works(&named).await && scene.works(&nobodys).await);
    scene.advance(1);
    join(&scene.acme).await;
    assert!(!scene.works(&own).await && !scene.works(&named).await);
    let client = scene.app.sign_in(&scene.jane, &scene.acme).await;
    assert_eq!(client.get(OWN).await.status(), 404);
    assert_eq!(client.patch(OWN, json!({ "expiresInMinutes": 60 })).await.status(), 404);
    let anew = client.post(OWN, json!({})).await.expect(201);
    assert!(scene.works(&anew).await);
    users.remove(scene.jane.id).await.unwrap();
    assert!(!scene.works(&anew).await);
}

#[tokio::test]
async fn with_its_tenant_a_link_goes() {
    let scene = scene().await;
    let invite = scene.vendors(json!({})).await;
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    environment.tenants().remove(&scene.acme, now, &|| false).await.unwrap();
    assert!(!scene.works(&invite).await);
    assert_eq!(scene.all().await, Vec::<Value>::new());
    environment.tenants().remove(&scene.acme, now, &|| true).await.unwrap();
    assert_eq!(environment.tenant_invites().list().await.unwrap(), Vec::<TenantInvite>::new());
}

#[tokio::test]
async fn a_vendor_acts_for_a_member() {
    let scene = scene().await;
    let vendor = scene.for_jane();
    let made = vendor.post(OWN, json!({ "expiresInMinutes": 5, "shouldSendEmail": false })).await.expect(201);
    assert_eq!(made["userId"], json!(scene.jane.id));
    assert_eq!((vendor.get(OWN).await.json(), scene.client.get(OWN).await.json()), (made.clone(), made));
    vendor.patch(OWN, json!({ "expiresInMinutes": 6 })).await.expect(200);
    vendor.delete(OWN).await.expect(200);
    let plain = scene.app.vendor();
    assert_eq!(plain.post(OWN, json!({})).await.status(), 400);
    assert_eq!(
        plain.with("frontegg-user-id", &scene.jane.id.to_string()).post(OWN, json!({})).await.status(),
        400
    );
    let labs = scene.app.tenant("Labs").await;
    assert_eq!(vendor.with("frontegg-tenant-id", labs.as_str()).post(OWN, json!({})).await.status(), 404);
    let other = scene.client.with("frontegg-tenant-id", labs.as_str());
    assert_eq!(
        other.post(OWN, json!({})).await.expect(201)["tenantId"],
        json!(scene.acme),
        "the token says where"
    );
    let neighbour = scene.app.neighbour().await.vendor().with("frontegg-tenant-id", scene.acme.as_str());
    let neighbour = neighbour.with("frontegg-user-id", &scene.jane.id.to_string());
    assert_eq!(neighbour.get(OWN).await.status(), 404);
}

#[tokio::test]
async fn who_has_not_joined_invites_nobody() {
    let scene = scene().await;
    let environment = scene.app.environment();
    let users = environment.users();
    let disabled = users.update(scene.jane.id, None, |jane| {
        jane.memberships[0].disabled = true;
        Ok::<_, std::convert::Infallible>(())
    });
    disabled.await.unwrap().unwrap();
    assert_eq!(
        scene.for_jane().post(OWN, json!({})).await.error(400),
        "the user cannot sign in to this tenant"
    );
    let body = json!({ "tenantId": scene.acme, "userId": scene.jane.id });
    assert_eq!(scene.app.vendor().post(INVITES, body).await.error(404), "user not found");
}

#[tokio::test]
async fn the_configuration_says_whether_there_are_links_and_mails() {
    let scene = scene().await;
    let configuration = async |client: &Client| client.get(CONFIGURATION).await.expect(200);
    let both = json!({ "tenantInvitationsAllowed": true, "emailsEnabled": true });
    assert_eq!(configuration(&scene.client).await, both);
    assert_eq!(configuration(&scene.app.vendor()).await, both);
    let environment = scene.app.environment();
    let templates = environment.mail_templates();
    let now = scene.app.state().now();
    let silenced = templates.update(TemplateKind::UserUsedInvitation, now, |template| {
        template.active = false;
        Ok::<_, std::convert::Infallible>(())
    });
    silenced.await.unwrap().unwrap();
    scene.configure(|configuration| configuration.allow_tenant_invitations = false).await;
    let neither = json!({ "tenantInvitationsAllowed": false, "emailsEnabled": false });
    assert_eq!(configuration(&scene.client).await, neither);
}

#[tokio::test]
async fn what_it_takes() {
    let scene = scene().await;
    let invite = scene.own().await;
    assert!(scene.works(&invite).await);
    let waves = || scene.app.store().round_trips().waves();
    let (before, _) = (waves(), scene.works(&invite).await);
    let verify = waves() - before;
    let (before, _) = (waves(), scene.client.get(OWN).await.expect(200));
    let get = waves() - before;
    let (before, _) = (waves(), scene.own().await);
    let create = waves() - before;
    let (before, _) = (waves(), scene.client.delete(OWN).await.expect(200));
    assert!(verify <= 3, "{verify}");
    assert_eq!((get, create, waves() - before), (3, 5, 3));
}
