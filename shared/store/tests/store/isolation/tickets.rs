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
