//! Groups, who is in them, and what is left of either.

use std::collections::BTreeSet;

use futures::future::{join, join_all};
use rookery_domain::{Action, Group, Membership, TenantId, User, UserId};
use rookery_store::{EnvironmentStore, GroupError, NewUser, Progress, UpdateError};

use crate::support::{at, environment, group, membership, tenant, user};

type Outcome<T> = Result<T, UpdateError<GroupError>>;

async fn acme(own: &EnvironmentStore) -> TenantId {
    let acme = tenant("acme");
    own.tenants().create(&acme).await.unwrap();
    acme.tenant_id
}

async fn jane(own: &EnvironmentStore, acme: &TenantId) -> UserId {
    let jane = user("jane@example.com", &[acme], 0);
    own.users().create(&jane).await.unwrap();
    jane.user.id
}

async fn groups(own: &EnvironmentStore, acme: &TenantId, how_many: usize) -> Vec<Group> {
    let groups: Vec<_> = (0..how_many).map(|number| group(acme, &format!("Group {number}"))).collect();
    for group in &groups {
        own.groups().create(group).await.unwrap();
    }
    groups
}

async fn enter(own: &EnvironmentStore, group: &Group, users: &[UserId]) -> Outcome<Option<()>> {
    let users: BTreeSet<_> = users.iter().copied().collect();
    own.users().enter_group(&group.tenant_id, group.id, &users, |_, _| Ok(())).await
}

async fn leave(own: &EnvironmentStore, group: &Group, users: &[UserId]) -> Outcome<Option<()>> {
    let users: BTreeSet<_> = users.iter().copied().collect();
    own.users().leave_group(&group.tenant_id, group.id, &users, |_, _| Ok(())).await
}

async fn remove(own: &EnvironmentStore, group: &Group) -> Progress {
    let groups = own.groups();
    let removed = groups.remove(&group.tenant_id, group.id, |_| Ok::<_, GroupError>(()), &|| true);
    removed.await.unwrap()
}

async fn members(own: &EnvironmentStore, group: &Group) -> Vec<UserId> {
    own.groups().members(&group.tenant_id, group.id).await.unwrap()
}

