//! The settings of an environment.

use std::convert::Infallible;

use rookery_domain::{Action, Actor, ActorKind, Origin, Severity};
use rookery_store::Subject;
use rookery_testkit::connect;

use super::World;
use crate::journal;
use crate::support::{ENTROPY, at, environment};

#[tokio::test]
async fn get() {
    let world = World::new().await;
    assert_eq!(world.other.get().await.unwrap().unwrap().id, world.other.id());
    assert_eq!(environment().await.get().await.unwrap(), None);
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let rename = world.other.update(|environment| {
        environment.name = "Renamed".to_owned();
        Ok::<_, Infallible>(())
    });
    assert_eq!(world.untouched_by(rename).await.unwrap().unwrap().name, "Renamed");
}

#[tokio::test]
async fn record() {
    let world = World::new().await;
    let actor = Actor::new(ActorKind::Vendor, Origin::default(), at(0), &ENTROPY);
    let other = connect().await.environment_for(world.other.id(), actor);
    let subject = Subject::tenant(&world.acme);
    world.untouched_by(other.record(Action::SignInRefused, subject)).await.unwrap();
}

#[tokio::test]
async fn record_own() {
    let world = World::new().await;
    let record = journal::record(Some(&world.acme), Severity::Info, "0");
    world.untouched_by(world.other.record_own(record)).await.unwrap();
}
