//! Lists that cross buckets, with holes in them.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Metadata, Order, PageRequest, TenantId, UserId};
use rookery_store::{EnvironmentStore, NewUser, UserQuery, UserSort};
use serde_json::json;

use crate::support::{environment, tenant, user};

/// Enough for three buckets.
const MANY: usize = 620;

async fn filled() -> (EnvironmentStore, TenantId, Vec<UserId>) {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme: TenantId = "acme".parse().unwrap();
    let users: Vec<NewUser> = (0..MANY)
        .map(|n| user(&format!("user{n:04}@example.com"), &[&acme], i64::try_from(n).unwrap()))
        .collect();
    let store = own.users();
    stream::iter(&users).map(Ok).try_for_each(|user| store.create(user)).await.unwrap();
    let ids = users.iter().map(|user| user.user.id).collect();
    (own, acme, ids)
}

async fn page(own: &EnvironmentStore, tenant: &TenantId, index: usize, order: Order) -> (Vec<UserId>, usize) {
    let query = UserQuery {
        page: PageRequest { limit: 100, index, order },
        ..UserQuery::page(vec![tenant.clone()], 100, index)
    };
    let page = own.users().list(&query).await.unwrap();
    (page.items.iter().map(|user| user.id).collect(), page.total)
}

async fn all(own: &EnvironmentStore, tenant: &TenantId, order: Order) -> Vec<UserId> {
    let pages = stream::iter(0..7).then(|index| page(own, tenant, index, order));
    pages.map(|(ids, _)| stream::iter(ids)).flatten().collect().await
}

#[tokio::test]
async fn every_page_is_right_whoever_has_left() {
    let (own, acme, mut ids) = filled().await;
    assert_eq!(all(&own, &acme, Order::Ascending).await, ids);

    // Holes in the first bucket and in the second, which was full.
    for at in [300, 40, 3] {
        assert!(own.users().leave(ids.remove(at), &acme).await.unwrap());
    }
    assert_eq!(all(&own, &acme, Order::Ascending).await, ids);
    let (past, total) = page(&own, &acme, 50, Order::Ascending).await;
    assert_eq!((past.len(), total), (0, MANY - 3));
    ids.reverse();
    assert_eq!(all(&own, &acme, Order::Descending).await, ids);

    let found = UserQuery {
        filter: Some("USER05".to_owned()),
        sort: UserSort::Email,
        ..UserQuery::page(vec![acme.clone()], 10, 0)
    };
    let found = own.users().list(&found).await.unwrap();
    assert_eq!((found.total, found.items[0].email.as_str()), (100, "user0500@example.com"));
}

#[tokio::test]
async fn a_deep_page_costs_the_round_trips_of_the_first() {
    let (own, acme, ids) = filled().await;
    let store = rookery_testkit::connect().await;
    let own = store.environment(own.id());
    let mut waves = Vec::new();
    for index in [0, 5] {
        let before = store.round_trips().waves();
        let (page, _) = page(&own, &acme, index, Order::Ascending).await;
        assert_eq!(page, ids[index * 100..index * 100 + 100]);
        waves.push(store.round_trips().waves() - before);
    }
    assert_eq!(waves, [2, 2]);
}

#[tokio::test]
async fn lists_of_several_tenants_are_one_list_with_everybody_once() {
    let own = environment().await;
    let (acme, labs): (TenantId, TenantId) = ("acme".parse().unwrap(), "labs".parse().unwrap());
    for id in [&acme, &labs] {
        own.tenants().create(&tenant(id.as_str())).await.unwrap();
    }
    let in_both = user("both@example.com", &[&acme, &labs], 2);
    let mut hidden = user("hidden@example.com", &[&labs], 3);
    hidden.user.invisible = true;
    for user in
        [&user("acme@example.com", &[&acme], 1), &in_both, &hidden, &user("labs@example.com", &[&labs], 4)]
    {
        own.users().create(user).await.unwrap();
    }
    let names = async |query: UserQuery| {
        let page = own.users().list(&query).await.unwrap();
        let names: Vec<_> = page.items.into_iter().map(|user| user.name.unwrap()).collect();
        (names.join(" ").replace("@example.com", ""), page.total)
    };

    let both = UserQuery::page(vec![acme.clone(), labs.clone()], 10, 0);
    assert_eq!(names(both.clone()).await, ("acme both hidden labs".to_owned(), 4));
    assert_eq!(names(UserQuery { by_vendor: false, ..both.clone() }).await, ("acme both labs".to_owned(), 3));
    let of_labs = UserQuery { by_vendor: false, ..UserQuery::page(vec![labs.clone()], 1, 1) };
    assert_eq!(names(of_labs).await, ("labs".to_owned(), 2));
    let ids = Some(vec![in_both.user.id, in_both.user.id, hidden.user.id]);
    assert_eq!(names(UserQuery { ids: ids.clone(), ..both }).await, ("both hidden".to_owned(), 2));
    assert_eq!(names(UserQuery { ids, ..UserQuery::page(vec![acme], 10, 0) }).await, ("both".to_owned(), 1));
}

#[tokio::test]
async fn users_are_found_by_their_metadata() {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme: TenantId = "acme".parse().unwrap();
    for (n, metadata) in
        [r#"{"plan":"pro","seats":5}"#, r#"{"plan":"free"}"#, r#"{"plan":"pro"}"#].iter().enumerate()
    {
        let mut new = user(&format!("user{n}@example.com"), &[&acme], i64::try_from(n).unwrap());
        new.user.metadata = Metadata::of_user(serde_json::from_value(json!(metadata)).unwrap()).unwrap();
        own.users().create(&new).await.unwrap();
    }
    let found = async |wanted: &str, index: usize| {
        let metadata = Some(Metadata::of_user(serde_json::from_value(json!(wanted)).unwrap()).unwrap());
        let query = UserQuery { metadata, ..UserQuery::page(vec![acme.clone()], 1, index) };
        let page = own.users().list(&query).await.unwrap();
        (page.items.first().and_then(|user| user.name.clone()), page.total)
    };
    assert_eq!(found(r#"{"plan":"pro"}"#, 1).await, (Some("user2@example.com".to_owned()), 2));
    assert_eq!(found(r#"{"plan":"pro","seats":5}"#, 0).await, (Some("user0@example.com".to_owned()), 1));
    assert_eq!(found(r#"{"seats":"5"}"#, 0).await, (None, 0));
    assert_eq!(found("{}", 2).await, (Some("user2@example.com".to_owned()), 3));
}

#[tokio::test]
async fn additions_at_the_same_time_fill_a_bucket_to_the_brim_and_no_further() {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme: TenantId = "acme".parse().unwrap();
    let users: Vec<NewUser> = (0..260).map(|n| user(&format!("user{n}@example.com"), &[&acme], n)).collect();
    let store = own.users();
    stream::iter(&users).map(Ok).try_for_each_concurrent(6, |user| store.create(user)).await.unwrap();
    let connection = rookery_testkit::connect().await;
    let own = connection.environment(own.id());
    let before = connection.round_trips().waves();
    let (page, total) = page(&own, &acme, 2, Order::Ascending).await;
    assert_eq!((page.len(), total), (60, 260));
    let _ = self::page(&own, &acme, 0, Order::Ascending).await;
    assert_eq!(
        connection.round_trips().waves() - before,
        4,
        "though the third page ends in the second bucket"
    );
}
