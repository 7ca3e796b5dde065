//! Tenants and their people, from the outside.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, address, new_tenant, new_user, role, sign_in, unique};

const TENANTS: &str = "/tenants/resources/tenants/v1";
const USERS: &str = "/identity/resources/users/v1";
const ROLES: &str = "/identity/resources/roles/v1";
const HIERARCHY: &str = "/tenants/resources/hierarchy/v1";

#[tokio::test]
async fn a_removed_tenant_takes_its_users_along_but_not_those_who_belong_elsewhere() {
    let vendor = Client::vendor().await;
    let (doomed, other) = (new_tenant(&vendor).await, new_tenant(&vendor).await);
    let (only_here, elsewhere_too) = (address(), address());
    let gone = new_user(&vendor, &doomed, &only_here, &[]).await;
    let stays = new_user(&vendor, &doomed, &elsewhere_too, &[]).await;
    let join = json!({"tenantId": other, "skipInviteEmail": true});
    let _ = vendor.post(&format!("{USERS}/{stays}/tenant"), join).await.ok(201);

    let removed = vendor.delete(&format!("{TENANTS}/{doomed}")).await;
    assert_eq!((removed.status.as_u16(), removed.text.as_str()), (200, ""));
    let user = |id: &str| format!("/identity/resources/vendor-only/users/v1/{id}");
    assert_eq!(vendor.get(&user(&gone)).await.refused(), 404);
    let left = vendor.get(&user(&stays)).await.ok(200);
    assert_eq!(left["tenantIds"], json!([other]));
    assert_eq!(sign_in(&only_here, PASSWORD).await.refused(), 401);
    let _ = sign_in(&elsewhere_too, PASSWORD).await.ok(200);
}

#[tokio::test]
async fn every_user_is_on_exactly_one_page() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(new_user(&vendor, &tenant, &address(), &[]).await);
    }
    let listing = vendor.with("frontegg-tenant-id", &tenant);
    let mut seen = Vec::new();
    let mut index = 0;
    loop {
        let page = listing.get(&format!("{USERS}?_limit=2&_offset={index}")).await.ok(200);
        assert_eq!(page["_metadata"], json!({"totalItems": 7, "totalPages": 4}));
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()),
        );
        index += 1;
        if page["_links"]["next"] == "" {
            break;
        }
    }
    assert_eq!(seen, made);
    let past = listing.get(&format!("{USERS}?_limit=2&_offset=99")).await.ok(200);
    assert_eq!((&past["items"], &past["_metadata"]["totalItems"]), (&json!([]), &json!(7)));
}

#[tokio::test]
async fn of_ten_invitations_of_one_address_one_user_comes() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let inviting = vendor.with("frontegg-tenant-id", &tenant);
    let email = address();
    let spellings = (0..10).map(|n| if n % 2 == 0 { email.clone() } else { email.to_uppercase() });
    let invite =
        spellings.map(|email| inviting.post("/identity/resources/users/v2", json!({"email": email})));
    let invites: Vec<_> = invite.collect();
    let statuses: Vec<_> = join_all(invites).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(
        statuses.contains(&201) && statuses.iter().all(|status| [201, 409].contains(status)),
        "{statuses:?}"
    );
    let page = inviting.get(USERS).await.ok(200);
    assert_eq!((&page["_metadata"]["totalItems"], &page["items"][0]["email"]), (&json!(1), &json!(email)));
}

#[tokio::test]
async fn an_administrator_sees_their_own_tenant_and_nothing_of_another() {
    let vendor = Client::vendor().await;
    let (own, other) = (new_tenant(&vendor).await, new_tenant(&vendor).await);
    let email = address();
    let _ = new_user(&vendor, &own, &email, &[&role(&vendor, "Admin").await]).await;
    let stranger = new_user(&vendor, &other, &address(), &[]).await;
    let admin = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let reaching = admin.with("frontegg-tenant-id", &other);
    assert_eq!(reaching.get(USERS).await.ok(200)["_metadata"]["totalItems"], 1, "the header changes nothing");
    assert_eq!(reaching.get(&format!("{USERS}/{stranger}")).await.refused(), 404);
    assert_eq!(reaching.delete(&format!("{USERS}/{stranger}")).await.refused(), 404);
    let roles = json!({"roleIds": [role(&vendor, "ReadOnly").await]});
    assert_eq!(reaching.post(&format!("{USERS}/{stranger}/roles"), roles).await.refused(), 404);
}

#[tokio::test]
async fn a_tenant_has_a_role_of_its_own_until_it_is_removed() {
    let vendor = Client::vendor().await;
    let (own, other) = (new_tenant(&vendor).await, new_tenant(&vendor).await);
    let key = unique("role");
    let (of_own, of_other) =
        (vendor.with("frontegg-tenant-id", &own), vendor.with("frontegg-tenant-id", &other));
    let made = of_own.post(ROLES, json!([{"key": key, "name": key, "level": 9}])).await.ok(201);
    assert_eq!(made[0]["tenantId"], own);
    let role = format!("{ROLES}/{}", made[0]["id"].as_str().unwrap());
    let keys = async |client: &Client| {
        let roles = client.get(ROLES).await.ok(200);
        roles.as_array().unwrap().iter().any(|role| role["key"] == key)
    };
    assert_eq!((keys(&of_own).await, keys(&of_other).await), (true, false));
    assert_eq!(of_own.delete(&role).await.status.as_u16(), 204);
    assert_eq!((keys(&of_own).await, of_own.delete(&role).await.refused()), (false, 404));
}

#[tokio::test]
async fn a_tree_of_tenants_is_seen_from_above_and_from_below() {
    let vendor = Client::vendor().await;
    let tree = [unique("tenant"), unique("tenant"), unique("tenant")];
    for (at, id) in tree.iter().enumerate() {
        let parent = at.checked_sub(1).map(|above| &tree[above]);
        let tenant = json!({"tenantId": id, "name": id, "parentTenantId": parent});
        let _ = vendor.post(TENANTS, tenant).await.ok(201);
    }
    let at = |id: &String| vendor.with("frontegg-tenant-id", id);
    let ids = |relatives: &Value| {
        let ids = relatives.as_array().unwrap().iter().map(|relative| relative["tenantId"].clone());
        ids.collect::<Vec<_>>()
    };
    let below = at(&tree[0]).get(HIERARCHY).await.ok(200);
    let above = at(&tree[2]).get(&format!("{HIERARCHY}/parents")).await.ok(200);
    assert_eq!(
        (ids(&below), ids(&above)),
        (vec![json!(tree[1]), json!(tree[2])], vec![json!(tree[1]), json!(tree[0])])
    );
}

#[tokio::test]
async fn a_key_of_metadata_may_hold_a_slash() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let metadata = format!("/tenants/resources/tenants/v1/{tenant}/metadata");
    let keys = json!({ "metadata": { "plan/seats": 5, "plan": "gold", "seats": 1 } });
    let _ = vendor.post(&metadata, keys).await.ok(201);
    let left = vendor.delete(&format!("{metadata}/plan%2Fseats")).await.ok(200);
    let left: serde_json::Value = serde_json::from_str(left["metadata"].as_str().unwrap()).unwrap();
    assert_eq!(left, json!({ "plan": "gold", "seats": 1 }));
}
