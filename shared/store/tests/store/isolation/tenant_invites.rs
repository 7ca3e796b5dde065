//! Invitation links of tenants.

use std::convert::Infallible;

use rookery_domain::{InviteSlot, Inviter, TenantInvite};
use rookery_store::{NewInviteError, UpdateError};

use super::World;
use crate::support::{ENTROPY, at};

/// Jane's link to `acme`, which is `own`'s.
async fn janes(world: &World) -> TenantInvite {
    let by = Inviter::Member(world.jane.user.id);
    let invite = TenantInvite::new(world.acme.clone(), by, &ENTROPY, at(0));
    world.own.tenant_invites().create(&invite, at(0)).await.unwrap();
    invite
}

#[expect(clippy::unnecessary_wraps, reason = "other changes refuse")]
fn tell(invite: &mut TenantInvite) -> Result<(), Infallible> {
    invite.should_send_email = true;
    Ok(())
}

#[tokio::test]
async fn create() {
    let world = World::new().await;
    let invite = janes(&world).await;
    let (own, other) = (world.own.tenant_invites(), world.other.tenant_invites());
    world.untouched_by(other.create(&invite, at(0))).await.unwrap();
    let mut elsewhere = invite.clone();
    elsewhere.tenant_id = world.branch.clone();
    let refused = other.create(&elsewhere, at(0)).await;
    assert!(matches!(refused, Err(UpdateError::Refused(NewInviteError::NoTenant(_)))), "{refused:?}");
    let by = Inviter::Member(world.jane.user.id);
    own.create(&TenantInvite::new(world.labs.clone(), by, &ENTROPY, at(0)), at(0)).await.unwrap();
    assert_eq!(own.of_tenant(&world.acme).await.unwrap(), [invite]);
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    let (invite, jane) = (janes(&world).await, world.jane.user.id);
    assert_eq!(world.own.tenant_invites().get(&world.acme, jane).await.unwrap(), Some(invite));
    assert_eq!(world.own.tenant_invites().get(&world.labs, jane).await.unwrap(), None);
    assert_eq!(world.other.tenant_invites().get(&world.acme, jane).await.unwrap(), None);
}

#[tokio::test]
async fn of_tenant() {
    let world = World::new().await;
    let invite = janes(&world).await;
    assert_eq!(world.own.tenant_invites().of_tenant(&world.acme).await.unwrap(), [invite]);
    assert_eq!(world.own.tenant_invites().of_tenant(&world.labs).await.unwrap(), []);
    assert_eq!(world.other.tenant_invites().of_tenant(&world.acme).await.unwrap(), []);
}

#[tokio::test]
async fn list() {
    let world = World::new().await;
    let invite = janes(&world).await;
    assert_eq!(world.own.tenant_invites().list().await.unwrap(), [invite]);
    assert_eq!(world.other.tenant_invites().list().await.unwrap(), []);
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let invite = janes(&world).await;
    let (own, other) = (world.own.tenant_invites(), world.other.tenant_invites());
    let updated = world.untouched_by(other.update(&world.acme, invite.slot(), None, tell)).await;
    assert_eq!(updated.unwrap(), None);
    let updated = world.untouched_by(own.update(&world.labs, invite.slot(), None, tell)).await;
    assert_eq!(updated.unwrap(), None);
}

#[tokio::test]
async fn remove() {
    let world = World::new().await;
    let invite = janes(&world).await;
    let (own, other) = (world.own.tenant_invites(), world.other.tenant_invites());
    assert!(!world.untouched_by(other.remove(&world.acme, invite.slot())).await.unwrap());
    assert!(!world.untouched_by(own.remove(&world.labs, invite.slot())).await.unwrap());
    let somebody = InviteSlot::Member(rookery_domain::UserId::random(&ENTROPY));
    assert!(!world.untouched_by(own.remove(&world.acme, somebody)).await.unwrap());
}

#[tokio::test]
async fn remove_by_id() {
    let world = World::new().await;
    let invite = janes(&world).await;
    let other = world.other.tenant_invites();
    assert!(!world.untouched_by(other.remove_by_id(invite.id())).await.unwrap());
    assert!(world.own.tenant_invites().remove_by_id(invite.id()).await.unwrap());
}

#[tokio::test]
async fn find() {
    let world = World::new().await;
    let invite = janes(&world).await;
    let token = invite.token.plain();
    let found = world.own.tenant_invites().find(token, at(1)).await.unwrap().unwrap();
    assert_eq!((&*found, found.inviter().unwrap().id), (&invite, world.jane.user.id));
    assert!(world.other.tenant_invites().find(token, at(1)).await.unwrap().is_none());
}