async fn read(own: &EnvironmentStore, id: UserId) -> User {
    own.users().get(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn of_two_groups_with_one_name_that_are_made_at_once_one_is() {
    let own = environment().await;
    let acme = acme(&own).await;
    let names = ["Editors", "EDITORS", "editors", "eDitors"];
    let made = join_all(names.map(|name| {
        let (own, group) = (&own, group(&acme, name));
        async move { own.groups().create(&group).await }
    }));
    let made = made.await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    let taken = |made: &&Outcome<()>| matches!(made, Err(UpdateError::Refused(GroupError::NameTaken)));
    assert_eq!(made.iter().filter(taken).count(), 3);
    let only = own.groups().list(&acme).await.unwrap().remove(0);
    assert_eq!(remove(&own, &only).await, Progress::Finished);
    own.groups().create(&group(&acme, "editors")).await.unwrap();
}

#[tokio::test]
async fn a_name_that_a_group_had_is_free_again() {
    let own = environment().await;
    let acme = acme(&own).await;
    let [one, other] = [group(&acme, "One"), group(&acme, "Other")];
    own.groups().create(&one).await.unwrap();
    own.groups().create(&other).await.unwrap();
    let rename = async |id, name: &str| {
        own.groups()
            .update(&acme, id, Action::GroupUpdated, at(1), |group| {
                group.name = name.to_owned();
                Ok::<_, GroupError>(())
            })
            .await
    };
    assert!(matches!(rename(one.id, "OTHER").await, Err(UpdateError::Refused(GroupError::NameTaken))));
    assert_eq!(rename(one.id, "ONE").await.unwrap().unwrap().name, "ONE");
    rename(one.id, "Third").await.unwrap().unwrap();
    assert_eq!(rename(other.id, "one").await.unwrap().unwrap().name, "one");
}

#[tokio::test]
async fn a_tenant_has_no_more_groups_than_it_may_and_one_that_is_removed_has_none() {
    let own = environment().await;
    let acme = acme(&own).await;
    let all: Vec<_> =
        (0..Group::MAX_IN_TENANT - 2).map(|number| group(&acme, &format!("Group {number}"))).collect();
    for some in all.chunks(8) {
        for made in join_all(some.iter().map(|group| async { own.groups().create(group).await })).await {
            made.unwrap();
        }
    }
    let last: Vec<_> = (0..6).map(|number| group(&acme, &format!("Last {number}"))).collect();
    let made = join_all(last.iter().map(|group| async { own.groups().create(group).await })).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 2);
    let full = |made: &&Outcome<()>| matches!(made, Err(UpdateError::Refused(GroupError::TooMany)));
    assert_eq!(made.iter().filter(full).count(), 4);
    let found = own.groups().list(&acme).await.unwrap();
    assert_eq!(found.len(), Group::MAX_IN_TENANT);
    assert_eq!(remove(&own, &found[0]).await, Progress::Finished);
    own.groups().create(&group(&acme, "Room")).await.unwrap();

    assert_eq!(own.tenants().remove(&acme, at(1), &|| true).await.unwrap(), Progress::Finished);
    assert_eq!(own.groups().list(&acme).await.unwrap(), []);
    assert_eq!(own.tenants().remove(&acme, at(1), &|| true).await.unwrap(), Progress::Nothing);
    let late = own.groups().create(&group(&acme, "Late")).await;
    assert!(matches!(late, Err(UpdateError::Refused(GroupError::NoTenant))));
    own.tenants().create(&tenant("acme")).await.unwrap();
    own.groups().create(&group(&acme, "Room")).await.unwrap();
}

#[tokio::test]
async fn a_user_is_in_no_more_groups_than_they_may_and_leaves_all_of_them_with_the_tenant() {
    let own = environment().await;
    let acme = acme(&own).await;
    let jane = jane(&own, &acme).await;
    let groups = groups(&own, &acme, Membership::MAX_GROUPS + 1).await;
    let (last, others) = groups.split_last().unwrap();
    for group in others {
        enter(&own, group, &[jane]).await.unwrap().unwrap();
    }
    let too_many = enter(&own, last, &[jane]).await;
    assert!(matches!(too_many, Err(UpdateError::Refused(GroupError::TooManyGroups))));
    own.tenants().create(&tenant("labs")).await.unwrap();
    own.users().join(jane, &membership(&"labs".parse().unwrap(), 1)).await.unwrap().unwrap();
    assert!(own.users().leave(jane, &acme).await.unwrap());
    for group in &groups {
        assert_eq!(members(&own, group).await, []);
    }
    own.users().join(jane, &membership(&acme, 2)).await.unwrap().unwrap();
    assert!(read(&own, jane).await.memberships.iter().all(|membership| membership.group_ids.is_empty()));
    for group in others {
        enter(&own, group, &[jane]).await.unwrap().unwrap();
    }
    assert!(own.users().remove(jane).await.unwrap());
    assert_eq!(members(&own, &groups[0]).await, []);
}

#[tokio::test]
async fn of_a_tenants_users_who_move_nobody_takes_a_group_along() {
    let own = environment().await;
    let acme = acme(&own).await;
    own.tenants().create(&tenant("labs")).await.unwrap();
    let labs = "labs".parse().unwrap();
    let jane = jane(&own, &acme).await;
    let editors = groups(&own, &acme, 1).await.remove(0);
    enter(&own, &editors, &[jane]).await.unwrap().unwrap();
    own.users().move_all(&acme, &labs, at(1), |_| Vec::new(), &|| true).await.unwrap();
    let moved = read(&own, jane).await;
    assert_eq!((moved.memberships.len(), &moved.memberships[0].group_ids), (1, &Vec::new()));
    assert_eq!(members(&own, &editors).await, []);
}

#[tokio::test]
async fn a_group_has_no_more_members_than_it_may() {
    let own = environment().await;
    let acme = acme(&own).await;
    let newcomers: Vec<NewUser> = (0..Group::MAX_MEMBERS + 40)
        .map(|number| user(&format!("{number}@example.com"), &[&acme], 0))
        .collect();
    for some in newcomers.chunks(19) {
        own.users().import(some).await.unwrap();
    }
    let ids: Vec<_> = newcomers.iter().map(|newcomer| newcomer.user.id).collect();
    let editors = groups(&own, &acme, 1).await.remove(0);
    let (first, last) = ids.split_at(Group::MAX_MEMBERS - 40);
    for some in first.chunks(48) {
        enter(&own, &editors, some).await.unwrap().unwrap();
    }
    let (one, other) = last.split_at(40);
    let (one, other) = join(enter(&own, &editors, one), enter(&own, &editors, other)).await;
    assert_ne!(one.is_ok(), other.is_ok());
    let refused = one.and(other).unwrap_err();
    assert!(matches!(refused, UpdateError::Refused(GroupError::Full)), "{refused}");
    assert_eq!(members(&own, &editors).await.len(), Group::MAX_MEMBERS);
    leave(&own, &editors, &first[..2]).await.unwrap().unwrap();
    enter(&own, &editors, &first[..2]).await.unwrap().unwrap();
    assert_eq!(remove(&own, &editors).await, Progress::Finished);
    assert_eq!(members(&own, &editors).await, []);
}

#[tokio::test]
async fn whoever_enters_a_group_while_it_is_deleted_is_not_left_in_it() {
    let own = environment().await;
    let acme = acme(&own).await;
    let jane = jane(&own, &acme).await;
    for round in 0..12 {
        let one = group(&acme, &format!("Group {round}"));
        own.groups().create(&one).await.unwrap();
        let (entered, removed) = join(enter(&own, &one, &[jane]), remove(&own, &one)).await;
        entered.unwrap();
        assert_eq!(removed, Progress::Finished);
        assert_eq!(read(&own, jane).await.memberships[0].group_ids, []);
        assert_eq!(members(&own, &one).await, []);
    }
}

#[tokio::test]
async fn a_deletion_that_has_no_time_goes_on_with_the_same_call() {
    let own = environment().await;
    let acme = acme(&own).await;
    let jane = jane(&own, &acme).await;
    let editors = groups(&own, &acme, 1).await.remove(0);
    enter(&own, &editors, &[jane]).await.unwrap().unwrap();
    let begun = own.groups().remove(&acme, editors.id, |_| Ok::<_, GroupError>(()), &|| false).await;
    assert_eq!(begun.unwrap(), Progress::Unfinished);
    assert_eq!(own.groups().get(&acme, editors.id).await.unwrap(), None);
    assert_eq!(read(&own, jane).await.memberships[0].group_ids, [editors.id]);
    assert!(enter(&own, &editors, &[jane]).await.unwrap().is_none());
    assert_eq!(remove(&own, &editors).await, Progress::Finished);
    assert_eq!(read(&own, jane).await.memberships[0].group_ids, []);
    assert_eq!(remove(&own, &editors).await, Progress::Nothing);
}

#[tokio::test]
async fn all_of_several_users_enter_a_group_or_none() {
    let own = environment().await;
    let acme = acme(&own).await;
    let jane = jane(&own, &acme).await;
    let stranger = user("stranger@example.com", &[], 0);
    let editors = groups(&own, &acme, 1).await.remove(0);
    let refused = enter(&own, &editors, &[jane, stranger.user.id]).await;
    assert!(matches!(refused, Err(UpdateError::Refused(GroupError::NoUser))));
    assert_eq!(
        (members(&own, &editors).await, read(&own, jane).await.memberships[0].group_ids.len()),
        (vec![], 0)
    );
    for _ in 0..2 {
        enter(&own, &editors, &[jane]).await.unwrap().unwrap();
        assert_eq!(read(&own, jane).await.memberships[0].group_ids, [editors.id]);
    }
}
