//! Sessions.

use rookery_domain::{Session, TenantId};
use rookery_store::Rotation;

use super::World;
use crate::support::at;

/// `session` in another tenant, and until another moment.
fn changed(session: &Session) -> Session {
    let labs: TenantId = "labs".parse().unwrap();
    Session { tenant_id: labs, expires_at: at(9_999), ..session.clone() }
}

#[tokio::test]
async fn begin() {
    let world = World::new().await;
    let same_ids = changed(&world.session);
    world.untouched_by(world.other.sessions().begin(&same_ids)).await.unwrap();
    let found = world.other.sessions().of_user(world.jane.user.id).await.unwrap();
    assert_eq!(found, [same_ids]);
}

#[tokio::test]
async fn rotate() {
    let world = World::new().await;
    let after = changed(&world.session);
    let (user, session) = (world.jane.user.id, world.session.id);
    let caller = world.own.users().caller(user, session, &[]).await.unwrap().unwrap().value;
    let read = caller.session.unwrap();
    let rotation = world.untouched_by(world.other.sessions().rotate(&read, &after)).await;
    assert!(matches!(rotation.unwrap(), Rotation::Ended));
}

#[tokio::test]
async fn of_user() {
    let world = World::new().await;
    assert_eq!(world.other.sessions().of_user(world.jane.user.id).await.unwrap(), []);
}

#[tokio::test]
async fn end() {
    let world = World::new().await;
    let (user, session) = (world.jane.user.id, world.session.id);
    assert!(!world.untouched_by(world.other.sessions().end(user, session, None)).await.unwrap());
}

#[tokio::test]
async fn end_one() {
    let world = World::new().await;
    assert!(!world.untouched_by(world.other.sessions().end_one(&world.session, None)).await.unwrap());
}

#[tokio::test]
async fn end_all() {
    let world = World::new().await;
    world.untouched_by(world.other.sessions().end_all(world.jane.user.id, None, |_| true)).await.unwrap();
}
