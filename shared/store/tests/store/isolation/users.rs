//! Users and their memberships.

use std::collections::BTreeSet;
use std::convert::Infallible;

use rookery_domain::{Action, Group, Inviter, PasswordHistory, RoleId, TenantInvite, User};
use rookery_store::{
    Addition, EnvironmentStore, GroupError, InviteSnapshot, InvitedError, NewPassword, NewUser, NewUserError,
    Progress, UpdateError, UserQuery, UserSnapshot,
};

use super::World;
use crate::support::{ENTROPY, at, environment, group, membership, tenant, user};

#[expect(clippy::unnecessary_wraps, reason = "other changes refuse")]
fn rename(user: &mut User) -> Result<(), Infallible> {
    user.name = Some("Renamed".to_owned());
    Ok(())
}

impl World {
    /// Somebody new in the tenant of the name `acme` who has the id of Jane.
    fn twin(&self) -> NewUser {
        let twin = user("jane@example.com", &[&self.acme], 1);
        NewUser { user: User { id: self.jane.user.id, ..twin.user }, ..twin }
    }
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    assert!(world.own.users().get(world.jane.user.id).await.unwrap().is_some());
    assert_eq!(world.other.users().get(world.jane.user.id).await.unwrap(), None);
}

#[tokio::test]
async fn get_with_environment() {
    let world = World::new().await;
    let found = world.other.users().get_with_environment(world.jane.user.id).await.unwrap().unwrap();
    assert_eq!((found.environment.id, found.value), (world.other.id(), None));
}

#[tokio::test]
async fn get_all() {
    let world = World::new().await;
    assert_eq!(world.own.users().get_all(&[world.jane.user.id]).await.unwrap().len(), 1);
    assert_eq!(world.other.users().get_all(&[world.jane.user.id]).await.unwrap(), []);
}

#[tokio::test]
async fn login() {
    let world = World::new().await;
    let email = &world.jane.user.email;
    assert!(world.own.users().login(email).await.unwrap().unwrap().value.is_some());
    let found = world.other.users().login(email).await.unwrap().unwrap();
    assert_eq!((found.environment.id, found.value), (world.other.id(), None));
}

#[tokio::test]
async fn get_with_tenants() {
    let world = World::new().await;
    let (user, tenants) = (world.jane.user.id, [&world.branch]);
    let (own, there) = world.own.users().get_with_tenants(user, &tenants).await.unwrap();
    assert!(own.is_some() && there[0].id == world.branch);
    let other = world.other.users().get_with_tenants(user, &tenants).await.unwrap();
    assert_eq!(other, (None, Vec::new()));
}

#[tokio::test]
async fn caller() {
    let world = World::new().await;
    let (user, session) = (world.jane.user.id, world.session.id);
    let own = world.own.users().caller(user, session, &[&world.branch]).await.unwrap().unwrap().value;
    assert!(own.user.is_some() && own.session.is_some() && own.tenants[0].id == world.branch);
    let other = world.other.users().caller(user, session, &[&world.branch]).await.unwrap().unwrap().value;
    assert!(other.user.is_none() && other.session.is_none() && other.tenants.is_empty());
}

#[tokio::test]
async fn snapshot() {
    let world = World::new().await;
    let found = world.other.users().snapshot(world.jane.user.id).await.unwrap().unwrap();
    assert_eq!(found.environment.id, world.other.id());
    assert!(found.value.is_none());
}

#[tokio::test]
async fn admission() {
    let world = World::new().await;
    let email = &world.jane.user.email;
    let other = world.other.users().admission(email, &world.branch).await.unwrap().unwrap();
    assert_eq!((other.environment.id, other.tenant, other.user), (world.other.id(), None, None));
    let labs = world.own.users().admission(email, &world.labs).await.unwrap().unwrap();
    assert_eq!(labs.tenant.map(|tenant| tenant.tenant_id), Some(world.labs.clone()));
}

