use super::*;

#[tokio::test]
async fn roles_come_by_page_in_an_order_and_selected() {
    let app = app().await;
    let vendor = app.vendor();
    for (key, level) in [("writer", 5), ("editor", 9), ("auditor", 5)] {
        let _ = role(&vendor, key, level).await;
    }
    let list = async |query: &str| keys(&vendor, &format!("{ROLES_V2}?{query}")).await;
    assert_eq!(list("_sortBy=key").await, ["Admin", "ReadOnly", "auditor", "editor", "writer"]);
    assert_eq!(list("_sortBy=key&_order=DESC&_limit=2").await, ["writer", "editor"]);
    assert_eq!(list("_sortBy=level&_order=desc&_limit=1").await, ["editor"]);
    assert_eq!(list("_sortBy=permissions&_order=DESC&_limit=2").await, ["Admin", "ReadOnly"]);
    assert_eq!(list("_sortBy=key&_levels=5").await, ["auditor", "writer"]);
    assert_eq!(list("_sortBy=key&_levels=5&_levels=9").await, ["auditor", "editor", "writer"]);
    assert_eq!(list("_sortBy=key&_levels[]=0,9").await, ["Admin", "editor"]);
    assert_eq!(list("_levels=").await, [] as [&str; 0], "given and empty: none");
    assert_eq!(list("_tenantIds=").await, [] as [&str; 0]);
    assert_eq!(list("_filter=DIT&_sortBy=key").await, ["auditor", "editor"]);
    assert_eq!(list("").await.len(), 5);
    let page = vendor.get(&format!("{ROLES_V2}?_sortBy=key&_limit=2&_offset=2")).await.expect(200);
    assert_eq!(page["items"][0]["key"], "writer");
    assert_eq!(page["_metadata"], json!({"totalItems": 5, "totalPages": 3}));
    assert_eq!(page["_links"]["prev"], "?_sortBy=key&_limit=2&_offset=1");
    for bad in [
        "_sortBy=x",
        "_limit=2001",
        "_limit=0",
        "_levels=x",
        "_levels=32768",
        "_tenantIds=a%20b",
        "_order=up",
    ] {
        assert_eq!(vendor.get(&format!("{ROLES_V2}?{bad}")).await.status(), 400, "{bad}");
    }
    assert_eq!(vendor.get(&format!("{ROLES_V2}?_limit=2000")).await.status(), 200);
}

#[tokio::test]
async fn tenants_and_ranks_that_roles_have() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let (vendor, in_acme, in_labs) = (app.vendor(), vendor_in(&app, &acme), vendor_in(&app, &labs));
    let _ = (role(&in_acme, "local", 7).await, role(&in_labs, "lab", 8).await);
    let levels = format!("{ROLES_V2}/distinct-levels");
    assert_eq!(vendor.get(&levels).await.expect(200), json!([0, 1]));
    assert_eq!(in_acme.get(&levels).await.expect(200), json!([0, 1, 7]));
    let tenants = format!("{ROLES_V2}/distinct-tenants");
    let mut both = [acme.as_str(), labs.as_str()];
    both.sort_unstable();
    let before = app.store().round_trips().waves();
    assert_eq!(vendor.get(&tenants).await.expect(200), json!(both));
    assert_eq!(app.store().round_trips().waves() - before, 1);
    assert_eq!(in_acme.get(&tenants).await.expect(200), json!([acme.as_str()]));
    assert_eq!(app.neighbour().await.vendor().get(&tenants).await.expect(200), json!([]));

    let of_both = format!("{ROLES_V2}?_sortBy=key&_tenantIds={acme}&_tenantIds={labs}");
    assert_eq!(keys(&vendor, &of_both).await, ["lab", "local"]);
    assert_eq!(keys(&in_acme, &of_both).await, ["local"], "a tenant that was named sees its own only");
    let many = vec!["x"; 51].join(",");
    assert_eq!(vendor.get(&format!("{ROLES_V2}?_tenantIds={many}")).await.status(), 400);
}

#[tokio::test]
async fn another_environment_sees_none_of_it() {
    let app = app().await;
    let other = app.neighbour().await;
    let tenant = app.tenant("Acme").await;
    let _ = (role(&app.vendor(), "editor", 5).await, role(&vendor_in(&app, &tenant), "local", 5).await);
    assert_eq!(keys(&vendor_in(&other, &tenant), ROLES).await, ["Admin", "ReadOnly"]);
    assert_eq!(app.anonymous().get(ROLES).await.status(), 401);
}

#[tokio::test]
async fn a_tenant_without_a_role_of_its_own_any_more_is_not_listed() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let (vendor, in_acme, in_labs) = (app.vendor(), vendor_in(&app, &acme), vendor_in(&app, &labs));
    let tenants = format!("{ROLES_V2}/distinct-tenants");
    let one = role(&in_acme, "one", 7).await;
    let two =
        json!([{"key": "two", "name": "Two", "level": 7}, {"key": "three", "name": "Three", "level": 7}]);
    let made = in_acme.post(ROLES, two).await.expect(201);
    for id in [one, made[0]["id"].as_str().unwrap().to_owned()] {
        assert_eq!(in_acme.delete(&format!("{ROLES}/{id}")).await.status(), 204);
        assert_eq!(vendor.get(&tenants).await.expect(200), json!([acme.as_str()]));
    }
    let last = made[1]["id"].as_str().unwrap();
    assert_eq!(in_acme.delete(&format!("{ROLES}/{last}")).await.status(), 204);
    assert_eq!(vendor.get(&tenants).await.expect(200), json!([]));

    let _ = role(&in_labs, "lab", 8).await;
    assert_eq!(vendor.get(&tenants).await.expect(200), json!([labs.as_str()]));
    app.environment().tenants().remove(&labs, app.state().now(), &|| true).await.unwrap();
    assert_eq!(vendor.get(&tenants).await.expect(200), json!([]));
}
