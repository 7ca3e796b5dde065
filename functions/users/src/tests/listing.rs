use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::*;

const V1: &str = "/identity/resources/users/v1";
const V2: &str = "/identity/resources/users/v2";
const V3: &str = "/identity/resources/users/v3";
const ROLES: &str = "/identity/resources/users/v3/roles";

/// The e-mail addresses on a page.
fn emails(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap()).collect()
}

/// Makes users one after another, so that they are listed in this order.
async fn users(app: &TestApp, tenant: &TenantId, names: &[&str]) -> Vec<TestUser> {
    let mut made = Vec::new();
    for name in names {
        made.push(app.user(&format!("{name}@example.com"), tenant, &["ReadOnly"]).await);
        app.clock().advance(std::time::Duration::from_millis(1));
    }
    made
}

#[tokio::test]
async fn a_vendor_sees_everybody_a_page_at_a_time() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = users(&app, &acme, &["jane", "joe"]).await.remove(0);
    users(&app, &labs, &["ann"]).await;
    join(&app, jane.id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    let vendor = app.vendor();

    let page = vendor.get(V1).await.expect(200);
    assert_eq!(emails(&page), ["jane@example.com", "joe@example.com", "ann@example.com"]);
    assert_eq!(page["_metadata"], json!({"totalItems": 3, "totalPages": 1}));
    let first = &page["items"][0];
    assert_eq!(first["tenantIds"], json!([acme.as_str(), labs.as_str()]));
    assert_eq!(first["roles"][0]["key"], "ReadOnly");
    assert_eq!(first["tenants"][0]["roles"][0]["key"], "ReadOnly");
    assert!(first["permissions"].as_array().unwrap().len() > 5);
    assert_eq!(first["vendorMetadata"], "{}");
    assert_eq!(vendor.get(V2).await.expect(200), page);

    let second = vendor.get(&format!("{V1}?_limit=2&_offset=1")).await.expect(200);
    assert_eq!(emails(&second), ["ann@example.com"]);
    assert_eq!(second["_links"]["prev"], "?_limit=2&_offset=0");
    let past = vendor.get(&format!("{V1}?_limit=2&_offset=7")).await.expect(200);
    assert_eq!(
        (&past["items"], &past["_metadata"]),
        (&json!([]), &json!({"totalItems": 3, "totalPages": 2}))
    );
    let elsewhere = app.neighbour().await;
    assert_eq!(elsewhere.vendor().get(V1).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn the_header_narrows_the_list_to_a_tenant_and_those_below_it() {
    let app = app().await;
    let (top, below, other) = (app.tenant("Top").await, app.tenant("Below").await, app.tenant("Other").await);
    app.environment().tenants().link(&top, &below, app.state().now()).await.unwrap();
    let jane = users(&app, &top, &["jane"]).await.remove(0);
    users(&app, &below, &["joe"]).await;
    users(&app, &other, &["ann"]).await;
    join(&app, jane.id, &membership(&app, &below, MembershipStatus::Activated)).await;
    let vendor = app.vendor().with("frontegg-tenant-id", top.as_str());

    for path in [V1, V2, V3] {
        let page = vendor.get(path).await.expect(200);
        assert_eq!(emails(&page), ["jane@example.com", "joe@example.com"], "each once");
        assert_eq!(page["items"][0]["tenantId"], top.as_str());
        assert_eq!(page["items"][1]["tenantId"], below.as_str());
        let own = vendor.get(&format!("{path}?_includeSubTenants=false")).await.expect(200);
        assert_eq!(emails(&own), ["jane@example.com"]);
    }
    let nowhere = app.vendor().with("frontegg-tenant-id", "nowhere");
    assert_eq!(nowhere.get(V1).await.expect(200)["_metadata"]["totalItems"], 0);
    assert_eq!(app.vendor().with("frontegg-tenant-id", "a b").get(V1).await.status(), 400);
}

#[tokio::test]
async fn a_user_sees_their_own_tenant_and_no_more_of_anybody_than_concerns_it() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let made = users(&app, &acme, &["jane", "joe", "ghost"]).await;
    users(&app, &labs, &["ann"]).await;
    app.environment().tenants().link(&acme, &labs, app.state().now()).await.unwrap();
    join(&app, made[1].id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    change(&app, made[2].id, |user| user.invisible = true).await;
    let client = app.sign_in(&made[0], &acme).await.with("frontegg-tenant-id", labs.as_str());

    for path in [V1, V2, V3] {
        let page = client.get(path).await.expect(200);
        assert_eq!(emails(&page), ["jane@example.com", "joe@example.com"]);
        assert_eq!(page["_metadata"]["totalItems"], 2);
        assert_eq!(page["items"][1]["tenantIds"], json!([acme.as_str()]));
        assert!(page["items"][1].get("vendorMetadata").is_none());
        let ids = format!("{path}?ids={},{}", made[1].id, made[2].id);
        assert_eq!(emails(&client.get(&ids).await.expect(200)), ["joe@example.com"]);
    }
    for email in ["ann@example.com", "ghost@example.com"] {
        let page = client.get(&format!("{V3}?_email={email}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "{email}");
    }
    assert_eq!(client.get(&format!("{V3}?_tenantId={labs}")).await.status(), 403);
    assert_eq!(emails(&client.get(&format!("{V3}?_tenantId={acme}")).await.expect(200)).len(), 2);

    change(&app, made[0].id, |user| user.sub_account_access_allowed = true).await;
    assert_eq!(emails(&client.get(V1).await.expect(200)).len(), 3);
    change(&app, made[0].id, |user| user.memberships[0].role_ids.clear()).await;
    for path in [V1, V2, V3, ROLES] {
        assert_eq!(client.get(path).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn users_are_searched_and_sorted() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let made = users(&app, &acme, &["jane", "Ann", "joe"]).await;
    change(&app, made[0].id, |user| {
        user.metadata =
            Metadata::of_user(serde_json::from_value(json!({"plan": "pro", "seats": 5})).unwrap()).unwrap();
    })
    .await;
    change(&app, made[2].id, |user| {
        user.name = Some("Zoë Ann".to_owned());
        user.verified = false;
    })
    .await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let (jane, ann, joe) = ("jane@example.com", "ann@example.com", "joe@example.com");
    let plan = "%7B%22plan%22%3A%22pro%22%7D";
    for (query, expected) in [
        ("_filter=ANN".to_owned(), vec![ann, joe]),
        ("_filter=".to_owned(), vec![jane, ann, joe]),
        ("_filter=zo%C3%AB".to_owned(), vec![joe]),
        ("_sortBy=email".to_owned(), vec![ann, jane, joe]),
        ("_sortBy=email&_order=desc".to_owned(), vec![joe, jane, ann]),
        ("_order=DESC".to_owned(), vec![joe, ann, jane]),
        ("_sortBy=verified&_limit=1".to_owned(), vec![joe]),
        ("_sortBy=createdAt&_limit=1&_offset=1".to_owned(), vec![ann]),
        (format!("ids={},{},{}", made[1].id, made[0].id, made[0].id), vec![jane, ann]),
        (format!("metadata={plan}"), vec![jane]),
        (format!("metadata={plan}&_filter=joe"), vec![]),
        ("metadata=%7B%22plan%22%3A1%7D".to_owned(), vec![]),
    ] {
        let page = vendor.get(&format!("{V1}?{query}")).await.expect(200);
        assert_eq!(emails(&page), expected, "{query}");
    }
    for sort in ["name", "id", "isLocked", "provider", "tenantId"] {
        assert_eq!(emails(&vendor.get(&format!("{V3}?_sortBy={sort}")).await.expect(200)).len(), 3);
    }
}

#[tokio::test]
async fn version_3_finds_by_address_and_leaves_roles_out() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let made = users(&app, &acme, &["jane", "joe"]).await;
    let vendor = app.vendor();
    let page = vendor.get(&format!("{V3}?_email=JANE@example.com")).await.expect(200);
    let jane = &page["items"][0];
    assert_eq!((emails(&page).len(), &jane["id"]), (1, &json!(made[0].id.to_string())));
    assert!(jane.get("roles").is_none() && jane.get("permissions").is_none());
    assert!(jane["tenants"][0].get("roles").is_none());

    let before = app.store().round_trips().waves();
    let _ = vendor.get(&format!("{V3}?_email=jane@example.com")).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 2);

    let count = async |query: &str| {
        vendor.get(&format!("{V3}?{query}")).await.expect(200)["_metadata"]["totalItems"].clone()
    };
    assert_eq!(count("_email=nobody@example.com").await, 0);
    assert_eq!(count(&format!("_email=jane@example.com&ids={}", made[1].id)).await, 0);
    assert_eq!(count(&format!("_email=jane@example.com&_tenantId={labs}")).await, 0);
    assert_eq!(count(&format!("_tenantId={acme}")).await, 2);
    let both = vendor.with("frontegg-tenant-id", labs.as_str());
    assert_eq!(both.get(&format!("{V3}?_tenantId={acme}")).await.status(), 400);
}

#[tokio::test]
async fn a_filter_is_heeded_or_refused_and_never_ignored() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let made = users(&app, &acme, &["jane", "joe", "ann"]).await;
    change(&app, made[1].id, |user| user.name = Some("Zoë".to_owned())).await;
    let (vendor, client) = (app.vendor(), app.sign_in(&made[0], &acme).await);
    let (jane, joe) = (made[0].id, made[1].id);
    for (query, expected) in [
        ("_identifier=JOE@example.com&_identifierType=email".to_owned(), vec!["joe@example.com"]),
        ("_identifier=nobody@example.com&_identifierType=email".to_owned(), vec![]),
        ("_identifier=joe@example.com&_identifierType=email&_email=ann@example.com".to_owned(), vec![]),
        ("_namePrefix=zO%C3%AB".to_owned(), vec!["joe@example.com"]),
        ("_namePrefix=o%C3%AB".to_owned(), vec![]),
        (format!("ids={jane}&ids={joe}"), vec!["jane@example.com", "joe@example.com"]),
        (format!("ids[]={joe}"), vec!["joe@example.com"]),
        (format!("ids%5B0%5D={jane}&ids%5B1%5D={joe}"), vec!["jane@example.com", "joe@example.com"]),
    ] {
        for caller in [&vendor, &client] {
            let page = caller.get(&format!("{V3}?{query}")).await.expect(200);
            assert_eq!(emails(&page), expected, "{query}");
            assert_eq!(page["_metadata"]["totalItems"], expected.len(), "{query}");
        }
    }
    let both = vendor.get(&format!("{V1}?ids[]={jane}&ids[]={joe}")).await.expect(200);
    assert_eq!(emails(&both).len(), 2);
    assert_eq!(vendor.get(&format!("{ROLES}?ids[]={jane}")).await.expect(200)[0]["userId"], jane.to_string());
    for (query, message) in [
        ("_identifier=joe@example.com", "_identifierType"),
        ("_identifierType=email", "_identifier"),
        ("_identifier=joe&_identifierType=email", "email"),
        ("_identifier=joe&_identifierType=username", "_identifierType must be email"),
        ("_externalIds=a", "_externalIds"),
        ("_externalIds[]=a", "_externalIds"),
        ("_namePrefix=a&_namePrefix=b", "_namePrefix"),
        ("ids=,", "ids must be"),
    ] {
        let refused = vendor.get(&format!("{V3}?{query}")).await.error(400);
        assert!(refused.contains(message), "{query}: {refused}");
    }
    let unknown = vendor.get(&format!("{V3}?shoeSize=9")).await.expect(200);
    assert_eq!(unknown["_metadata"]["totalItems"], 3, "what no list knows filters nothing");
}

#[tokio::test]
async fn the_roles_of_users_are_listed_tenant_by_tenant() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let made = users(&app, &acme, &["jane", "joe"]).await;
    join(&app, made[0].id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    let read_only = app.roles(&["ReadOnly"]).await[0];
    let row = |user: &TestUser, tenant: &TenantId, roles: Value| json!({"vendorId": app.environment().id(), "tenantId": tenant, "userId": user.id, "roleIds": roles});
    let by_id = |rows: &Value| {
        let mut rows = rows.as_array().unwrap().clone();
        rows.sort_by_key(|row| (row["userId"] != json!(made[0].id), row["tenantId"] != json!(acme)));
        rows
    };
    let path = format!("{ROLES}?ids={},{}", made[0].id, made[1].id);
    let rows = app.vendor().get(&path).await.expect(200);
    let (jane, joe) = (row(&made[0], &acme, json!([read_only])), row(&made[1], &acme, json!([read_only])));
    assert_eq!(by_id(&rows), [jane.clone(), row(&made[0], &labs, json!([])), joe.clone()]);
    assert_eq!(app.vendor().get(&format!("{ROLES}?ids=")).await.expect(200), json!([]), "nobody is named");
    assert_eq!(app.vendor().get(ROLES).await.error(400), "ids must name the users");
    let repeated = format!("{ROLES}?ids={}&ids={}", made[0].id, made[1].id);
    assert_eq!(by_id(&app.vendor().get(&repeated).await.expect(200)), by_id(&rows));
    let in_acme = app.vendor().with("frontegg-tenant-id", acme.as_str()).get(&path).await.expect(200);
    assert_eq!(by_id(&in_acme), [jane.clone(), joe.clone()]);
    let client = app.sign_in(&made[1], &acme).await;
    assert_eq!(by_id(&client.get(&path).await.expect(200)), [jane, joe]);
    assert_eq!(app.neighbour().await.vendor().get(&path).await.expect(200), json!([]));
    assert_eq!(app.vendor().get(ROLES).await.status(), 400);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let app = app().await;
    let id = UserId::random(&*app.state().entropy);
    let many = (0..201).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect::<Vec<_>>().join(",");
    for (query, message) in [
        ("_limit=0", "_limit"),
        ("_limit=201", "_limit must be from 1 to 200"),
        ("_offset=-1", "_offset"),
        ("_order=up", "_order"),
        ("_sortBy=shoeSize", "_sortBy must be"),
        ("ids=jane", "ids must be"),
        (&format!("ids={many}"), "at most 200"),
        ("_includeSubTenants=maybe", "_includeSubTenants"),
    ] {
        for path in [V1, V2, V3] {
            let refused = app.vendor().get(&format!("{path}?{query}")).await.error(400);
            assert!(refused.contains(message), "{path}?{query}: {refused}");
        }
    }
    for query in [format!("_filter={}", "x".repeat(255)), "metadata=5".to_owned(), "metadata=%7B".to_owned()]
    {
        assert_eq!(app.vendor().get(&format!("{V1}?{query}")).await.status(), 400, "{query}");
    }
    for query in ["_email=jane", "_tenantId=a%20b"] {
        assert_eq!(app.vendor().get(&format!("{V3}?{query}")).await.status(), 400, "{query}");
    }
    let far = app.vendor().get(&format!("{V1}?_offset=18446744073709551615&_limit=200")).await.expect(200);
    assert_eq!(far["items"], json!([]));
    assert_eq!(app.vendor().get(&format!("{V1}?ids={id}")).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_page_takes_at_most_two_round_trips_wherever_it_is() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let template = app.user("user0@example.com", &acme, &["ReadOnly"]).await;
    let template = stored(&app, template.id).await;
    let environment = app.environment();
    let creations = stream::iter(1..260).map(|n| {
        let id = UserId::random(&*app.state().entropy);
        let user = User { id, email: format!("user{n}@example.com").parse().unwrap(), ..template.clone() };
        let environment = environment.clone();
        async move { environment.users().create(&NewUser { user, password_hash: None }).await.unwrap() }
    });
    creations.buffer_unordered(4).collect::<Vec<_>>().await;
    let vendor = app.vendor();
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    let _ = vendor.get(V1).await.expect(200);
    let mut waves = Vec::new();
    for (client, path) in [(&vendor, V1), (&in_acme, V1), (&in_acme, V3)] {
        for (page, items) in [(0, 50), (3, 50), (5, 10)] {
            let before = app.store().round_trips().waves();
            let answer = client.get(&format!("{path}?_offset={page}")).await.expect(200);
            waves.push(app.store().round_trips().waves() - before);
            assert_eq!((emails(&answer).len(), &answer["_metadata"]["totalItems"]), (items, &json!(260)));
        }
    }
    assert!(waves.iter().all(|waves| *waves <= 2), "{waves:?}");

    // Whoever shows a user's token is looked up first, or while it is read who is on a page by age.
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&admin, &acme).await;
    app.environment().users().leave(template.id, &acme).await.unwrap();
    for (query, by_age) in [
        ("", true),
        ("?_order=DESC", true),
        ("?_offset=4", true),
        ("?_sortBy=email&_offset=3", false),
        ("?_filter=user1", false),
    ] {
        for (caller, most) in [(&in_acme, 2), (&client, if by_age { 2 } else { 3 })] {
            let before = app.store().round_trips().waves();
            let _ = caller.get(&format!("{V1}{query}")).await.expect(200);
            let waves = app.store().round_trips().waves() - before;
            assert!(waves <= most, "{query}: {waves}");
        }
    }
}

#[tokio::test]
async fn nobody_is_shown_a_list_before_they_are_let_in() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let joe = app.user("joe@example.com", &acme, &[]).await;
    let (admin, nobody) = (app.sign_in(&jane, &acme).await, app.sign_in(&joe, &acme).await);
    for path in [V1, "/identity/resources/users/v2", V3] {
        let _ = admin.get(path).await.expect(200);
        assert!(nobody.get(path).await.error(403).contains("permission"), "{path}");
        for wrong in ["_limit=x", "_limit=0", "_sortBy=shoe-size", "ids=x"] {
            let _ = admin.get(&format!("{path}?{wrong}")).await.error(400);
            let _ = nobody.get(&format!("{path}?{wrong}")).await.error(403);
        }
    }
    app.environment().sessions().end_all(jane.id, None, |_| true).await.unwrap();
    for path in [V1, "/identity/resources/users/v2", V3] {
        let _ = admin.get(path).await.error(401);
        let _ = admin.get(&format!("{path}?_sortBy=email")).await.error(401);
        let _ = admin.get(&format!("{path}?_limit=x")).await.error(401);
    }
}

#[tokio::test]
async fn a_selection_that_is_given_and_empty_is_of_nobody() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&jane, &acme).await;
    for path in [V1, V2, V3] {
        for caller in [&app.vendor(), &client] {
            let page = caller.get(&format!("{path}?ids=")).await.expect(200);
            assert_eq!((&page["items"], &page["_metadata"]["totalItems"]), (&json!([]), &json!(0)), "{path}");
            assert_eq!(caller.get(path).await.expect(200)["_metadata"]["totalItems"], 1);
        }
    }
}

#[tokio::test]
async fn no_cache_keeps_what_is_personal() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    app.user("jane@example.com", &acme, &[]).await;
    for (client, path) in [(app.vendor(), V3), (app.anonymous(), V3), (app.anonymous(), "/nowhere")] {
        let answer = client.get(path).await;
        let header = |name: &str| answer.header(name).unwrap_or_default();
        let told = (header("cache-control"), header("x-content-type-options"));
        assert_eq!(told, ("no-store".to_owned(), "nosniff".to_owned()), "{} {path}", answer.status());
    }
}
