//! Many users made at a time.

use rookery_domain::{TenantId, UserId};
use rookery_store::{EnvironmentStore, NewUser, NewUserError, UpdateError, UserQuery};

use crate::support::{environment, tenant, user};

/// An environment with two tenants.
async fn two_tenants() -> (EnvironmentStore, TenantId, TenantId) {
    let own = environment().await;
    for id in ["acme", "labs"] {
        own.tenants().create(&tenant(id)).await.unwrap();
    }
    (own, "acme".parse().unwrap(), "labs".parse().unwrap())
}

fn users(numbers: std::ops::Range<i64>, tenants: &[&TenantId]) -> Vec<NewUser> {
    numbers.map(|n| user(&format!("user{n:04}@example.com"), tenants, n)).collect()
}

fn ids(users: &[NewUser]) -> Vec<UserId> {
    users.iter().map(|new| new.user.id).collect()
}

/// Everybody in a list, which may have up to 600 members, and its total.
async fn everybody(own: &EnvironmentStore, tenant: Option<&TenantId>) -> (Vec<UserId>, usize) {
    let (mut found, mut total) = (Vec::new(), 0);
    for index in 0..3 {
        let query = UserQuery::page(tenant.into_iter().cloned().collect(), 200, index);
        let page = own.users().list(&query).await.unwrap();
        found.extend(page.items.iter().map(|user| user.id));
        total = page.total;
    }
    (found, total)
}

#[tokio::test]
async fn the_imported_stand_in_lists_as_if_they_had_come_one_by_one() {
    let (own, acme, labs) = two_tenants().await;
    let mut people = users(0..1, &[&acme]);
    own.users().create(&people[0]).await.unwrap();
    // Past the end of the first bucket, with somebody of both tenants in between.
    people.extend(users(1..300, &[&acme]));
    people.extend(users(300..310, &[&acme, &labs]));
    people.extend(users(310..520, &[&acme]));
    own.users().import(&people[1..]).await.unwrap();
    people.extend(users(520..521, &[&acme]));
    own.users().create(&people[520]).await.unwrap();

    let mut expected = ids(&people);
    assert_eq!(everybody(&own, Some(&acme)).await, (expected.clone(), 521));
    assert_eq!(everybody(&own, None).await, (expected.clone(), 521));
    assert_eq!(everybody(&own, Some(&labs)).await, (expected[300..310].to_vec(), 10));

    assert!(own.users().remove(expected.remove(305)).await.unwrap());
    assert_eq!(everybody(&own, Some(&acme)).await, (expected, 520));
    assert_eq!(everybody(&own, Some(&labs)).await.1, 9);
}

#[tokio::test]
async fn an_import_takes_two_round_trips_for_a_transaction_full_of_users() {
    let (own, acme, _) = two_tenants().await;
    let store = rookery_testkit::connect().await;
    store.environment(own.id()).users().import(&users(0..38, &[&acme])).await.unwrap();
    assert_eq!((store.round_trips().requests(), store.round_trips().waves()), (4, 4));
}

#[tokio::test]
async fn with_a_taken_address_a_whole_transaction_is_not_made() {
    let (own, acme, _) = two_tenants().await;
    let people = users(0..50, &[&acme]);
    own.users().create(&people[30]).await.unwrap();
    let refused = own.users().import(&people).await.unwrap_err();
    assert!(matches!(refused, UpdateError::Refused(NewUserError::EmailTaken)), "{refused:?}");
    let (_, total) = everybody(&own, Some(&acme)).await;
    assert_eq!(total, 20, "the first transaction, and who was there");
}

#[tokio::test]
async fn nobody_is_imported_into_a_tenant_that_is_not_there() {
    let own = environment().await;
    let nowhere = "nowhere".parse().unwrap();
    let refused = own.users().import(&users(0..2, &[&nowhere])).await.unwrap_err();
    assert!(matches!(refused, UpdateError::Refused(NewUserError::NoTenant(id)) if id == nowhere));
    assert_eq!(everybody(&own, None).await, (Vec::new(), 0));
}
