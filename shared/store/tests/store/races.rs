//! What happens at the same moment.

use std::convert::Infallible;

use futures::future::join_all;
use rookery_domain::{Metadata, PlainToken, TenantId, UserId};
use rookery_store::{EnvironmentStore, NewPassword, NewUserError, Rotation, UpdateError, UserQuery};
use rookery_testkit::new_environment;
use serde_json::json;

use crate::support::{ENTROPY, at, environment, membership, session, tenant, user};

/// An environment that is there to be read.
async fn stored_environment() -> EnvironmentStore {
    let own = environment().await;
    let made = new_environment(own.id(), &PlainToken::random(&ENTROPY), at(0));
    assert!(rookery_testkit::connect().await.environments().create(&made, &[], &[]).await.unwrap());
    own
}

async fn members(environment: &EnvironmentStore, tenant: Option<&TenantId>) -> usize {
    let query = UserQuery::page(tenant.into_iter().cloned().collect(), 10, 0);
    environment.users().list(&query).await.unwrap().total
}

#[tokio::test]
async fn of_ten_users_with_one_address_one_is_made() {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme = "acme".parse().unwrap();
    let users: Vec<_> = (0..10).map(|_| user("jane@example.com", &[&acme], 0)).collect();
    let store = own.users();
    let outcomes = join_all(users.iter().map(|user| store.create(user))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, UpdateError::Refused(NewUserError::EmailTaken)), "{refused:?}");
    }
    assert_eq!((members(&own, None).await, members(&own, Some(&acme)).await), (1, 1));
}

#[tokio::test]
async fn totals_are_exact_after_twenty_come_and_ten_leave_at_once() {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme = "acme".parse().unwrap();
    let store = own.users();
    let users: Vec<_> = (0..20).map(|n| user(&format!("user{n}@example.com"), &[&acme], n)).collect();
    for outcome in join_all(users.iter().map(|user| store.create(user))).await {
        outcome.unwrap();
    }
    assert_eq!(members(&own, Some(&acme)).await, 20);
    let leaving = users.iter().take(10).map(|user| store.leave(user.user.id, &acme));
    assert!(join_all(leaving).await.into_iter().all(Result::unwrap));
    assert_eq!((members(&own, None).await, members(&own, Some(&acme)).await), (10, 10));
}

#[tokio::test]
async fn joining_twice_at_once_is_joining_once() {
    let own = environment().await;
    for id in ["acme", "labs"] {
        own.tenants().create(&tenant(id)).await.unwrap();
    }
    let (acme, labs) = ("acme".parse().unwrap(), "labs".parse().unwrap());
    let jane = user("jane@example.com", &[&acme], 0);
    own.users().create(&jane).await.unwrap();
    let store = own.users();
    let joining = membership(&labs, 1);
    join_all((0..4).map(|_| store.join(jane.user.id, &joining))).await.into_iter().for_each(|outcome| {
        assert!(outcome.unwrap().is_some());
    });
    assert_eq!(store.get(jane.user.id).await.unwrap().unwrap().memberships.len(), 2);
    assert_eq!(members(&own, Some(&labs)).await, 1);
}

#[tokio::test]
async fn nobody_joins_a_tenant_that_is_not_there() {
    let own = environment().await;
    let nowhere: TenantId = "nowhere".parse().unwrap();
    let refused = own.users().create(&user("jane@example.com", &[&nowhere], 0)).await.unwrap_err();
    assert!(matches!(refused, UpdateError::Refused(NewUserError::NoTenant(_))), "{refused:?}");
    own.tenants().create(&tenant("acme")).await.unwrap();
    own.tenants().remove(&"acme".parse().unwrap(), at(1), &|| true).await.unwrap();
    let acme = "acme".parse().unwrap();
    let refused = own.users().create(&user("jane@example.com", &[&acme], 0)).await.unwrap_err();
    assert!(matches!(refused, UpdateError::Refused(NewUserError::NoTenant(_))), "{refused:?}");
    assert_eq!(members(&own, None).await, 0, "nothing half done");
}

#[tokio::test]
async fn no_change_of_a_user_is_lost() {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let jane = user("jane@example.com", &[&"acme".parse().unwrap()], 0);
    own.users().create(&jane).await.unwrap();
    let store = own.users();
    let changes = (0..5).map(|n| {
        store.update(jane.user.id, None, move |user| {
            let added = Metadata::of_tenant(serde_json::from_value(json!({ format!("key{n}"): n })).unwrap())
                .unwrap();
            user.metadata = user.metadata.merged(&added).unwrap();
            Ok::<_, Infallible>(())
        })
    });
    for outcome in join_all(changes).await {
        outcome.unwrap();
    }
    assert_eq!(store.get(jane.user.id).await.unwrap().unwrap().metadata.as_object().len(), 5);
}

#[tokio::test]
async fn another_hash_of_a_password_does_not_replace_that_of_a_later_one() {
    let own = stored_environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let jane = user("jane@example.com", &[&"acme".parse().unwrap()], 0);
    own.users().create(&jane).await.unwrap();
    let (store, email) = (own.users(), &jane.user.email);
    let login = async || store.login(email).await.unwrap().unwrap().value.unwrap();
    store.renew_hash(email, login().await, "anew".to_owned()).await.unwrap();
    assert_eq!(login().await.password_hash.as_deref(), Some("anew"));

    let read = login().await;
    let snapshot = store.snapshot(jane.user.id).await.unwrap().unwrap().value.unwrap();
    let changed = store.update_with_password(
        snapshot,
        rookery_domain::Action::UserActivated,
        NewPassword::new("later"),
        |_| Ok::<_, Infallible>(()),
    );
    changed.await.unwrap().unwrap();
    store.renew_hash(email, read, "anew again".to_owned()).await.unwrap();
    let left = login().await;
    assert_eq!(left.password_hash.as_deref(), Some("later"));
    assert!(left.is_of(&store.get(jane.user.id).await.unwrap().unwrap()));
}

#[tokio::test]
async fn of_eight_rotations_of_one_session_one_wins_and_the_others_see_it() {
    let own = stored_environment().await;
    let before = session(UserId::random(&ENTROPY), &"acme".parse().unwrap());
    own.sessions().begin(&before).await.unwrap();
    let afters: Vec<_> = (0..8)
        .map(|_| {
            let mut after = session(before.user_id, &before.tenant_id);
            after.id = before.id;
            after
        })
        .collect();
    let sessions = own.sessions();
    let read = async || {
        let caller = own.users().caller(before.user_id, before.id, &[]).await.unwrap().unwrap();
        caller.value.session.unwrap()
    };
    let first = read().await;
    let outcomes = join_all(afters.iter().map(|after| sessions.rotate(&first, after))).await;
    let stored = read().await;
    let mut won = 0;
    for outcome in outcomes {
        match outcome.unwrap() {
            Rotation::Won(written) => {
                assert_eq!(*written, stored);
                won += 1;
            }
            Rotation::Lost(seen) => assert_eq!(*seen, stored),
            Rotation::Ended => panic!("nobody ended it"),
        }
    }
    assert_eq!(won, 1);
    assert!(sessions.end(before.user_id, before.id, None).await.unwrap());
    let late = sessions.rotate(&stored, &before).await.unwrap();
    assert!(matches!(late, Rotation::Ended), "{late:?}");
}
