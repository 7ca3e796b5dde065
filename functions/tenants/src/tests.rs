//! The group through its router.

use futures::future::join_all;
use rookery_domain::TenantId;
use rookery_testkit::{Response, TestApp};
use serde_json::{Value, json};

const TENANTS: &str = "/tenants/resources/tenants/v1";
const TENANTS_V2: &str = "/tenants/resources/tenants/v2";
const HIERARCHY: &str = "/tenants/resources/hierarchy/v1";
const SETTINGS: &str = "/tenants/resources/account-settings/v1";
const SUB_TENANTS: &str = "/tenants/resources/sub-tenants/v1";

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

fn statuses(responses: &[Response], status: u16) -> usize {
    responses.iter().filter(|response| response.status() == status).count()
}

/// The one tenant that v1 answers as a list.
async fn read(app: &TestApp, id: &str) -> Value {
    app.vendor().get(&format!("{TENANTS}/{id}")).await.expect(200)[0].clone()
}

mod lifecycle {
    use super::*;

    #[tokio::test]
    async fn a_tenant_is_created_read_updated_and_removed() {
        let app = app().await;
        let vendor = app.vendor();
        let sent = json!({"tenantId": "acme", "name": "Acme", "metadata": {"plan": "gold"}, "website": "https://acme.example"});
        let created = vendor.post(TENANTS, sent).await.expect(201);
        assert_eq!(created["tenantId"], "acme");
        assert_eq!(created["metadata"], r#"{"plan":"gold"}"#);
        assert_eq!(created["createdAt"], "2026-01-01T00:00:00.000Z");
        assert!(created.as_object().unwrap().contains_key("deletedAt"), "clients fail without the key");
        assert_eq!(read(&app, "acme").await, created);

        app.clock().advance(std::time::Duration::from_mins(1));
        let changes = json!({"name": "Acme Ltd", "website": null});
        let updated = vendor.put(&format!("{TENANTS}/acme"), changes).await.expect(200);
        assert_eq!(updated["name"], "Acme Ltd");
        assert_eq!(updated["website"], Value::Null);
        assert_eq!(updated["metadata"], created["metadata"], "what is not mentioned stays");
        assert_eq!(updated["updatedAt"], "2026-01-01T00:01:00.000Z");

        let removed = vendor.delete(&format!("{TENANTS}/acme")).await;
        assert_eq!((removed.status(), removed.text()), (200, ""));
        assert_eq!(vendor.get(&format!("{TENANTS}/acme")).await.expect(200), json!([]));
        assert_eq!(vendor.get(&format!("{TENANTS_V2}/acme")).await.error(404), "tenant not found");
        assert_eq!(vendor.delete(&format!("{TENANTS}/acme")).await.status(), 404);
    }

    #[tokio::test]
    async fn an_id_is_given_to_a_tenant_that_brings_none() {
        let app = app().await;
        let created = app.vendor().post(TENANTS, json!({"name": "Acme"})).await.expect(201);
        let id = created["tenantId"].as_str().unwrap();
        assert_eq!(id.len(), "00000000-0000-4000-8000-000000000000".len());
        assert_ne!(created["id"], created["tenantId"]);
    }

    #[tokio::test]
    async fn of_ten_creations_of_one_id_one_succeeds() {
        let app = app().await;
        let vendor = app.vendor();
        let create = || vendor.post(TENANTS, json!({"tenantId": "acme", "name": "Acme"}));
        let responses = join_all((0..10).map(|_| create())).await;
        assert_eq!((statuses(&responses, 201), statuses(&responses, 409)), (1, 9));
        let refused = responses.iter().find(|response| response.status() == 409).unwrap();
        assert_eq!(refused.error(409), "Tenant already exists");
        assert_eq!(vendor.get(TENANTS_V2).await.expect(200)["_metadata"]["totalItems"], 1);
    }

    #[tokio::test]
    async fn a_removed_id_makes_a_new_tenant_without_the_old_ones_users() {
        let app = app().await;
        let vendor = app.vendor();
        let tenant = app.tenant("Acme").await;
        let jane = app.user("jane@example.com", &tenant, &[]).await;
        let _ = vendor.delete(&format!("{TENANTS}/{tenant}")).await.expect(200);
        assert!(app.environment().users().get(jane.id).await.unwrap().is_none());
        let revived = vendor.post(TENANTS, json!({"tenantId": tenant.as_str(), "name": "Again"})).await;
        assert_eq!(revived.expect(201)["metadata"], Value::Null);
        assert_eq!(read(&app, tenant.as_str()).await["name"], "Again");
    }

    #[tokio::test]
    async fn a_removal_that_did_not_finish_is_repeated_before_the_id_is_used_anew() {
        let app = app().await;
        let vendor = app.vendor();
        let (tenant, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let jane = app.user("jane@example.com", &tenant, &["Admin"]).await;
        let template = app.environment().users().get(jane.id).await.unwrap().unwrap();
        let users: Vec<_> = (0..220).map(|n| member(&app, &template, n)).collect();
        app.environment().users().import(&users).await.unwrap();
        let elsewhere = rookery_domain::Membership { tenant_id: other, ..template.memberships[0].clone() };
        app.environment().users().join(jane.id, &elsewhere).await.unwrap();
        let client = app.sign_in(&jane, &tenant).await;
        app.environment().tenants().remove(&tenant, app.state().now(), &|| false).await.unwrap();

        assert_eq!(client.get(SETTINGS).await.status(), 401);
        let again = json!({"tenantId": tenant.as_str(), "name": "Again"});
        let refused = vendor.post(TENANTS, again.clone()).await.error(409);
        assert!(refused.contains("repeat its DELETE"), "{refused}");
        assert_eq!(vendor.get(&format!("{TENANTS}/{tenant}")).await.expect(200), json!([]));
        let _ = vendor.delete(&format!("{TENANTS}/{tenant}")).await.expect(200);
        assert_eq!(vendor.delete(&format!("{TENANTS}/{tenant}")).await.status(), 404);
        let _ = vendor.post(TENANTS, again).await.expect(201);
        let members = rookery_store::UserQuery::page(vec![tenant.clone()], 10, 0);
        assert_eq!(app.environment().users().list(&members).await.unwrap().total, 0);
        assert_eq!(client.get(SETTINGS).await.status(), 401);
        let jane = app.environment().users().get(jane.id).await.unwrap().unwrap();
        assert!(jane.membership(&tenant).is_none());
    }

    /// Another member of the tenants of `template`.
    fn member(app: &TestApp, template: &rookery_domain::User, n: usize) -> rookery_store::NewUser {
        let id = rookery_domain::UserId::random(&*app.state().entropy);
        let email = format!("user{n}@example.com").parse().unwrap();
        let user = rookery_domain::User { id, email, ..template.clone() };
        rookery_store::NewUser { user, password_hash: None }
    }

    #[tokio::test]
    async fn removing_a_tenant_keeps_users_who_belong_elsewhere_too_and_moves_its_children_up() {
        let app = app().await;
        let vendor = app.vendor();
        let (top, middle, bottom, other) = (
            app.tenant("Top").await,
            app.tenant("Middle").await,
            app.tenant("Bottom").await,
            app.tenant("Other").await,
        );
        for (parent, child) in [(&top, &middle), (&middle, &bottom)] {
            let pair = json!({"parentTenantId": parent.as_str(), "childTenantId": child.as_str()});
            let _ = vendor.post(HIERARCHY, pair).await.expect(201);
        }
        let jane = app.user("jane@example.com", &middle, &[]).await;
        let membership =
            app.environment().users().get(jane.id).await.unwrap().unwrap().memberships[0].clone();
        let elsewhere = rookery_domain::Membership { tenant_id: other.clone(), ..membership };
        app.environment().users().join(jane.id, &elsewhere).await.unwrap();

        let _ = vendor.delete(&format!("{TENANTS}/{middle}")).await.expect(200);

        let user = app.environment().users().get(jane.id).await.unwrap().unwrap();
        let tenants: Vec<_> = user.memberships.iter().map(|membership| &membership.tenant_id).collect();
        assert_eq!(tenants, [&other]);
        let below = vendor.with("frontegg-tenant-id", top.as_str()).get(HIERARCHY).await.expect(200);
        assert_eq!(below.as_array().unwrap().len(), 1);
        assert_eq!((&below[0]["tenantId"], &below[0]["level"]), (&json!(bottom.as_str()), &json!(1)));
    }

    #[tokio::test]
    async fn bad_input_is_named() {
        let app = app().await;
        let vendor = app.vendor();
        for (body, message) in [
            (json!({"tenantId": "a b"}), "tenantId"),
            (json!({"tenantId": "a#b"}), "tenantId"),
            (json!({"name": 7}), "string"),
            (json!({"name": null}), "null"),
            (json!({"name": ""}), "name must not be empty"),
            (json!({"name": "  "}), "name must not be empty"),
            (json!({"name": "x".repeat(256)}), "name must be at most 255"),
            (json!({"name": "a\u{0}b"}), "control characters"),
            (json!({"metadata": "{nonsense"}), "metadata must be"),
            (json!({"metadata": [1]}), "metadata must be"),
            (json!({"metadata": "\"text\""}), "metadata must be"),
            (json!({"creatorEmail": "nobody"}), "email"),
            (json!({"tenantId": "x", "parentTenantId": "nobody"}), "parent tenant"),
            (json!([]), "invalid"),
        ] {
            let refused = vendor.post(TENANTS, body.clone()).await.error(400);
            assert!(refused.contains(message), "{body}: {refused}");
        }
        let refused = vendor.send("POST", TENANTS, Some("{nonsense".to_owned())).await.error(400);
        assert!(refused.contains("line 1"), "{refused}");
        let large = json!({"name": "x".repeat(1 << 20)});
        assert_eq!(vendor.post(TENANTS, large).await.error(413), "the request body is too large");
        let _ = vendor.put(&format!("{TENANTS}/nobody"), json!({"name": "x"})).await.error(404);
        let refused = vendor.get(&format!("{TENANTS}/a%20b")).await.error(400);
        assert!(refused.contains("tenantId must be"), "{refused}");
        let tenant = app.tenant("Acme").await;
        for body in [json!({}), json!({"name": null}), json!({"isReseller": null}), json!({"name": " "})] {
            for path in [TENANTS, TENANTS_V2] {
                let refused = vendor.put(&format!("{path}/{tenant}"), body.clone()).await;
                assert_eq!(refused.status(), 400, "{body}: {}", refused.text());
            }
        }
    }

    #[tokio::test]
    async fn only_an_allowed_user_removes_their_own_tenant() {
        let app = app().await;
        let tenant = app.tenant("Acme").await;
        let admin = app.user("admin@example.com", &tenant, &["Admin"]).await;
        let reader = app.user("reader@example.com", &tenant, &["ReadOnly"]).await;
        let refused = app.sign_in(&reader, &tenant).await.delete(TENANTS).await.error(403);
        assert!(refused.contains("fe.account-settings.delete.account"), "{refused}");
        let _ = app.vendor().with("frontegg-tenant-id", tenant.as_str()).delete(TENANTS).await.error(403);
        let admin = app.sign_in(&admin, &tenant).await;
        let _ = admin.delete(TENANTS).await.expect(200);
        assert!(app.environment().tenants().get(&tenant).await.unwrap().is_none());
        assert_eq!(admin.delete(TENANTS).await.status(), 401, "the user went with the tenant");
    }
}

mod metadata {
    use super::*;

    #[tokio::test]
    async fn a_string_is_answered_to_the_letter_and_a_number_as_a_string() {
        let app = app().await;
        let tenant = app.tenant("Acme").await;
        let path = format!("{TENANTS}/{tenant}");
        let text = r#"{"b": 1, "a": 2.0, "n": 12345678901234567890123}"#;
        for (sent, answered) in [(json!(text), text), (json!(42), "42"), (json!("42"), "42")] {
            let updated = app.vendor().put(&path, json!({"metadata": sent})).await.expect(200);
            assert_eq!(updated["metadata"], answered);
            assert_eq!(read(&app, tenant.as_str()).await["metadata"], answered);
        }
    }

    #[tokio::test]
    async fn keys_are_merged_and_removed() {
        let app = app().await;
        let vendor = app.vendor();
        let tenant = app.tenant("Acme").await;
        let path = format!("{TENANTS}/{tenant}/metadata");
        let _ = vendor.post(&path, json!({"metadata": {"a": 1, "b": 2}})).await.expect(201);
        let merged = vendor.post(&path, json!({"metadata": r#"{"b": 3}"#})).await.expect(201);
        assert_eq!(merged["metadata"], r#"{"a":1,"b":3}"#);
        let rest = vendor.delete(&format!("{path}/a")).await.expect(200);
        assert_eq!(rest["metadata"], r#"{"b":3}"#);
        let _ = vendor.delete(&format!("{path}/absent")).await.expect(200);
        let _ = vendor.post(&path, json!({"metadata": 7})).await.error(400);
        let _ = vendor.post(&path, json!({"metadata": [7]})).await.error(400);
        let _ = vendor.post(&path, json!({})).await.error(400);
        let _ = vendor.post(&format!("{TENANTS}/nobody/metadata"), json!({"metadata": {}})).await.error(404);
    }

    /// A client that keeps each key as a thing of its own makes the tenant with an empty object, reads the answer for the keys
    /// that are there already, and sends the others.
    #[tokio::test]
    async fn a_tenant_without_metadata_answers_null_until_it_has_a_key_and_when_the_last_is_gone() {
        let app = app().await;
        let vendor = app.vendor();
        for (id, made) in [
            ("a", json!({"name": "A", "tenantId": "a"})),
            ("b", json!({"name": "B", "tenantId": "b", "metadata": "{}"})),
            ("c", json!({"name": "C", "tenantId": "c", "metadata": {}})),
        ] {
            assert_eq!(vendor.post(TENANTS, made).await.expect(201)["metadata"], Value::Null, "{id}");
            assert_eq!(read(&app, id).await["metadata"], Value::Null);
            let path = format!("{TENANTS}/{id}/metadata");
            let set = vendor.post(&path, json!({"metadata": {"plan": "gold"}})).await.expect(201);
            assert_eq!(set["metadata"], r#"{"plan":"gold"}"#);
            let gone = vendor.delete(&format!("{path}/plan")).await.expect(200);
            assert_eq!(gone["metadata"], Value::Null);
        }
    }

    #[tokio::test]
    async fn no_key_has_a_meaning_of_its_own() {
        let app = app().await;
        let tenant = app.tenant("Acme").await;
        let path = format!("{TENANTS}/{tenant}/metadata");
        let object = r#"{"$serde_json::private::RawValue":"{\"$serde_json::private::RawValue\":\"1\"}"}"#;
        let body = format!(r#"{{"metadata":{object}}}"#);
        let set = app.vendor().send("POST", &path, Some(body)).await.expect(201);
        assert_eq!(set["metadata"], object);
        assert_eq!(read(&app, tenant.as_str()).await["metadata"], object);
    }

    #[tokio::test]
    async fn an_integer_that_would_lose_digits_is_refused() {
        let app = app().await;
        let tenant = app.tenant("Acme").await;
        let body = r#"{"metadata":{"a":18446744073709551616}}"#.to_owned();
        let refused = app.vendor().send("PUT", &format!("{TENANTS}/{tenant}"), Some(body)).await.error(400);
        assert!(refused.contains("a number of more than 64 bits"), "{refused}");
        assert_eq!(read(&app, tenant.as_str()).await["metadata"], Value::Null);
    }

    #[tokio::test]
    async fn no_key_is_lost_when_ten_are_set_at_once() {
        let app = app().await;
        let vendor = app.vendor();
        let tenant = app.tenant("Acme").await;
        let path = format!("{TENANTS}/{tenant}/metadata");
        let sets = (0..5).map(|n| vendor.post(&path, json!({"metadata": {format!("key{n}"): n}})));
        assert_eq!(statuses(&join_all(sets).await, 201), 5);
        let stored = read(&app, tenant.as_str()).await["metadata"].as_str().unwrap().to_owned();
        let stored: Value = serde_json::from_str(&stored).unwrap();
        assert_eq!(stored.as_object().unwrap().len(), 5, "{stored}");
    }
}

mod listing {
    use super::*;

    fn names(page: &Value) -> Vec<&str> {
        page["items"].as_array().unwrap().iter().map(|tenant| tenant["name"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn pages_are_counted_from_zero_and_hold_every_tenant_once() {
        let app = app().await;
        let vendor = app.vendor();
        for name in ["Echo", "Alpha", "Delta", "Bravo", "Charlie"] {
            app.tenant(name).await;
            app.clock().advance(std::time::Duration::from_secs(1));
        }
        let page = |query: &str| {
            let (vendor, path) = (vendor.clone(), format!("{TENANTS_V2}?{query}"));
            async move { vendor.get(&path).await.expect(200) }
        };
        assert_eq!(names(&page("_limit=2&_offset=0").await), ["Echo", "Alpha"]);
        assert_eq!(names(&page("_limit=2&_offset=2").await), ["Charlie"]);
        assert_eq!(names(&page("_limit=2&_offset=3").await), [""; 0], "past the end");
        assert_eq!(names(&page("_limit=2&_order=DESC").await), ["Charlie", "Bravo"]);
        assert_eq!(names(&page("_sortBy=name&_limit=3").await), ["Alpha", "Bravo", "Charlie"]);
        assert_eq!(names(&page("_filter=LT").await), ["Delta"]);
        let spelt_otherwise = json!({"name": "\u{c4}dam"});
        let _ = vendor.post(TENANTS, spelt_otherwise).await.expect(201);
        assert_eq!(names(&page("_filter=a%CC%88dam").await), ["\u{c4}dam"]);
        let long = format!("{TENANTS_V2}?_filter={}", "x".repeat(256));
        assert!(vendor.get(&long).await.error(400).contains("_filter must be at most 255"));
        let second = page("_filter=l&_limit=2&_offset=1").await;
        assert_eq!(second["_metadata"], json!({"totalItems": 3, "totalPages": 2}));
        assert_eq!(second["_links"]["first"], "?_filter=l&_limit=2&_offset=0");
        for bad in ["_limit=0", "_limit=201", "_offset=-1", "_sortBy=age", "_order=UP", "_tenantIds=a%20b"] {
            assert_eq!(vendor.get(&format!("{TENANTS_V2}?{bad}")).await.status(), 400, "{bad}");
        }
        assert_eq!(vendor.get(TENANTS).await.expect(200).as_array().unwrap().len(), 6);
    }

    #[tokio::test]
    async fn tenants_can_be_named() {
        let app = app().await;
        let (alpha, _) = (app.tenant("Alpha").await, app.tenant("Beta").await);
        app.clock().advance(std::time::Duration::from_secs(1));
        let gamma = app.tenant("Gamma").await;
        for query in [
            format!("_tenantIds={alpha},{gamma},nobody"),
            format!("_tenantIds={gamma}&_tenantIds={alpha}&_tenantIds={alpha}"),
            format!("_tenantIds[]={gamma}&_tenantIds[]={alpha}"),
        ] {
            let page = app.vendor().get(&format!("{TENANTS_V2}?{query}")).await.expect(200);
            assert_eq!(names(&page), ["Alpha", "Gamma"], "{query}");
        }
        let many = (0..201).map(|n| format!("tenant{n}")).collect::<Vec<_>>().join(",");
        let none = app.vendor().get(&format!("{TENANTS_V2}?_tenantIds=")).await.expect(200);
        assert_eq!((&none["items"], &none["_metadata"]["totalItems"]), (&json!([]), &json!(0)));
        assert_eq!(app.vendor().get(&format!("{TENANTS}?_tenantIds=")).await.expect(200), json!([]));
        let refused = app.vendor().get(&format!("{TENANTS_V2}?_tenantIds={many}")).await.error(400);
        assert!(refused.contains("at most 200"), "{refused}");
    }
}

mod hierarchy {
    use super::*;

    async fn link(app: &TestApp, parent: &TenantId, child: &TenantId) -> Response {
        let pair = json!({"parentTenantId": parent.as_str(), "childTenantId": child.as_str()});
        app.vendor().post(HIERARCHY, pair).await
    }

    #[tokio::test]
    async fn the_tree_is_seen_from_above_and_from_below() {
        let app = app().await;
        let (a, b, c) = (app.tenant("A").await, app.tenant("B").await, app.tenant("C").await);
        let _ = link(&app, &a, &b).await.expect(201);
        let _ = link(&app, &b, &c).await.expect(201);
        assert_eq!(link(&app, &b, &c).await.status(), 201, "once more changes nothing");
        let at = |tenant: &TenantId| app.vendor().with("frontegg-tenant-id", tenant.as_str());
        let below = at(&a).get(HIERARCHY).await.expect(200);
        let levels: Vec<_> =
            below.as_array().unwrap().iter().map(|row| (&row["tenantName"], &row["level"])).collect();
        assert_eq!(levels, [(&json!("B"), &json!(1)), (&json!("C"), &json!(2))]);
        let tree = at(&a).get(&format!("{HIERARCHY}/tree")).await.expect(200);
        assert_eq!(tree["children"][0]["children"][0]["tenantName"], "C");
        let above = at(&c).get(&format!("{HIERARCHY}/parents")).await.expect(200);
        assert_eq!((&above[0]["tenantName"], &above[1]["tenantName"]), (&json!("B"), &json!("A")));
        assert_eq!(app.vendor().get(HIERARCHY).await.status(), 400, "a vendor names the tenant");

        let pair = json!({"parentTenantId": b.as_str(), "childTenantId": c.as_str()});
        let removed = app.vendor().delete_with(HIERARCHY, pair.clone()).await;
        assert_eq!((removed.status(), removed.text()), (200, ""));
        assert_eq!(app.vendor().delete_with(HIERARCHY, pair).await.status(), 404);
        assert_eq!(at(&b).get(HIERARCHY).await.expect(200), json!([]));
    }

    #[tokio::test]
    async fn a_tenant_that_is_not_there_has_no_place_in_the_tree() {
        let app = app().await;
        let nobody = app.vendor().with("frontegg-tenant-id", "nobody");
        for path in ["", "/parents", "/tree"] {
            assert_eq!(nobody.get(&format!("{HIERARCHY}{path}")).await.error(404), "tenant not found");
        }
        let alone = app.tenant("Alone").await;
        let alone = app.vendor().with("frontegg-tenant-id", alone.as_str());
        for path in ["", "/parents"] {
            assert_eq!(alone.get(&format!("{HIERARCHY}{path}")).await.expect(200), json!([]));
        }
    }

    #[tokio::test]
    async fn links_that_are_no_tree_are_refused() {
        let app = app().await;
        let (a, b, c) = (app.tenant("A").await, app.tenant("B").await, app.tenant("C").await);
        let _ = link(&app, &a, &b).await.expect(201);
        let _ = link(&app, &b, &c).await.expect(201);
        assert!(link(&app, &a, &a).await.error(400).contains("differ"));
        assert!(link(&app, &c, &a).await.error(400).contains("below"));
        assert!(link(&app, &a, &c).await.error(400).contains("already has a parent"));
        assert!(link(&app, &a, &"nobody".parse().unwrap()).await.error(400).contains("does not exist"));
    }

    /// Makes `count` tenants, each below the one before, and the first below `top`.
    async fn line(app: &TestApp, top: Option<&TenantId>, count: usize) -> Vec<TenantId> {
        let mut line: Vec<TenantId> = top.into_iter().cloned().collect();
        for _ in 0..count {
            let parent = line.last().map(TenantId::as_str);
            let made =
                app.vendor().post(TENANTS, json!({"parentTenantId": parent, "isReseller": true})).await;
            line.push(made.expect(201)["tenantId"].as_str().unwrap().parse().unwrap());
        }
        line
    }

    #[tokio::test]
    async fn tenants_nest_32_levels_deep_whichever_way_they_are_linked() {
        let app = app().await;
        let vendor = app.vendor();
        let deep = line(&app, None, 32).await;
        let bottom = &deep[31];
        let too_deep = "tenants can be nested at most 32 levels deep";
        let below = json!({"tenantId": "x", "parentTenantId": bottom.as_str()});
        assert_eq!(vendor.post(TENANTS, below.clone()).await.error(400), too_deep);
        assert_eq!(vendor.post(SUB_TENANTS, below).await.error(400), too_deep);
        let tree = line(&app, None, 3).await;
        for (level, status) in [(31, 400), (29, 400), (28, 201)] {
            let linked = link(&app, &deep[level], &tree[0]).await;
            assert_eq!(linked.status(), status, "{}", linked.text());
            assert!(status == 201 || linked.error(400) == too_deep);
        }
        assert_eq!(link(&app, &tree[2], &app.tenant("New").await).await.error(400), too_deep);
        let at = |tenant: &TenantId| vendor.with("frontegg-tenant-id", tenant.as_str());
        for lowest in [bottom, &tree[2]] {
            let above = at(lowest).get(&format!("{HIERARCHY}/parents")).await.expect(200);
            assert_eq!(above.as_array().unwrap().len(), 31);
        }
        let below = at(&deep[0]).get(HIERARCHY).await.expect(200);
        assert_eq!(below.as_array().unwrap().len(), 34);
    }

    #[tokio::test]
    async fn a_tree_that_grows_while_it_is_moved_comes_no_deeper() {
        let app = app().await;
        let deep = line(&app, None, 30).await;
        for _ in 0..4 {
            let tree = line(&app, None, 2).await;
            let vendor = app.vendor();
            let grow = vendor.post(TENANTS, json!({"parentTenantId": tree[1].as_str()}));
            let (moved, grown) = tokio::join!(link(&app, &deep[29], &tree[0]), grow);
            let mut statuses = [moved.status(), grown.status()];
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 400]);
        }
    }

    #[tokio::test]
    async fn two_links_at_once_make_no_cycle() {
        for _ in 0..5 {
            let app = app().await;
            let (a, b) = (app.tenant("A").await, app.tenant("B").await);
            let (one, other) = tokio::join!(link(&app, &a, &b), link(&app, &b, &a));
            let mut statuses = [one.status(), other.status()];
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 400]);
        }
    }
}

mod sub_tenants {
    use super::*;

    #[tokio::test]
    async fn an_administrator_of_a_reseller_makes_and_removes_sub_tenants() {
        let app = app().await;
        let (own, other) = (app.tenant("Own").await, app.tenant("Other").await);
        let admin = app.user("admin@example.com", &own, &["Admin"]).await;
        let admin = app.sign_in(&admin, &own).await;
        let sub =
            |parent: &TenantId| json!({"tenantId": "sub", "name": "Sub", "parentTenantId": parent.as_str()});
        assert!(admin.post(SUB_TENANTS, sub(&own)).await.error(403).contains("does not manage"));
        let _ = app
            .vendor()
            .put(&format!("{SUB_TENANTS}/{own}/management"), json!({"isReseller": true}))
            .await
            .expect(200);
        assert_eq!(admin.post(SUB_TENANTS, sub(&other)).await.status(), 404, "not their own");
        let _ = admin.post(SUB_TENANTS, sub(&own)).await.expect(201);
        assert_eq!(admin.get(HIERARCHY).await.expect(200)[0]["tenantId"], "sub");
        assert_eq!(
            admin.delete(&format!("{SUB_TENANTS}/{own}")).await.status(),
            404,
            "their own is not below it"
        );
        assert_eq!(admin.delete(&format!("{SUB_TENANTS}/{other}")).await.status(), 404);
        let _ = admin.delete(&format!("{SUB_TENANTS}/sub")).await.expect(200);
        assert_eq!(admin.get(HIERARCHY).await.expect(200), json!([]));
    }
}

mod what_users_may_write {
    use super::*;

    #[tokio::test]
    async fn an_administrator_chooses_among_the_addresses_that_the_vendor_registered() {
        let app = app().await;
        let own = app.tenant("Own").await;
        let admin = app.user("admin@example.com", &own, &["Admin"]).await;
        let admin = app.sign_in(&admin, &own).await;
        for field in ["applicationUrl", "loginUrl"] {
            for foreign in [
                "https://evil.example",
                "https://app.example.com.evil.example",
                "http://app.example.com",
                "https://app.example.com@evil.example/",
                "https://app.example.com:8443",
            ] {
                let refused = admin.put(SETTINGS, json!({ field: foreign })).await.error(400);
                assert!(refused.contains(field) && refused.contains("https://app.example.com"), "{refused}");
            }
            let chosen = "https://app.example.com/own";
            assert_eq!(admin.put(SETTINGS, json!({ field: chosen })).await.expect(200)[field], chosen);
            assert_eq!(admin.put(SETTINGS, json!({ field: null })).await.expect(200)[field], Value::Null);
        }
        let of_tenant = app.vendor().with("frontegg-tenant-id", own.as_str());
        let _ = of_tenant.put(SETTINGS, json!({"applicationUrl": "https://own.example/a"})).await.expect(200);
        let chosen = "https://own.example/b";
        assert_eq!(admin.put(SETTINGS, json!({"loginUrl": chosen})).await.expect(200)["loginUrl"], chosen);
        let path = format!("{TENANTS}/{own}");
        let _ = app.vendor().put(&path, json!({"applicationUrl": null})).await.expect(200);
        assert_eq!(
            admin.put(SETTINGS, json!({"loginUrl": chosen})).await.status(),
            400,
            "registered no more"
        );
    }

    #[tokio::test]
    async fn an_address_that_runs_something_is_refused_whoever_sends_it() {
        let app = app().await;
        let own = app.tenant("Own").await;
        let vendor = app.vendor();
        for (field, bad) in [
            ("website", "javascript:alert(1)"),
            ("applicationUrl", " javascript:alert(1)"),
            ("loginUrl", "data:text/html,x"),
            ("logo", "data:text/html,x"),
            ("logoUrl", "vbscript:x"),
        ] {
            let body = json!({ field: bad });
            let refused = vendor.put(&format!("{TENANTS}/{own}"), body.clone()).await.error(400);
            assert!(refused.starts_with(&format!("{field}: it must be an http")), "{refused}");
            let made = json!({"name": "X", "tenantId": "x", field: bad});
            assert_eq!(vendor.post(TENANTS, made).await.status(), 400, "{field}");
        }
        let logo = json!({"logo": "data:image/png;base64,iVBORw0KGgo="});
        let _ = vendor.put(&format!("{TENANTS}/{own}"), logo).await.expect(200);
    }

    #[tokio::test]
    async fn a_sub_tenant_gets_from_a_user_what_users_may_say_and_no_more() {
        let app = app().await;
        let own = app.tenant("Own").await;
        let vendor = app.vendor();
        let management = format!("{SUB_TENANTS}/{own}/management");
        let _ = vendor.put(&management, json!({"isReseller": true})).await.expect(200);
        let role = app.role("Maker", None);
        app.write_role(&role, &["fe.account-hierarchy.write.subAccount"]).await;
        let maker = app.user("maker@example.com", &own, &["Maker"]).await;
        let maker = app.sign_in(&maker, &own).await;
        let admin = app.user("admin@example.com", &own, &["Admin"]).await;
        let admin = app.sign_in(&admin, &own).await;
        let sub = |id: &str, more: Value| {
            let mut body = json!({"tenantId": id, "name": id, "parentTenantId": own.as_str()});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let extra =
            json!({"metadata": {"a": 1}, "applicationUrl": "https://evil.example", "tenantType": "spam"});
        let made = maker.post(SUB_TENANTS, sub("a", extra)).await.expect(201);
        assert_eq!(
            (&made["metadata"], &made["applicationUrl"], &made["tenantType"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        for more in [json!({"status": "vip"}), json!({"isReseller": true})] {
            assert_eq!(maker.post(SUB_TENANTS, sub("b", more)).await.status(), 403);
        }
        assert_eq!(read(&app, "b").await, Value::Null, "nothing was made");
        assert_eq!(admin.post(SUB_TENANTS, sub("b", json!({"status": "vip"}))).await.status(), 403);
        let made = admin.post(SUB_TENANTS, sub("b", json!({"isReseller": true}))).await.expect(201);
        assert_eq!(made["isReseller"], true, "who may manage sub-tenants may say so at once");

        let _ = admin.delete(&format!("{SUB_TENANTS}/a")).await.expect(200);
        let reused = admin.post(SUB_TENANTS, sub("a", json!({}))).await.error(409);
        assert_eq!(reused, "Tenant already exists");
        let _ = vendor.post(SUB_TENANTS, sub("a", json!({"status": "vip"}))).await.expect(201);
    }
}

mod settings {
    use super::*;

    #[tokio::test]
    async fn a_tenant_sees_and_changes_its_own_settings_whatever_the_header_says() {
        let app = app().await;
        let (own, other) = (app.tenant("Own").await, app.tenant("Other").await);
        let admin = app.user("admin@example.com", &own, &["Admin"]).await;
        let reader = app.user("reader@example.com", &own, &["ReadOnly"]).await;
        let admin = app.sign_in(&admin, &own).await.with("frontegg-tenant-id", other.as_str());
        let changed = admin.put(SETTINGS, json!({"timezone": "Europe/Berlin"})).await.expect(200);
        assert_eq!(
            (&changed["tenantId"], &changed["timezone"]),
            (&json!(own.as_str()), &json!("Europe/Berlin"))
        );
        assert_eq!(read(&app, other.as_str()).await["timezone"], Value::Null);
        for body in [json!({}), json!({"name": null}), json!({"name": ""})] {
            let _ = admin.put(SETTINGS, body).await.error(400);
        }
        let reader = app.sign_in(&reader, &own).await;
        assert_eq!(reader.get(SETTINGS).await.expect(200)["timezone"], "Europe/Berlin");
        assert!(
            reader
                .put(SETTINGS, json!({"name": "x"}))
                .await
                .error(403)
                .contains("fe.secure.write.accountSettings")
        );
        let public = reader.get(&format!("{SETTINGS}/public")).await.expect(200);
        assert_eq!(public.as_object().unwrap().len(), 3);
        let vendor = app.vendor();
        assert_eq!(vendor.get(SETTINGS).await.status(), 400);
        assert_eq!(vendor.with("frontegg-tenant-id", "nobody").get(SETTINGS).await.status(), 404);
    }
}

mod access {
    use super::*;

    #[tokio::test]
    async fn an_environment_reaches_nothing_of_another() {
        let app = app().await;
        let neighbour = app.neighbour().await;
        let tenant = app.tenant("Acme").await;
        let stranger = neighbour.vendor();
        assert_eq!(stranger.get(&format!("{TENANTS}/{tenant}")).await.expect(200), json!([]));
        let _ = stranger.get(&format!("{TENANTS_V2}/{tenant}")).await.error(404);
        let _ = stranger.put(&format!("{TENANTS}/{tenant}"), json!({"name": "x"})).await.error(404);
        let _ = stranger.delete(&format!("{TENANTS}/{tenant}")).await.error(404);
        let _ =
            stranger.post(&format!("{TENANTS}/{tenant}/metadata"), json!({"metadata": {}})).await.error(404);
        assert_eq!(stranger.get(TENANTS).await.expect(200), json!([]));
        let same_id = stranger.post(TENANTS, json!({"tenantId": tenant.as_str(), "name": "Mine"})).await;
        assert_eq!(same_id.status(), 201, "ids are an environment's own");
        assert_eq!(read(&app, tenant.as_str()).await["name"], "Acme");
    }

    #[tokio::test]
    async fn vendor_endpoints_take_no_users_and_none_takes_nobody() {
        let app = app().await;
        let tenant = app.tenant("Acme").await;
        let admin = app.user("admin@example.com", &tenant, &["Admin"]).await;
        let admin = app.sign_in(&admin, &tenant).await;
        let _ = admin.get(TENANTS).await.error(403);
        let _ = admin.post(TENANTS, json!({"name": "x"})).await.error(403);
        let _ = admin.delete(&format!("{TENANTS}/{tenant}")).await.error(403);
        let anonymous = app.anonymous();
        for path in [TENANTS, TENANTS_V2, HIERARCHY, SETTINGS] {
            assert_eq!(anonymous.get(path).await.status(), 401, "{path}");
            assert_eq!(anonymous.bearer("nonsense").get(path).await.status(), 401, "{path}");
        }
    }

    #[tokio::test]
    async fn unknown_paths_and_methods_are_answered_in_json() {
        let app = app().await;
        assert_eq!(
            app.vendor().get("/tenants/resources/nothing").await.error(404),
            "no endpoint has this path"
        );
        assert_eq!(
            app.vendor().patch(TENANTS, json!({})).await.error(405),
            "this path does not take this method"
        );
        assert_eq!(app.anonymous().get("/health").await.expect(200), json!({"status": "ok"}));
        let slashes = app.vendor().get("/frontegg//tenants/resources/tenants/v1/").await;
        assert_eq!(slashes.status(), 200);
        assert!(slashes.header("frontegg-trace-id").is_some());
    }

    #[tokio::test]
    async fn the_old_header_for_vendor_tokens_is_taken_too() {
        let app = app().await;
        let token = app.vendor_token();
        assert_eq!(app.anonymous().with("x-access-token", &token).get(TENANTS).await.status(), 200);
        let both = app.anonymous().with("x-access-token", &token).bearer("nonsense");
        assert_eq!(both.get(TENANTS).await.status(), 401, "the standard header counts");
    }
}

mod budgets {
    use super::*;

    #[tokio::test]
    async fn round_trips() {
        let app = app().await;
        let vendor = app.vendor();
        let tenant = app.tenant("Acme").await;
        let mut waves = Vec::new();
        let mut count = |name: &str, before: usize| {
            waves.push(format!("{name}: {}", app.store().round_trips().waves() - before));
        };
        let before = || app.store().round_trips().waves();

        let start = before();
        let _ = vendor.get(&format!("{TENANTS}/{tenant}")).await.expect(200);
        count("read by id", start);
        let start = before();
        let _ = vendor.post(TENANTS, json!({"name": "New"})).await.expect(201);
        count("create", start);
        let start = before();
        let _ = vendor.put(&format!("{TENANTS}/{tenant}"), json!({"name": "Other"})).await.expect(200);
        count("update", start);
        let start = before();
        let _ = vendor.get(TENANTS_V2).await.expect(200);
        count("page of a list", start);
        for query in ["_order=DESC", "_sortBy=name", "_filter=other"] {
            let start = before();
            let _ = vendor.get(&format!("{TENANTS_V2}?{query}")).await.expect(200);
            count(query, start);
        }
        let start = before();
        let below = json!({"tenantId": "below", "parentTenantId": tenant.as_str()});
        let _ = vendor.post(TENANTS, below).await.expect(201);
        count("create below another", start);
        let start = before();
        let _ =
            vendor.post(&format!("{TENANTS}/{tenant}/metadata"), json!({"metadata": {}})).await.expect(201);
        count("metadata", start);
        let at = |tenant: &str| vendor.with("frontegg-tenant-id", tenant);
        let start = before();
        let _ = at("below").get(SETTINGS).await.expect(200);
        count("read of settings", start);
        let start = before();
        let _ = at("below").put(SETTINGS, json!({"timezone": "UTC"})).await.expect(200);
        count("update of settings", start);
        let _ = vendor
            .put(&format!("{SUB_TENANTS}/{tenant}/management"), json!({"isReseller": true}))
            .await
            .status();
        let start = before();
        let below = json!({"name": "Sub", "parentTenantId": tenant.as_str()});
        let _ = vendor.post(SUB_TENANTS, below).await.expect(201);
        count("create a sub-tenant", start);
        assert_eq!(
            waves,
            [
                "read by id: 1",
                "create: 2",
                "update: 2",
                "page of a list: 2",
                "_order=DESC: 2",
                "_sortBy=name: 2",
                "_filter=other: 2",
                "create below another: 2",
                "metadata: 2",
                "read of settings: 1",
                "update of settings: 2",
                "create a sub-tenant: 3",
            ]
        );
    }

    /// The tenant is read beside its relatives, so that what overlaps is not the same every time.
    #[tokio::test]
    async fn relatives_take_a_few_round_trips_for_each_level() {
        let app = app().await;
        let vendor = app.vendor();
        let top = app.tenant("Top").await;
        let below = json!({"tenantId": "below", "parentTenantId": top.as_str()});
        let _ = vendor.post(TENANTS, below).await.expect(201);
        for (tenant, path, most) in
            [(top.as_str(), "", 4), (top.as_str(), "/tree", 4), ("below", "/parents", 2)]
        {
            let before = app.store().round_trips().waves();
            let at = vendor.with("frontegg-tenant-id", tenant);
            let _ = at.get(&format!("{HIERARCHY}{path}")).await.expect(200);
            assert!(app.store().round_trips().waves() - before <= most, "{path}");
        }
    }
}

#[tokio::test]
async fn the_parts_of_a_tenant_have_a_bound_together() {
    let app = app().await;
    let vendor = app.vendor();
    let acme = app.tenant("Acme").await;
    let path = format!("{TENANTS}/{acme}");
    let birds = "\u{1f426}".repeat(4_095);
    let most = json!({"address": birds, "timezone": birds, "currency": birds});
    let _ = vendor.put(&path, most).await.expect(200);
    let too_much = json!({"dateFormat": birds, "timeFormat": birds});
    let refused = vendor.put(&path, too_much).await.error(400);
    assert_eq!(refused, "this tenant would be larger than 65536 bytes in all: leave something out");
    let stored = app.environment().tenants().get(&acme).await.unwrap().unwrap();
    assert_eq!(stored.profile.date_format, None);
}

mod recorded {
    use super::*;

    #[tokio::test]
    async fn what_is_done_with_tenants() {
        let app = app().await;
        let vendor = app.vendor();
        for id in ["acme", "labs"] {
            vendor.post(TENANTS, json!({ "tenantId": id, "name": id })).await.expect(201);
        }
        vendor.put(&format!("{TENANTS}/acme"), json!({ "name": "Acme Ltd" })).await.expect(200);
        vendor
            .post(&format!("{TENANTS}/acme/metadata"), json!({ "metadata": { "plan": "gold" } }))
            .await
            .expect(201);
        let edge = json!({ "parentTenantId": "acme", "childTenantId": "labs" });
        vendor.post(HIERARCHY, edge.clone()).await.expect(201);
        vendor.delete_with(HIERARCHY, edge).await.expect(200);
        vendor.delete(&format!("{TENANTS}/acme")).await.expect(200);
        let records = app.recorded().await;
        let words: Vec<_> = records.iter().map(|record| record.action.as_deref().unwrap()).collect();
        let expected = "tenant.created tenant.created tenant.updated tenant.updated tenant.linked tenant.unlinked \
                        tenant.deleted";
        assert_eq!(words.join(" "), expected);
        let of: Vec<_> = records.iter().map(|record| record.tenant_id.as_ref().unwrap().as_str()).collect();
        assert_eq!(of, ["acme", "labs", "acme", "acme", "labs", "labs", "acme"]);
    }
}
