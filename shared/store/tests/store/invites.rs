//! Invitation links, and what becomes of them while somebody joins by one.

use futures::future::join_all;
use rookery_domain::{InviteSlot, Inviter, PlainToken, TenantId, TenantInvite, UserId};
use rookery_store::{
    Addition, EnvironmentStore, InviteSnapshot, InvitedError, NewInviteError, NewUserError, TenantInvites,
    TenantQuery, UpdateError, UserQuery,
};
use rookery_testkit::new_environment;

use crate::support::{ENTROPY, at, environment, membership, tenant, user};

/// An environment with the tenants `acme` and `labs`, and Jane, who belongs to the former.
struct Scene {
    own: EnvironmentStore,
    acme: TenantId,
    labs: TenantId,
    jane: UserId,
}

async fn scene() -> Scene {
    let own = environment().await;
    let made = new_environment(own.id(), &PlainToken::random(&ENTROPY), at(0));
    assert!(rookery_testkit::connect().await.environments().create(&made, &[], &[]).await.unwrap());
    for id in ["acme", "labs"] {
        own.tenants().create(&tenant(id)).await.unwrap();
    }
    let (acme, labs): (TenantId, TenantId) = ("acme".parse().unwrap(), "labs".parse().unwrap());
    let jane = user("jane@example.com", &[&acme], 0);
    own.users().create(&jane).await.unwrap();
    Scene { own, acme, labs, jane: jane.user.id }
}

impl Scene {
    async fn make(&self, inviter: Inviter) -> TenantInvite {
        let invite = TenantInvite::new(self.acme.clone(), inviter, &ENTROPY, at(0));
        self.own.tenant_invites().create(&invite, at(0)).await.unwrap();
        invite
    }

    async fn find(&self, invite: &TenantInvite) -> Option<InviteSnapshot> {
        self.own.tenant_invites().find(invite.token.plain(), at(1)).await.unwrap()
    }

    /// Has somebody new with `email` join by a link that was `found`.
    async fn join(&self, found: InviteSnapshot, email: &str) -> Result<(), UpdateError<InvitedError>> {
        let users = self.own.users();
        let admission = users.admission(&email.parse().unwrap(), &self.acme).await.unwrap().unwrap();
        let made = users.create_invited(found, admission, at(1), |_| user(email, &[&self.acme], 1));
        made.await.map(drop)
    }

    async fn members(&self) -> usize {
        self.own.users().list(&UserQuery::page(vec![self.acme.clone()], 10, 0)).await.unwrap().total
    }
}

fn is_gone<T: std::fmt::Debug>(outcome: &Result<T, UpdateError<InvitedError>>) -> bool {
    matches!(outcome, Err(UpdateError::Refused(InvitedError::Gone)))
}

const VENDOR: Inviter = Inviter::Vendor { on_behalf_of: None };

#[tokio::test]
async fn nobody_joins_by_a_link_that_was_revoked_after_it_was_looked_up() {
    let scene = scene().await;
    let own = scene.own.tenant_invites();
    for by in [VENDOR, Inviter::Member(scene.jane)] {
        let invite = scene.make(by).await;
        let found = scene.find(&invite).await.unwrap();
        assert!(own.remove(&scene.acme, invite.slot()).await.unwrap());
        assert!(is_gone(&scene.join(found, "joe@example.com").await));
    }
    let (first, second) = (
        scene.make(Inviter::Member(scene.jane)).await,
        scene.find(&scene.make(Inviter::Member(scene.jane)).await).await,
    );
    assert!(scene.find(&first).await.is_none(), "another took its place");
    scene.join(second.unwrap(), "joe@example.com").await.unwrap();
    assert_eq!((scene.members().await, own.list().await.unwrap().len()), (2, 1));
}

