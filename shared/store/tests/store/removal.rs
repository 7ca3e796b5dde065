//! Removals of tenants that take more than one call, and moves of users that do.

use std::sync::atomic::{AtomicUsize, Ordering};

use rookery_domain::{Membership, TenantId};
use rookery_store::{EnvironmentStore, NewTenantError, NewUser, Progress, UserQuery};

use crate::support::{at, environment, membership, tenant, user};

/// One more than may be left of a tenant whose id is used anew.
const MANY: usize = 101;

async fn make(own: &EnvironmentStore, ids: &[&str]) -> Vec<TenantId> {
    for id in ids {
        own.tenants().create(&tenant(id)).await.unwrap();
    }
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

async fn fill(own: &EnvironmentStore, tenant: &TenantId, count: usize) {
    let users = (0..count).map(|n| user(&format!("user{n}@example.com"), &[tenant], 0));
    own.users().import(&users.collect::<Vec<NewUser>>()).await.unwrap();
}

async fn members(own: &EnvironmentStore, tenant: &TenantId) -> usize {
    own.users().list(&UserQuery::page(vec![tenant.clone()], 10, 0)).await.unwrap().total
}

/// Time for `pieces` pieces of work.
fn time_for(pieces: usize) -> impl Fn() -> bool + Sync {
    let begun = AtomicUsize::new(0);
    move || begun.fetch_add(1, Ordering::Relaxed) < pieces
}

#[tokio::test]
async fn a_removal_goes_on_where_it_stopped() {
    let own = environment().await;
    let acme = make(&own, &["acme"]).await.remove(0);
    fill(&own, &acme, 20).await;
    let remove = async |pieces| own.tenants().remove(&acme, at(1), &time_for(pieces)).await.unwrap();
    assert_eq!(remove(0).await, Progress::Unfinished);
    assert_eq!((own.tenants().get(&acme).await.unwrap(), members(&own, &acme).await), (None, 20));
    assert_eq!(remove(15).await, Progress::Unfinished);
    assert_eq!(members(&own, &acme).await, 5);
    assert_eq!(remove(15).await, Progress::Finished);
    assert_eq!(own.users().list(&UserQuery::page(Vec::new(), 10, 0)).await.unwrap().total, 0);
    assert_eq!(remove(15).await, Progress::Nothing);
}

#[tokio::test]
async fn an_id_is_not_used_anew_while_much_is_left_of_the_old_tenant() {
    let own = environment().await;
    let acme = make(&own, &["acme"]).await.remove(0);
    fill(&own, &acme, MANY).await;
    own.tenants().remove(&acme, at(1), &|| false).await.unwrap();
    let refused = own.tenants().create(&tenant("acme")).await.unwrap_err();
    assert!(matches!(refused, NewTenantError::BeingRemoved), "{refused:?}");
    assert_eq!(own.tenants().get(&acme).await.unwrap(), None);
    // Each attempt has cleared some of it away.
    own.tenants().create(&tenant("acme")).await.unwrap();
    assert_eq!(members(&own, &acme).await, 0);
}

#[tokio::test]
async fn a_late_removal_takes_nobody_out_of_the_new_tenant() {
    let own = environment().await;
    let tenants = make(&own, &["acme", "labs"]).await;
    let (acme, labs) = (&tenants[0], &tenants[1]);
    let jane = user("jane@example.com", &[labs, acme], 0);
    own.users().create(&jane).await.unwrap();
    assert!(!own.users().leave_removed(jane.user.id, acme).await.unwrap(), "it is there");
    own.tenants().remove(acme, at(1), &|| false).await.unwrap();
    assert!(own.users().leave_removed(jane.user.id, acme).await.unwrap());
    own.tenants().create(&tenant("acme")).await.unwrap();
    own.users().join(jane.user.id, &membership(acme, 2)).await.unwrap().unwrap();
    assert!(!own.users().leave_removed(jane.user.id, acme).await.unwrap(), "it is there again");
    assert_eq!(members(&own, acme).await, 1);
}

#[tokio::test]
async fn children_move_up_past_every_tenant_that_was_removed() {
    let own = environment().await;
    let tenants = make(&own, &["top", "upper", "lower", "bottom"]).await;
    for pair in tenants.windows(2) {
        own.tenants().link(&pair[0], &pair[1], at(1)).await.unwrap();
    }
    own.tenants().remove(&tenants[2], at(2), &|| false).await.unwrap();
    own.tenants().remove(&tenants[1], at(2), &|| true).await.unwrap();
    assert_eq!(own.tenants().remove(&tenants[2], at(2), &|| true).await.unwrap(), Progress::Finished);
    let above = own.tenants().ancestors(&tenants[3]).await.unwrap();
    assert_eq!(above.iter().map(|tenant| &tenant.tenant_id).collect::<Vec<_>>(), [&tenants[0]]);
}

#[tokio::test]
async fn a_move_goes_on_where_it_stopped() {
    let own = environment().await;
    let tenants = make(&own, &["acme", "labs"]).await;
    fill(&own, &tenants[0], 10).await;
    let keep = |left: &Membership| left.role_ids.clone();
    let shift = async |pieces| {
        let users = own.users();
        users.move_all(&tenants[0], &tenants[1], at(1), keep, &time_for(pieces)).await.unwrap()
    };
    assert_eq!(shift(6).await, Progress::Unfinished);
    assert_eq!((members(&own, &tenants[0]).await, members(&own, &tenants[1]).await), (4, 6));
    assert_eq!(shift(6).await, Progress::Finished);
    assert_eq!((members(&own, &tenants[0]).await, members(&own, &tenants[1]).await), (0, 10));
    assert_eq!(shift(6).await, Progress::Nothing);
}
