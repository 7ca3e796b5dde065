//! Environments, and the host names that lead to them.

use rookery_domain::PlainToken;
use rookery_testkit::{connect, new_environment};

use super::World;
use crate::support::{ENTROPY, at, environment};

#[tokio::test]
async fn find_by_host() {
    let world = World::new().await;
    let store = connect().await;
    for environment in [&world.own, &world.other] {
        let host = format!("{}.example.com", environment.id());
        assert_eq!(store.environments().find_by_host(&host).await.unwrap(), Some(environment.id()));
    }
}

#[tokio::test]
async fn create() {
    let world = World::new().await;
    let store = connect().await;
    let again = new_environment(world.own.id(), &PlainToken::random(&ENTROPY), at(1));
    let environments = store.environments();
    assert!(!world.untouched_by(environments.create(&again, &[], &[])).await.unwrap(), "once");
    let (third, hosts) = (environment().await.id(), [format!("{}.example.com", world.own.id())]);
    let third = new_environment(third, &PlainToken::random(&ENTROPY), at(1));
    assert!(
        !world.untouched_by(environments.create(&third, &[], &hosts)).await.unwrap(),
        "the host is taken"
    );
    assert_eq!(store.environment(third.id).get().await.unwrap(), None);
}

#[tokio::test]
async fn claim_host() {
    let world = World::new().await;
    let store = connect().await;
    let host = format!("{}.example.com", world.own.id());
    let claim = store.environments().claim_host(&host, world.other.id()).await;
    assert!(!claim.unwrap());
    assert!(world.state().await.host);
}