#[tokio::test]
async fn nobody_joins_by_the_link_of_somebody_who_has_left_by_then() {
    let scene = scene().await;
    scene.own.users().join(scene.jane, &membership(&scene.labs, 0)).await.unwrap();
    let links = [
        scene.make(Inviter::Member(scene.jane)).await,
        scene.make(Inviter::Vendor { on_behalf_of: Some(scene.jane) }).await,
    ];
    let found = join_all(links.iter().map(|link| scene.find(link))).await;
    assert!(scene.own.users().leave(scene.jane, &scene.acme).await.unwrap());
    for found in found {
        assert!(is_gone(&scene.join(found.unwrap(), "joe@example.com").await));
    }
    scene.own.users().join(scene.jane, &membership(&scene.acme, 5)).await.unwrap();
    for link in &links {
        assert!(scene.find(link).await.is_none(), "it does not come back with them");
    }
    assert_eq!(scene.members().await, 1);
}

#[tokio::test]
async fn whoever_invites_may_change_while_somebody_joins() {
    let scene = scene().await;
    let found = scene.find(&scene.make(Inviter::Member(scene.jane)).await).await.unwrap();
    let users = scene.own.users();
    let renamed = users.update(scene.jane, None, |jane| {
        jane.name = Some("Jane Roe".to_owned());
        Ok::<_, std::convert::Infallible>(())
    });
    renamed.await.unwrap().unwrap();
    scene.join(found, "joe@example.com").await.unwrap();
}

#[tokio::test]
async fn many_join_by_one_link_at_once_and_each_once() {
    let scene = scene().await;
    let found = scene.find(&scene.make(Inviter::Member(scene.jane)).await).await.unwrap();
    let emails: Vec<_> = (0..6).map(|n| format!("user{}@example.com", n % 3)).collect();
    let joined = join_all(emails.iter().map(|email| scene.join(found.clone(), email))).await;
    assert_eq!(joined.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    for refused in joined.into_iter().filter_map(Result::err) {
        let taken = UpdateError::Refused(InvitedError::NewUser(NewUserError::EmailTaken));
        assert_eq!(refused.to_string(), taken.to_string());
    }
    assert_eq!(scene.members().await, 4);
}

#[tokio::test]
async fn a_known_user_joins_once_and_their_own_link_does_them_no_harm() {
    let scene = scene().await;
    let joe = user("joe@example.com", &[&scene.labs], 0);
    scene.own.users().create(&joe).await.unwrap();
    let found = scene.find(&scene.make(Inviter::Member(scene.jane)).await).await.unwrap();
    let users = scene.own.users();
    let admit = async |id| {
        let membership = |_| membership(&scene.acme, 1);
        let working_here = |user: &mut rookery_domain::User| {
            user.active_tenant = Some(scene.acme.clone());
            Ok::<_, InvitedError>(())
        };
        users.admit_invited(id, found.clone(), at(1), membership, working_here).await.unwrap().unwrap()
    };
    assert!(matches!(admit(joe.user.id).await, Addition::Added(_)));
    assert!(matches!(admit(joe.user.id).await, Addition::Already(_)));
    assert!(matches!(admit(scene.jane).await, Addition::Already(_)));
    assert_eq!(scene.members().await, 2);
}

#[tokio::test]
async fn of_links_that_a_member_makes_at_once_one_is_left() {
    let scene = scene().await;
    let own = scene.own.tenant_invites();
    let made = join_all((0..5).map(|_| scene.make(Inviter::Member(scene.jane)))).await;
    let left = own.get(&scene.acme, scene.jane).await.unwrap().unwrap();
    let mut working = 0;
    for invite in &made {
        working += usize::from(scene.find(invite).await.is_some());
    }
    assert_eq!((working, made.contains(&left)), (1, true));
    assert_eq!(own.list().await.unwrap(), std::slice::from_ref(&left));
    assert!(own.remove_by_id(left.id()).await.unwrap());
    assert!(!own.remove_by_id(left.id()).await.unwrap());
    assert!(!own.remove(&scene.acme, InviteSlot::Member(scene.jane)).await.unwrap());
    assert_eq!(own.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_tenant_has_so_many_links_and_no_more_however_many_are_made_at_once() {
    let scene = scene().await;
    let own = scene.own.tenant_invites();
    let make = async |minutes: i64| {
        let mut invite = TenantInvite::new(scene.acme.clone(), VENDOR, &ENTROPY, at(0));
        invite.expire_in(minutes, at(0)).unwrap();
        own.create(&invite, at(60)).await
    };
    for number in 0..TenantInvites::MOST - 2 {
        // A few are over.
        make(if number < 3 { 1 } else { 60 }).await.unwrap();
    }
    let made = join_all((0..8).map(|_| make(60))).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 5, "two fit, and three are over");
    for refused in made.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, UpdateError::Refused(NewInviteError::TooMany)), "{refused:?}");
    }
    let left = own.of_tenant(&scene.acme).await.unwrap();
    assert_eq!(left.len(), TenantInvites::MOST);
    assert!(own.remove_by_id(left[0].id()).await.unwrap());
    make(60).await.unwrap();
    let member = TenantInvite::new(scene.acme.clone(), Inviter::Member(scene.jane), &ENTROPY, at(0));
    assert!(own.create(&member, at(60)).await.is_err(), "those of members count too");
    scene.own.tenants().remove(&scene.acme, at(1), &|| true).await.unwrap();
    assert_eq!(own.list().await.unwrap(), []);
}