#[tokio::test]
async fn list() {
    let world = World::new().await;
    let (own, other) = (world.own.users(), world.other.users());
    for tenants in [Vec::new(), vec![world.acme.clone()]] {
        assert_eq!(own.list(&UserQuery::page(tenants.clone(), 10, 0)).await.unwrap().total, 1);
        assert_eq!(other.list(&UserQuery::page(tenants, 10, 0)).await.unwrap().total, 0);
    }
    let ids = Some(vec![world.jane.user.id]);
    let of_labs = UserQuery::page(vec![world.labs.clone()], 10, 0);
    assert_eq!(own.list(&of_labs).await.unwrap().total, 0);
    assert_eq!(own.list(&UserQuery { ids: ids.clone(), ..of_labs }).await.unwrap().total, 0);
    let named = UserQuery { ids, ..UserQuery::page(Vec::new(), 10, 0) };
    assert_eq!(other.list(&named).await.unwrap().total, 0);
}

#[tokio::test]
async fn glance() {
    let world = World::new().await;
    let (own, other) = (world.own.users(), world.other.users());
    let query = UserQuery::page(vec![world.acme.clone()], 10, 0);
    let glance = own.glance(query.clone()).await.unwrap();
    assert_eq!(own.list_from(glance).await.unwrap().items.len(), 1);
    let foreign = other.glance(query).await.unwrap();
    assert_eq!(own.list_from(foreign).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn list_from() {
    let world = World::new().await;
    let (own, other) = (world.own.users(), world.other.users());
    let glance = own.glance(UserQuery::page(vec![world.acme.clone()], 10, 0)).await.unwrap();
    assert_eq!(other.list_from(glance).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn create() {
    let world = World::new().await;
    world.untouched_by(world.other.users().create(&world.twin())).await.unwrap();
    let nowhere = user("joe@example.com", &[&world.branch], 1);
    let refused = world.untouched_by(world.other.users().create(&nowhere)).await;
    assert!(matches!(refused, Err(UpdateError::Refused(NewUserError::NoTenant(_)))), "{refused:?}");
}

#[tokio::test]
async fn create_in() {
    let world = World::new().await;
    let email = &world.jane.user.email;
    // What was read in one environment says nothing of another.
    let admission = world.own.users().admission(email, &world.acme).await.unwrap().unwrap();
    let users = world.other.users();
    let made = world.untouched_by(users.create_in(&world.acme, admission, |_| world.twin())).await;
    assert_eq!(made.unwrap().id, world.jane.user.id);
    assert_eq!(users.list(&UserQuery::page(vec![world.acme.clone()], 10, 0)).await.unwrap().total, 1);
}

#[tokio::test]
async fn registration() {
    let world = World::new().await;
    let read = world.other.users().registration().await.unwrap().unwrap();
    assert_eq!(read.environment.id, world.other.id());
    assert!(environment().await.users().registration().await.unwrap().is_none());
}

#[tokio::test]
async fn register() {
    let world = World::new().await;
    // What was read in one environment says nothing of another.
    let read = world.own.users().registration().await.unwrap().unwrap();
    let fresh = tenant("fresh");
    let twin = user("jane@example.com", &[&fresh.tenant_id], 1);
    let users = world.other.users();
    world.untouched_by(users.register(read.clone(), &fresh, &twin)).await.unwrap();
    assert_eq!(users.list(&UserQuery::page(vec![fresh.tenant_id.clone()], 10, 0)).await.unwrap().total, 1);
    let users = world.own.users();
    let taken = world.untouched_by(users.register(read, &fresh, &twin)).await;
    assert!(matches!(taken, Err(UpdateError::Refused(NewUserError::EmailTaken))), "{taken:?}");
}

/// A link of `environment` to its tenant `acme`.
async fn link_in(world: &World, environment: &EnvironmentStore) -> InviteSnapshot {
    let vendor = Inviter::Vendor { on_behalf_of: None };
    let invite = TenantInvite::new(world.acme.clone(), vendor, &ENTROPY, at(0));
    let invites = environment.tenant_invites();
    invites.create(&invite, at(0)).await.unwrap();
    invites.find(invite.token.plain(), at(0)).await.unwrap().unwrap()
}

#[tokio::test]
async fn create_invited() {
    let world = World::new().await;
    let (theirs, email) = (link_in(&world, &world.own).await, "joe@example.com".parse().unwrap());
    let users = world.other.users();
    let admission = users.admission(&email, &world.acme).await.unwrap().unwrap();
    let joe = user("joe@example.com", &[&world.acme], 1);
    let made = users.create_invited(theirs, admission.clone(), at(1), |_| joe.clone());
    let made = world.untouched_by(made).await;
    assert!(matches!(made, Err(UpdateError::Refused(InvitedError::Gone))), "{made:?}");
    let link = link_in(&world, &world.other).await;
    world.untouched_by(users.create_invited(link, admission, at(1), |_| joe.clone())).await.unwrap();
}

#[tokio::test]
async fn admit_invited() {
    let world = World::new().await;
    let theirs = link_in(&world, &world.own).await;
    let users = world.other.users();
    users.create(&world.twin()).await.unwrap();
    world.other.tenants().create(&tenant("third")).await.unwrap();
    users.join(world.jane.user.id, &membership(&"third".parse().unwrap(), 1)).await.unwrap();
    users.leave(world.jane.user.id, &world.acme).await.unwrap();
    let admitted = users.admit_invited(
        world.jane.user.id,
        theirs,
        at(1),
        |_| membership(&world.acme, 1),
        |_| Ok::<_, InvitedError>(()),
    );
    let admitted = world.untouched_by(admitted).await;
    assert!(matches!(admitted, Err(UpdateError::Refused(InvitedError::Gone))), "{admitted:?}");
}

#[tokio::test]
async fn import() {
    let world = World::new().await;
    let people = [world.twin(), user("joe@example.com", &[&world.acme], 2)];
    world.untouched_by(world.other.users().import(&people)).await.unwrap();
}

#[tokio::test]
async fn join() {
    let world = World::new().await;
    let joining = membership(&world.labs, 1);
    let users = world.other.users();
    assert_eq!(world.untouched_by(users.join(world.jane.user.id, &joining)).await.unwrap(), None);
    let users = world.own.users();
    let again = world.untouched_by(users.join(world.jane.user.id, &membership(&world.acme, 1))).await;
    assert!(matches!(again.unwrap(), Some(Addition::Already(_))));
}

#[tokio::test]
async fn admit() {
    let world = World::new().await;
    let users = world.other.users();
    let admitted = users.admit(world.jane.user.id, &world.labs, |_| membership(&world.labs, 1));
    assert_eq!(world.untouched_by(admitted).await.unwrap(), None);
    let users = world.own.users();
    let third = "third".parse().unwrap();
    world.other.tenants().create(&tenant("third")).await.unwrap();
    let refused =
        world.untouched_by(users.admit(world.jane.user.id, &third, |_| membership(&third, 1))).await;
    assert!(matches!(refused, Err(UpdateError::Refused(NewUserError::NoTenant(_)))), "{refused:?}");
}

#[tokio::test]
async fn arrival() {
    let world = World::new().await;
    let (own, other) = (world.own.users(), world.other.users());
    let unknown = other.arrival(world.jane.user.id, &world.acme).await.unwrap().unwrap();
    assert!(unknown.value.is_none());
    let nowhere = own.arrival(world.jane.user.id, &"third".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(nowhere.value.unwrap().tenant, None);
}

#[tokio::test]
async fn let_in() {
    let world = World::new().await;
    // What was read in one environment says nothing of another.
    let arrival = world.own.users().arrival(world.jane.user.id, &world.labs).await.unwrap().unwrap();
    let users = world.other.users();
    let entered = users.let_in(
        &world.labs,
        arrival.value.unwrap(),
        |_| membership(&world.labs, 1),
        |_| Ok::<_, NewUserError>(()),
    );
    assert_eq!(world.untouched_by(entered).await.unwrap(), None);
}

#[tokio::test]
async fn leave() {
    let world = World::new().await;
    let id = world.jane.user.id;
    assert!(!world.untouched_by(world.other.users().leave(id, &world.acme)).await.unwrap());
    assert!(!world.untouched_by(world.own.users().leave(id, &world.labs)).await.unwrap());
}

#[tokio::test]
async fn leave_if() {
    let world = World::new().await;
    let id = world.jane.user.id;
    let (own, other) = (world.own.users(), world.other.users());
    let permitted = |_: &User| Ok::<_, Infallible>(());
    assert!(!world.untouched_by(other.leave_if(id, &world.acme, permitted)).await.unwrap());
    assert!(!world.untouched_by(own.leave_if(id, &world.labs, permitted)).await.unwrap());
}

#[tokio::test]
async fn leave_removed() {
    let world = World::new().await;
    let id = world.jane.user.id;
    let removed = world.other.tenants().remove(&world.acme, at(1), &|| true).await;
    assert_eq!(removed.unwrap(), Progress::Finished);
    assert!(!world.untouched_by(world.other.users().leave_removed(id, &world.acme)).await.unwrap());
    assert!(!world.untouched_by(world.own.users().leave_removed(id, &world.acme)).await.unwrap());
    let removed = world.own.tenants().remove(&world.labs, at(1), &|| true).await;
    assert_eq!(removed.unwrap(), Progress::Finished);
    assert!(!world.untouched_by(world.own.users().leave_removed(id, &world.labs)).await.unwrap());
}

#[tokio::test]
async fn remove() {
    let world = World::new().await;
    assert!(!world.untouched_by(world.other.users().remove(world.jane.user.id)).await.unwrap());
    world.other.users().create(&world.twin()).await.unwrap();
    assert!(world.untouched_by(world.other.users().remove(world.jane.user.id)).await.unwrap());
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let renamed = world.untouched_by(world.other.users().update(world.jane.user.id, None, rename)).await;
    assert_eq!(renamed.unwrap(), None);
    world.other.users().create(&world.twin()).await.unwrap();
    let renamed = world.untouched_by(world.other.users().update(world.jane.user.id, None, rename)).await;
    assert!(renamed.unwrap().is_some());
}

/// Jane as `environment` has her.
async fn jane_in(world: &World, environment: &EnvironmentStore) -> UserSnapshot {
    environment.users().snapshot(world.jane.user.id).await.unwrap().unwrap().value.unwrap()
}

#[tokio::test]
async fn update_from() {
    let world = World::new().await;
    let renamed = world
        .untouched_by(world.other.users().update_from(jane_in(&world, &world.own).await, None, rename))
        .await;
    assert_eq!(renamed.unwrap(), None);
}

#[tokio::test]
async fn update_with_password() {
    let world = World::new().await;
    let users = world.other.users();
    let changed = users.update_with_password(
        jane_in(&world, &world.own).await,
        Action::UserActivated,
        NewPassword::new("other"),
        rename,
    );
    assert_eq!(world.untouched_by(changed).await.unwrap(), None);
    users.create(&world.twin()).await.unwrap();
    let changed = users.update_with_password(
        jane_in(&world, &world.other).await,
        Action::UserActivated,
        NewPassword::new("other"),
        rename,
    );
    assert!(world.untouched_by(changed).await.unwrap().is_some());
}

#[tokio::test]
async fn password_history() {
    let world = World::new().await;
    let history = PasswordHistory::default().after(Some("before".to_owned()));
    let users = world.own.users();
    let password = NewPassword { history: Some(&history), ..NewPassword::new("other") };
    let jane = jane_in(&world, &world.own).await;
    users.update_with_password(jane, Action::UserActivated, password, rename).await.unwrap().unwrap();
    let id = world.jane.user.id;
    assert_eq!(users.password_history(id).await.unwrap(), history);
    assert_eq!(world.other.users().password_history(id).await.unwrap(), PasswordHistory::default());
}

#[tokio::test]
async fn renew_hash() {
    let world = World::new().await;
    let (users, email) = (world.other.users(), &world.jane.user.email);
    let theirs = world.own.users().login(email).await.unwrap().unwrap().value.unwrap();
    world.untouched_by(users.renew_hash(email, theirs.clone(), "other".to_owned())).await.unwrap();
    assert_eq!(users.login(email).await.unwrap().unwrap().value, None);
    users.create(&world.twin()).await.unwrap();
    world.untouched_by(users.renew_hash(email, theirs, "other".to_owned())).await.unwrap();
}

#[tokio::test]
async fn change_email() {
    let world = World::new().await;
    let (users, email) = (world.other.users(), "joe@example.com".parse().unwrap());
    let changed = users.change_email(jane_in(&world, &world.own).await, &email);
    assert_eq!(world.untouched_by(changed).await.unwrap(), None);
    users.create(&world.twin()).await.unwrap();
    let changed = users.change_email(jane_in(&world, &world.other).await, &email);
    assert!(world.untouched_by(changed).await.unwrap().is_some());
}

#[tokio::test]
async fn note_login() {
    let world = World::new().await;
    world.untouched_by(world.other.users().note_login(world.jane.user.id, at(1))).await.unwrap();
}

#[tokio::test]
async fn move_all() {
    let world = World::new().await;
    let kept = |_: &_| Vec::<RoleId>::new();
    let users = world.other.users();
    let moved = users.move_all(&world.acme, &world.labs, at(1), kept, &|| true);
    assert_eq!(world.untouched_by(moved).await.unwrap(), Progress::Nothing);
    let users = world.own.users();
    let moved = users.move_all(&world.labs, &world.acme, at(1), kept, &|| true);
    assert_eq!(world.untouched_by(moved).await.unwrap(), Progress::Nothing);
}

#[expect(clippy::unnecessary_wraps, reason = "other checks refuse")]
fn permit(_: &Group, _: &User) -> Result<(), GroupError> {
    Ok(())
}

#[tokio::test]
async fn enter_group() {
    let world = World::new().await;
    let (editors, jane) = (world.group.id, BTreeSet::from([world.jane.user.id]));
    let (own, other) = (world.own.users(), world.other.users());
    let elsewhere = own.enter_group(&world.labs, editors, &jane, permit);
    assert!(world.untouched_by(elsewhere).await.unwrap().is_none());
    let by_other = other.enter_group(&world.acme, editors, &jane, permit);
    assert!(world.untouched_by(by_other).await.unwrap().is_none());
    // A group of another tenant takes nobody who is not in that tenant.
    let of_labs = group(&world.labs, "Editors");
    world.own.groups().create(&of_labs).await.unwrap();
    let stranger = world.untouched_by(own.enter_group(&world.labs, of_labs.id, &jane, permit)).await;
    assert!(matches!(stranger, Err(UpdateError::Refused(GroupError::NoUser))));
}

#[tokio::test]
async fn leave_group() {
    let world = World::new().await;
    let (editors, jane) = (world.group.id, BTreeSet::from([world.jane.user.id]));
    let (own, other) = (world.own.users(), world.other.users());
    let elsewhere = own.leave_group(&world.labs, editors, &jane, permit);
    assert!(world.untouched_by(elsewhere).await.unwrap().is_none());
    let by_other = other.leave_group(&world.acme, editors, &jane, permit);
    assert!(world.untouched_by(by_other).await.unwrap().is_none());
    own.leave_group(&world.acme, editors, &jane, permit).await.unwrap().unwrap();
    assert_eq!(world.own.groups().members(&world.acme, editors).await.unwrap(), []);
}
