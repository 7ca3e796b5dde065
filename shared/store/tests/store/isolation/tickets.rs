//! One-time tickets.

use rookery_domain::{Action, Ticket, TicketPurpose};

use super::World;
use crate::support::{ENTROPY, at};

const PURPOSE: TicketPurpose = TicketPurpose::PasswordReset;

async fn issued(world: &World) -> Ticket {
    let user = &world.jane.user;
    let (_, ticket) = Ticket::issue(PURPOSE, user, None, &ENTROPY, at(0));
    let tickets = world.own.tickets();
    let made = tickets.issue(PURPOSE, user, Action::PasswordResetLinkIssued, |_| Some(ticket.clone()));
    assert!(made.await.unwrap());
    ticket
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    let ticket = issued(&world).await;
    let id = world.jane.user.id;
    assert_eq!(world.own.tickets().get(PURPOSE, id).await.unwrap(), Some(ticket));
    assert_eq!(world.other.tickets().get(PURPOSE, id).await.unwrap(), None);
}

#[tokio::test]
async fn issue() {
    let world = World::new().await;
    let ticket = issued(&world).await;
    let user = &world.jane.user;
    let (_, theirs) = Ticket::issue(PURPOSE, user, None, &ENTROPY, at(0));
    let tickets = world.other.tickets();
    let made = tickets.issue(PURPOSE, user, Action::PasswordResetLinkIssued, |before| {
        assert!(before.is_none());
        Some(theirs.clone())
    });
    assert!(world.untouched_by(made).await.unwrap());
    assert_eq!(world.own.tickets().get(PURPOSE, user.id).await.unwrap(), Some(ticket));
}

#[tokio::test]
async fn snapshot() {
    let world = World::new().await;
    let ticket = issued(&world).await;
    let id = world.jane.user.id;
    assert_eq!(*world.own.tickets().snapshot(PURPOSE, id).await.unwrap().unwrap(), ticket);
    assert!(world.other.tickets().snapshot(PURPOSE, id).await.unwrap().is_none());
}

#[tokio::test]
async fn use_up() {
    let world = World::new().await;
    let ticket = issued(&world).await;
    let (own, other, id) = (world.own.tickets(), world.other.tickets(), world.jane.user.id);
    let read = own.snapshot(PURPOSE, id).await.unwrap().unwrap();
    assert!(!world.untouched_by(other.use_up(PURPOSE, id, read.clone())).await.unwrap());
    assert_eq!(own.get(PURPOSE, id).await.unwrap(), Some(ticket));
    assert!(own.use_up(PURPOSE, id, read.clone()).await.unwrap());
    assert!(!own.use_up(PURPOSE, id, read).await.unwrap());
}
