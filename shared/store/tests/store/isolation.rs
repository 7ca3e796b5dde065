//! What one environment keeps, another cannot read, change or remove, even when it knows every id; nor can a call for one
//! tenant reach what is another's.
//!
//! Every call of a repository has a test of its name here, in the file of its type.

mod api_tokens;
mod attempts;
mod catalog_store;
mod challenges;
mod codes;
mod environment_store;
mod environments;
mod factors;
mod groups;
mod journal;
mod mail_templates;
mod sessions;
mod tenant_invites;
mod tenants;
mod tickets;
mod users;

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use rookery_domain::{
    AssignmentType, Catalog, CategoryId, Environment, Group, MailTemplate, Permission, PermissionCategory,
    PermissionId, PlainToken, Role, RoleId, Session, Tenant, TenantId, TenantInvite, User, UserId,
    first_roles,
};
use rookery_store::{Descendant, EnvironmentStore, GroupError, Login, NewUser, TenantQuery, UserQuery};
use rookery_testkit::{connect, new_environment};

use crate::repositories::calls;
use crate::support::{ENTROPY, at, environment, group, session, tenant, user};

#[test]
fn every_call_has_a_test() {
    for call in calls() {
        let (of, method) = call.split_once("::").unwrap();
        let tests = match of {
            "Attempts" => include_str!("isolation/attempts.rs"),
            "ApiTokens" => include_str!("isolation/api_tokens.rs"),
            "CatalogStore" => include_str!("isolation/catalog_store.rs"),
            "Challenges" => include_str!("isolation/challenges.rs"),
            "Codes" => include_str!("isolation/codes.rs"),
            "EnvironmentStore" => include_str!("isolation/environment_store.rs"),
            "Environments" => include_str!("isolation/environments.rs"),
            "Factors" => include_str!("isolation/factors.rs"),
            "Groups" => include_str!("isolation/groups.rs"),
            "Journal" => include_str!("isolation/journal.rs"),
            "MailTemplates" => include_str!("isolation/mail_templates.rs"),
            "Sessions" => include_str!("isolation/sessions.rs"),
            "TenantInvites" => include_str!("isolation/tenant_invites.rs"),
            "Tenants" => include_str!("isolation/tenants.rs"),
            "Tickets" => include_str!("isolation/tickets.rs"),
            "Users" => include_str!("isolation/users.rs"),
            other => panic!("{other} has no tests of its isolation"),
        };
        let test = format!("#[tokio::test]\nasync fn {method}() {{");
        assert!(tests.contains(&test), "no test of the isolation of {call}");
    }
}

/// Two environments that both have the tenants `acme` and `labs`. `own` keeps something of every kind, and all that
/// belongs to a tenant is of `acme`; `other` has nothing more.
struct World {
    own: EnvironmentStore,
    other: EnvironmentStore,
    acme: TenantId,
    labs: TenantId,
    /// A tenant below `acme`.
    branch: TenantId,
    jane: NewUser,
    session: Session,
    /// A role of `acme`'s own.
    role: Role,
    /// A role of the whole environment.
    shared_role: Role,
    permission: Permission,
    category: PermissionCategory,
    /// A group of `acme`, with Jane in it.
    group: Group,
}

/// All that `own` keeps, as it is read.
#[derive(Debug, PartialEq)]
struct State {
    environment: Option<Environment>,
    host: bool,
    tenants: (Vec<Tenant>, usize),
    tree: (Vec<Tenant>, Vec<Descendant>),
    users: Vec<User>,
    members: [Vec<User>; 2],
    login: Option<Login>,
    sessions: Vec<Session>,
    mail_templates: Vec<MailTemplate>,
    invites: Vec<TenantInvite>,
    catalog: Arc<Catalog>,
    own_roles: [Vec<Role>; 2],
    groups: [Vec<Group>; 2],
    grouped: Vec<UserId>,
}

impl World {
    async fn new() -> Self {
        Box::pin(Self::make()).await
    }

