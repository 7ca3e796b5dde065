//! Tenants, and the tree that they form.

use std::convert::Infallible;

use rookery_domain::{Action, Tenant};
use rookery_store::{NewTenantError, Progress, TenantQuery};

use super::World;
use crate::support::{at, tenant};

#[expect(clippy::unnecessary_wraps, reason = "other changes refuse")]
fn rename(tenant: &mut Tenant) -> Result<(), Infallible> {
    "Renamed".clone_into(&mut tenant.name);
    Ok(())
}

#[tokio::test]
async fn create() {
    let world = World::new().await;
    let tenants = world.other.tenants();
    world.untouched_by(tenants.create(&tenant("branch"))).await.unwrap();
    let below = Tenant { parent: Some("nowhere".parse().unwrap()), ..tenant("third") };
    world.own.tenants().create(&tenant("nowhere")).await.unwrap();
    let refused = tenants.create(&below).await;
    assert!(matches!(refused, Err(NewTenantError::NoParent)), "a parent in another environment is none");
}

#[tokio::test]
async fn create_new() {
    let world = World::new().await;
    let tenants = world.other.tenants();
    world.untouched_by(tenants.create_new(&tenant("branch"))).await.unwrap();
    let taken = world.own.tenants().create_new(&tenant("branch")).await;
    assert!(matches!(taken, Err(NewTenantError::Exists)));
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    assert!(world.own.tenants().get(&world.branch).await.unwrap().is_some());
    assert_eq!(world.other.tenants().get(&world.branch).await.unwrap(), None);
}

#[tokio::test]
async fn get_all() {
    let world = World::new().await;
    let ids = [world.branch.clone()];
    assert_eq!(world.own.tenants().get_all(&ids).await.unwrap().len(), 1);
    assert_eq!(world.other.tenants().get_all(&ids).await.unwrap(), []);
}

#[tokio::test]
async fn live() {
    let world = World::new().await;
    let found = world.own.tenants().live(&[&world.branch]).await.unwrap();
    assert_eq!((found.len(), &found[0].id), (1, &world.branch));
    assert_eq!(world.other.tenants().live(&[&world.branch]).await.unwrap(), []);
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let tenants = world.other.tenants();
    let rename_it = |id| tenants.update(id, Action::TenantUpdated, at(1), rename);
    assert_eq!(world.untouched_by(rename_it(&world.branch)).await.unwrap(), None);
    assert!(world.untouched_by(rename_it(&world.acme)).await.unwrap().is_some());
    let own = world.own.tenants();
    let acme = own.get(&world.acme).await.unwrap();
    assert!(own.update(&world.labs, Action::TenantUpdated, at(1), rename).await.unwrap().is_some());
    assert_eq!(own.get(&world.acme).await.unwrap(), acme);
}

#[tokio::test]
async fn remove() {
    let world = World::new().await;
    let tenants = world.other.tenants();
    let removed = world.untouched_by(tenants.remove(&world.branch, at(1), &|| true)).await;
    assert_eq!(removed.unwrap(), Progress::Nothing);
    let removed = world.untouched_by(tenants.remove(&world.acme, at(1), &|| true)).await;
    assert_eq!(removed.unwrap(), Progress::Finished);
    let before = world.state().await;
    let removed = world.own.tenants().remove(&world.labs, at(1), &|| true).await;
    assert_eq!(removed.unwrap(), Progress::Finished);
    let after = world.state().await;
    assert_eq!(after.tenants.1, before.tenants.1 - 1);
    assert_eq!((after.tree, after.users, after.own_roles), (before.tree, before.users, before.own_roles));
    assert_eq!(after.sessions, before.sessions);
}

#[tokio::test]
async fn list() {
    let world = World::new().await;
    assert_eq!(world.own.tenants().list(&TenantQuery::page(10, 0)).await.unwrap().total, 3);
    assert_eq!(world.other.tenants().list(&TenantQuery::page(10, 0)).await.unwrap().total, 2);
}

#[tokio::test]
async fn ancestors() {
    let world = World::new().await;
    assert_eq!(world.other.tenants().ancestors(&world.branch).await.unwrap(), []);
    assert_eq!(world.own.tenants().ancestors(&world.labs).await.unwrap(), []);
}

#[tokio::test]
async fn descendants() {
    let world = World::new().await;
    assert_eq!(world.other.tenants().descendants(&world.acme).await.unwrap(), []);
    assert_eq!(world.own.tenants().descendants(&world.labs).await.unwrap(), []);
}

#[tokio::test]
async fn link() {
    let world = World::new().await;
    let tenants = world.other.tenants();
    assert!(world.untouched_by(tenants.link(&world.labs, &world.branch, at(1))).await.is_err());
    assert!(world.untouched_by(tenants.link(&world.branch, &world.labs, at(1))).await.is_err());
    assert!(world.untouched_by(tenants.link(&world.labs, &world.acme, at(1))).await.is_ok());
}

#[tokio::test]
async fn unlink() {
    let world = World::new().await;
    let tenants = world.other.tenants();
    assert!(!world.untouched_by(tenants.unlink(&world.acme, &world.branch, at(1))).await.unwrap());
    let tenants = world.own.tenants();
    assert!(!world.untouched_by(tenants.unlink(&world.labs, &world.branch, at(1))).await.unwrap());
}
