//! Groups of users in tenants.

use std::convert::Infallible;

use rookery_domain::{Action, Group, GroupId};
use rookery_store::{GroupError, Progress, UpdateError};

use super::World;
use crate::support::{ENTROPY, at};

#[expect(clippy::unnecessary_wraps, reason = "other changes refuse")]
fn rename(group: &mut Group) -> Result<(), GroupError> {
    "Renamed".clone_into(&mut group.name);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "other checks refuse")]
fn permit(_: &Group) -> Result<(), Infallible> {
    Ok(())
}

#[tokio::test]
async fn create() {
    let world = World::new().await;
    let twin = Group { id: GroupId::random(&ENTROPY), ..world.group.clone() };
    let twice = world.untouched_by(world.own.groups().create(&twin)).await;
    assert!(matches!(twice, Err(UpdateError::Refused(GroupError::NameTaken))));
    world.untouched_by(world.other.groups().create(&twin)).await.unwrap();
    let elsewhere = Group { tenant_id: world.labs.clone(), ..twin };
    world.own.groups().create(&elsewhere).await.unwrap();
    assert_eq!(world.own.groups().list(&world.acme).await.unwrap(), std::slice::from_ref(&world.group));
}

#[tokio::test]
async fn list() {
    let world = World::new().await;
    assert_eq!(world.own.groups().list(&world.acme).await.unwrap(), std::slice::from_ref(&world.group));
    assert_eq!(world.own.groups().list(&world.labs).await.unwrap(), []);
    assert_eq!(world.other.groups().list(&world.acme).await.unwrap(), []);
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    let id = world.group.id;
    assert_eq!(world.own.groups().get(&world.acme, id).await.unwrap().as_ref(), Some(&world.group));
    assert_eq!(world.own.groups().get(&world.labs, id).await.unwrap(), None);
    assert_eq!(world.other.groups().get(&world.acme, id).await.unwrap(), None);
}

#[tokio::test]
async fn get_all() {
    let world = World::new().await;
    let ids = [(&world.acme, world.group.id), (&world.labs, world.group.id)];
    assert_eq!(world.own.groups().get_all(ids).await.unwrap(), std::slice::from_ref(&world.group));
    assert_eq!(world.other.groups().get_all(ids).await.unwrap(), []);
}

#[tokio::test]
async fn members() {
    let world = World::new().await;
    let id = world.group.id;
    assert_eq!(world.own.groups().members(&world.acme, id).await.unwrap(), [world.jane.user.id]);
    assert_eq!(world.own.groups().members(&world.labs, id).await.unwrap(), []);
    assert_eq!(world.other.groups().members(&world.acme, id).await.unwrap(), []);
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let id = world.group.id;
    let (own, other) = (world.own.groups(), world.other.groups());
    let elsewhere = own.update(&world.labs, id, Action::GroupUpdated, at(1), rename);
    assert_eq!(world.untouched_by(elsewhere).await.unwrap(), None);
    let by_other = other.update(&world.acme, id, Action::GroupUpdated, at(1), rename);
    assert_eq!(world.untouched_by(by_other).await.unwrap(), None);
    let renamed = own.update(&world.acme, id, Action::GroupUpdated, at(1), rename).await.unwrap();
    assert_eq!(renamed.unwrap().name, "Renamed");
}

#[tokio::test]
async fn remove() {
    let world = World::new().await;
    let id = world.group.id;
    let (own, other) = (world.own.groups(), world.other.groups());
    let elsewhere = own.remove(&world.labs, id, permit, &|| true);
    assert_eq!(world.untouched_by(elsewhere).await.unwrap(), Progress::Nothing);
    let by_other = other.remove(&world.acme, id, permit, &|| true);
    assert_eq!(world.untouched_by(by_other).await.unwrap(), Progress::Nothing);
    assert_eq!(own.remove(&world.acme, id, permit, &|| true).await.unwrap(), Progress::Finished);
    assert_eq!(own.list(&world.acme).await.unwrap(), []);
    let jane = world.own.users().get(world.jane.user.id).await.unwrap().unwrap();
    assert_eq!(jane.memberships[0].group_ids, []);
}