    async fn make() -> Self {
        let (own, other) = (environment().await, environment().await);
        let shared_roles = first_roles(&ENTROPY, at(0));
        let environments = connect().await;
        for (made, roles) in [(&own, shared_roles.as_slice()), (&other, &[])] {
            let made = new_environment(made.id(), &PlainToken::random(&ENTROPY), at(0));
            let hosts = [made.base_url.trim_start_matches("https://").to_owned()];
            assert!(environments.environments().create(&made, roles, &hosts).await.unwrap());
        }
        for id in ["acme", "labs"] {
            own.tenants().create(&tenant(id)).await.unwrap();
            other.tenants().create(&tenant(id)).await.unwrap();
        }
        let (acme, labs): (TenantId, TenantId) = ("acme".parse().unwrap(), "labs".parse().unwrap());
        let below = Tenant { parent: Some(acme.clone()), ..tenant("branch") };
        own.tenants().create(&below).await.unwrap();
        let category = category("Own");
        own.catalog().create(std::slice::from_ref(&category)).await.unwrap();
        let permission = Permission { category_id: Some(category.id), ..permission("own.read") };
        own.catalog().create(std::slice::from_ref(&permission)).await.unwrap();
        let role = role_of(&acme, &shared_roles[0]);
        own.catalog().create(std::slice::from_ref(&role)).await.unwrap();
        let jane =
            NewUser { password_hash: Some("hash".to_owned()), ..user("jane@example.com", &[&acme], 0) };
        own.users().create(&jane).await.unwrap();
        let session = session(jane.user.id, &acme);
        own.sessions().begin(&session).await.unwrap();
        let shared_role = shared_roles[0].clone();
        let branch = below.tenant_id;
        let group = group(&acme, "Editors");
        own.groups().create(&group).await.unwrap();
        let (users, members) = (own.users(), [jane.user.id].into());
        let entered = users.enter_group(&acme, group.id, &members, |_, _| Ok::<_, GroupError>(()));
        entered.await.unwrap().unwrap();
        Self { own, other, acme, labs, branch, jane, session, role, shared_role, permission, category, group }
    }

    /// The own environment's state, read by a store that remembers nothing.
    async fn state(&self) -> State {
        let store = connect().await;
        let own = store.environment(self.own.id());
        let (tenants, users) = (own.tenants(), own.users());
        let environment = own.get().await.unwrap();
        let list = tenants.list(&TenantQuery::page(10, 0)).await.unwrap();
        let everybody =
            async |of: Vec<TenantId>| users.list(&UserQuery::page(of, 10, 0)).await.unwrap().items;
        let host = format!("{}.example.com", own.id());
        State {
            host: store.environments().find_by_host(&host).await.unwrap() == Some(own.id()),
            tenants: (list.items, list.total),
            tree: (
                tenants.ancestors(&self.branch).await.unwrap(),
                tenants.descendants(&self.acme).await.unwrap(),
            ),
            users: everybody(Vec::new()).await,
            members: [everybody(vec![self.acme.clone()]).await, everybody(vec![self.labs.clone()]).await],
            login: users.login(&self.jane.user.email).await.unwrap().and_then(|login| login.value),
            sessions: own.sessions().of_user(self.jane.user.id).await.unwrap(),
            mail_templates: own.mail_templates().list().await.unwrap(),
            invites: own.tenant_invites().list().await.unwrap(),
            catalog: own.catalog().load(environment.as_ref().unwrap()).await.unwrap(),
            own_roles: [
                own.catalog().roles_of_tenant(&self.acme).await.unwrap(),
                own.catalog().roles_of_tenant(&self.labs).await.unwrap(),
            ],
            groups: [
                own.groups().list(&self.acme).await.unwrap(),
                own.groups().list(&self.labs).await.unwrap(),
            ],
            grouped: own.groups().members(&self.acme, self.group.id).await.unwrap(),
            environment,
        }
    }

    /// Awaits `work`, which must leave all that the own environment keeps as it is.
    fn untouched_by<'a, T>(&'a self, work: impl Future<Output = T> + 'a) -> LocalBoxFuture<'a, T> {
        async move {
            let before = self.state().await;
            let outcome = work.await;
            assert_eq!(self.state().await, before);
            outcome
        }
        .boxed_local()
    }
}

/// A role of `tenant`'s own that is otherwise like `role`.
fn role_of(tenant: &TenantId, role: &Role) -> Role {
    Role {
        id: RoleId::random(&ENTROPY),
        tenant_id: Some(tenant.clone()),
        key: "Own".to_owned(),
        is_default: false,
        is_first_user: false,
        ..role.clone()
    }
}

fn permission(key: &str) -> Permission {
    Permission {
        id: PermissionId::random(&ENTROPY),
        key: key.to_owned(),
        name: key.to_owned(),
        description: None,
        category_id: None,
        assignment_type: AssignmentType::default(),
        built_in: false,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn category(name: &str) -> PermissionCategory {
    PermissionCategory {
        id: CategoryId::random(&ENTROPY),
        name: name.to_owned(),
        description: None,
        built_in: false,
        created_at: at(0),
    }
}