#[tokio::test]
async fn with_a_tenant_its_links_go_and_its_id_comes_back_without_them() {
    let scene = scene().await;
    let own = scene.own.tenant_invites();
    let invite = scene.make(VENDOR).await;
    let found = scene.find(&invite).await.unwrap();
    scene.own.tenants().remove(&scene.acme, at(1), &|| false).await.unwrap();
    let refused = scene.join(found.clone(), "joe@example.com").await;
    assert!(matches!(refused, Err(UpdateError::Refused(InvitedError::NewUser(NewUserError::NoTenant(_))))));
    let late = TenantInvite::new(scene.acme.clone(), VENDOR, &ENTROPY, at(0));
    let refused = own.create(&late, at(0)).await;
    assert!(matches!(refused, Err(UpdateError::Refused(NewInviteError::NoTenant(_)))), "{refused:?}");
    scene.own.tenants().create(&tenant("acme")).await.unwrap();
    assert!(scene.find(&invite).await.is_none());
    assert!(is_gone(&scene.join(found, "joe@example.com").await));
    assert_eq!(own.list().await.unwrap(), []);
}

#[tokio::test]
async fn of_those_who_sign_up_at_once_with_one_address_one_has_an_account_and_a_tenant() {
    let scene = scene().await;
    let users = scene.own.users();
    let tenants: Vec<_> = (0..6).map(|n| tenant(&format!("fresh{n}"))).collect();
    let outcomes = join_all(tenants.iter().map(async |tenant| {
        let registration = users.registration().await.unwrap().unwrap();
        users.register(registration, tenant, &user("joe@example.com", &[&tenant.tenant_id], 1)).await
    }));
    let outcomes = outcomes.await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, UpdateError::Refused(NewUserError::EmailTaken)), "{refused:?}");
    }
    let all = scene.own.tenants().list(&TenantQuery::page(10, 0)).await.unwrap();
    assert_eq!((all.total, all.items.len()), (3, 3));
    assert_eq!(users.list(&UserQuery::page(Vec::new(), 10, 0)).await.unwrap().total, 2);
    let fresh = all.items.into_iter().find(|tenant| tenant.name.starts_with("fresh")).unwrap().tenant_id;
    assert_eq!(users.list(&UserQuery::page(vec![fresh.clone()], 10, 0)).await.unwrap().total, 1);
    users.create(&user("ann@example.com", &[&fresh], 2)).await.unwrap();
    assert_eq!(users.list(&UserQuery::page(vec![fresh], 10, 0)).await.unwrap().total, 2);
}

#[tokio::test]
async fn people_who_sign_up_at_once_all_do() {
    let scene = scene().await;
    let users = scene.own.users();
    let outcomes = join_all((0..10).map(async |n| {
        let tenant = tenant(&format!("fresh{n}"));
        let registration = users.registration().await.unwrap().unwrap();
        let new = user(&format!("user{n}@example.com"), &[&tenant.tenant_id], 1);
        users.register(registration, &tenant, &new).await
    }));
    outcomes.await.into_iter().for_each(Result::unwrap);
    assert_eq!(scene.own.tenants().list(&TenantQuery::page(50, 0)).await.unwrap().total, 12);
    assert_eq!(users.list(&UserQuery::page(Vec::new(), 50, 0)).await.unwrap().total, 11);
}
