//! What one environment writes, another cannot read, change or remove, even when it knows every id.

use std::convert::Infallible;

use rookery_domain::{PlainToken, Role, TenantId, first_roles};
use rookery_store::{Addition, CatalogWriteError, Progress, TenantQuery, UserQuery};

use crate::support::{ENTROPY, at, environment, membership, session, tenant, user};

#[tokio::test]
async fn tenants() {
    let (own, other) = (environment().await, environment().await);
    let acme = tenant("acme");
    own.tenants().create(&acme).await.unwrap();
    let id = &acme.tenant_id;
    assert_eq!(other.tenants().get(id).await.unwrap(), None);
    assert_eq!(other.tenants().get_all(std::slice::from_ref(id)).await.unwrap(), []);
    assert_eq!(other.tenants().list(&TenantQuery::page(10, 0)).await.unwrap().total, 0);
    assert_eq!(other.tenants().update(id, at(1), |_| Ok::<_, Infallible>(())).await.unwrap(), None);
    assert_eq!(other.tenants().remove(id, at(1), &|| true).await.unwrap(), Progress::Nothing);
    other.tenants().create(&tenant("labs")).await.unwrap();
    assert!(other.tenants().link(&"labs".parse().unwrap(), id, at(1)).await.is_err());
    assert_eq!(other.tenants().descendants(id).await.unwrap(), []);
    assert_eq!(other.tenants().ancestors(id).await.unwrap(), []);
    assert_eq!(own.tenants().get(id).await.unwrap(), Some(acme));
}

#[tokio::test]
async fn users() {
    let (own, other) = (environment().await, environment().await);
    for environment in [&own, &other] {
        environment.tenants().create(&tenant("acme")).await.unwrap();
    }
    let acme: TenantId = "acme".parse().unwrap();
    let jane = user("jane@example.com", &[&acme], 0);
    own.users().create(&jane).await.unwrap();
    let (id, email) = (jane.user.id, &jane.user.email);
    assert_eq!(other.users().get(id).await.unwrap(), None);
    assert_eq!(other.users().get_all(&[id]).await.unwrap(), []);
    assert!(other.users().login(email).await.unwrap().is_none());
    let lists = [UserQuery::page(Vec::new(), 10, 0), UserQuery::page(vec![acme.clone()], 10, 0)];
    for query in lists {
        assert_eq!(other.users().list(&query).await.unwrap().total, 0);
    }
    assert_eq!(other.users().update(id, |_| Ok::<_, Infallible>(())).await.unwrap(), None);
    assert_eq!(other.users().update_with_password(id, "x", |_| Ok::<_, Infallible>(())).await.unwrap(), None);
    assert_eq!(other.users().change_email(id, &"joe@example.com".parse().unwrap()).await.unwrap(), None);
    assert_eq!(other.users().join(id, &membership(&acme, 1)).await.unwrap(), None);
    assert!(!other.users().leave(id, &acme).await.unwrap());
    assert!(!other.users().remove(id).await.unwrap());
    other.users().note_login(id, at(1)).await.unwrap();
    other.users().create(&user("jane@example.com", &[&acme], 0)).await.unwrap();
    assert_eq!(own.users().get(id).await.unwrap(), Some(jane.user));
}

#[tokio::test]
async fn sessions() {
    let (own, other) = (environment().await, environment().await);
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme = "acme".parse().unwrap();
    let jane = user("jane@example.com", &[&acme], 0);
    own.users().create(&jane).await.unwrap();
    let session = session(jane.user.id, &acme);
    own.sessions().begin(&session).await.unwrap();
    assert_eq!(other.sessions().get(jane.user.id, session.id).await.unwrap(), None);
    assert_eq!(other.sessions().of_user(jane.user.id).await.unwrap(), []);
    assert!(!other.sessions().end(jane.user.id, session.id).await.unwrap());
    other.sessions().end_all(jane.user.id, |_| true).await.unwrap();
    assert!(other.users().caller(jane.user.id, session.id, None).await.unwrap().is_none());
    assert_eq!(own.sessions().of_user(jane.user.id).await.unwrap(), [session]);
}

#[tokio::test]
async fn environments() {
    let (own, other) = (environment().await, environment().await);
    let store = rookery_testkit::connect().await;
    let made = rookery_testkit::new_environment(own.id(), &PlainToken::random(&ENTROPY), at(0));
    assert!(store.environments().create(&made, &[], &[]).await.unwrap());
    assert!(!store.environments().create(&made, &[], &[]).await.unwrap(), "once");
    assert_eq!(other.get().await.unwrap(), None);
    assert_eq!(other.update(|_| Ok::<_, Infallible>(())).await.unwrap(), None);
    let host = format!("{}.example.com", own.id());
    assert!(store.environments().claim_host(&host, own.id()).await.unwrap());
    assert!(!store.environments().claim_host(&host, other.id()).await.unwrap());
    assert_eq!(store.environments().find_by_host(&host).await.unwrap(), Some(own.id()));
    assert_eq!(own.get().await.unwrap(), Some(made));
}

#[tokio::test]
async fn catalogues() {
    let (own, other) = (environment().await, environment().await);
    let store = rookery_testkit::connect().await;
    let secret = PlainToken::random(&ENTROPY);
    let roles = first_roles(&ENTROPY, at(0));
    for (environment, roles) in [(&own, roles.as_slice()), (&other, &[])] {
        let made = rookery_testkit::new_environment(environment.id(), &secret, at(0));
        assert!(store.environments().create(&made, roles, &[]).await.unwrap());
    }
    let ids: Vec<_> = roles.iter().map(|role| role.id).collect();
    assert!(own.catalog().find_roles(&ids, None).await.unwrap().is_some());
    assert!(other.catalog().find_roles(&ids, None).await.unwrap().is_none());
    let seen = other.catalog().load(&other.get().await.unwrap().unwrap()).await.unwrap();
    assert!(seen.roles.is_empty() && !seen.permissions.is_empty(), "only what is built in");
    other.catalog().create(&roles).await.unwrap();
    let role = other.catalog().find_roles(&ids[..1], None).await.unwrap().unwrap();
    assert!(other.catalog().remove(role, |_| Ok::<_, CatalogWriteError>(())).await.unwrap());
    assert!(own.catalog().find_roles(&ids, None).await.unwrap().is_some(), "the same ids, and others");
}

#[tokio::test]
async fn one_tenant_from_another() {
    let own = environment().await;
    for id in ["acme", "labs"] {
        own.tenants().create(&tenant(id)).await.unwrap();
    }
    let (acme, labs): (TenantId, TenantId) = ("acme".parse().unwrap(), "labs".parse().unwrap());
    let jane = user("jane@example.com", &[&acme], 0);
    own.users().create(&jane).await.unwrap();
    assert_eq!(own.users().list(&UserQuery::page(vec![labs.clone()], 10, 0)).await.unwrap().total, 0);
    assert!(!own.users().leave(jane.user.id, &labs).await.unwrap());
    assert_eq!(own.catalog().roles_of_tenant(&labs).await.unwrap(), [] as [Role; 0]);
    assert!(matches!(
        own.users().join(jane.user.id, &membership(&acme, 1)).await.unwrap(),
        Some(Addition::Already(_))
    ));
}
