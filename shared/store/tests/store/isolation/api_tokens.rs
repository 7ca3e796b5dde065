//! API tokens.

use std::collections::BTreeSet;
use std::convert::Infallible;

use rookery_domain::{
    ApiRefreshToken, ApiToken, ApiTokenGrants, ApiTokenHolder, ApiTokenLogin, ApiTokenOwner, TenantId,
};

use super::World;
use crate::support::{ENTROPY, at};

/// An API token of `tenant`'s that is not written yet.
fn token(tenant: &TenantId) -> ApiToken {
    let grants = ApiTokenGrants::Roles(BTreeSet::new());
    let holder = ApiTokenHolder::Tenant { grants, created_by: None };
    ApiToken::issue(tenant.clone(), holder, &ENTROPY, at(0)).1
}

async fn made() -> (World, ApiToken) {
    let world = World::new().await;
    let token = token(&world.acme);
    world.own.api_tokens().create(&token).await.unwrap();
    (world, token)
}

/// The same, exchanged once.
async fn exchanged() -> (World, ApiToken, ApiRefreshToken, ApiTokenLogin) {
    let (world, token) = Box::pin(made()).await;
    let (refresh, login) = ApiTokenLogin::begin(&token, 0, &ENTROPY, at(60));
    world.own.api_tokens().keep_login(token.id, &login).await.unwrap();
    (world, token, refresh, login)
}

async fn of(world: &World, tenant: &TenantId) -> Vec<ApiToken> {
    world.own.api_tokens().list(&ApiTokenOwner::Tenant(tenant.clone())).await.unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "other changes refuse")]
fn rename(token: &mut ApiToken) -> Result<(), Infallible> {
    token.description = Some("Renamed".to_owned());
    Ok(())
}

#[tokio::test]
async fn create() {
    let (world, own) = Box::pin(made()).await;
    let same_id = ApiToken { tenant_id: world.labs.clone(), ..own.clone() };
    world.untouched_by(world.other.api_tokens().create(&same_id)).await.unwrap();
    assert_eq!(of(&world, &world.acme).await, [own]);
    assert_eq!(of(&world, &world.labs).await, []);
}

#[tokio::test]
async fn get() {
    let (world, own) = Box::pin(made()).await;
    assert_eq!(world.own.api_tokens().get(own.id).await.unwrap(), Some(own.clone()));
    assert_eq!(world.other.api_tokens().get(own.id).await.unwrap(), None);
}

#[tokio::test]
async fn list() {
    let (world, own) = Box::pin(made()).await;
    assert_eq!(of(&world, &world.acme).await, std::slice::from_ref(&own));
    assert_eq!(of(&world, &world.labs).await, []);
    assert_eq!(world.other.api_tokens().list(&own.owner()).await.unwrap(), []);
    let jane = ApiTokenOwner::User(world.jane.user.id);
    assert_eq!(world.own.api_tokens().list(&jane).await.unwrap(), []);
}

#[tokio::test]
async fn update() {
    let (world, own) = Box::pin(made()).await;
    let updated = world.untouched_by(world.other.api_tokens().update(own.id, rename)).await;
    assert_eq!(updated.unwrap(), None);
    assert_eq!(of(&world, &world.acme).await, [own]);
}

#[tokio::test]
async fn presented() {
    let (world, own) = Box::pin(made()).await;
    let found = world.own.api_tokens().presented(own.id).await.unwrap().unwrap();
    assert_eq!((found.environment.id, found.value), (world.own.id(), Some(own.clone())));
    let found = world.other.api_tokens().presented(own.id).await.unwrap().unwrap();
    assert_eq!((found.environment.id, found.value), (world.other.id(), None));
}

#[tokio::test]
async fn refreshing() {
    let (world, own, refresh, login) = Box::pin(exchanged()).await;
    let found = world.own.api_tokens().refreshing(&refresh).await.unwrap().unwrap();
    assert_eq!(found.value, Some((own, login)));
    assert_eq!(world.other.api_tokens().refreshing(&refresh).await.unwrap().unwrap().value, None);
}

#[tokio::test]
async fn count_login() {
    let (world, own) = Box::pin(made()).await;
    assert_eq!(world.untouched_by(world.other.api_tokens().count_login(own.id)).await.unwrap(), None);
    assert_eq!(world.own.api_tokens().count_login(own.id).await.unwrap(), Some(0));
}

#[tokio::test]
async fn keep_login() {
    let (world, own, refresh, login) = Box::pin(exchanged()).await;
    let (_, theirs) = ApiTokenLogin::begin(&own, 0, &ENTROPY, at(60));
    world.other.api_tokens().keep_login(own.id, &theirs).await.unwrap();
    let found = world.own.api_tokens().refreshing(&refresh).await.unwrap().unwrap();
    assert_eq!(found.value, Some((own, login)));
}

#[tokio::test]
async fn rotate_login() {
    let (world, own, refresh, login) = Box::pin(exchanged()).await;
    let (_, after) = ApiTokenLogin::refreshed(&refresh, &ENTROPY, at(120));
    assert!(!world.other.api_tokens().rotate_login(own.id, &login, &after).await.unwrap());
    let found = world.own.api_tokens().refreshing(&refresh).await.unwrap().unwrap();
    assert_eq!(found.value, Some((own, login)));
}

#[tokio::test]
async fn remove() {
    let (world, own) = Box::pin(made()).await;
    assert!(!world.untouched_by(world.other.api_tokens().remove(&own)).await.unwrap());
    let elsewhere = ApiToken { tenant_id: world.labs.clone(), ..own.clone() };
    assert!(!world.own.api_tokens().remove(&elsewhere).await.unwrap());
    assert_eq!(of(&world, &world.acme).await, [own]);
}

#[tokio::test]
async fn remove_all_of() {
    let world = Box::pin(World::new()).await;
    let (own, other, jane) = (world.own.api_tokens(), world.other.api_tokens(), world.jane.user.id);
    let holder = ApiTokenHolder::User { id: jane, member_since: None };
    let (_, token) = ApiToken::issue(world.acme.clone(), holder, &ENTROPY, at(0));
    own.create(&token).await.unwrap();
    world.untouched_by(other.remove_all_of(jane)).await.unwrap();
    assert_eq!(own.list(&token.owner()).await.unwrap(), std::slice::from_ref(&token));
    own.remove_all_of(jane).await.unwrap();
    assert_eq!(own.list(&token.owner()).await.unwrap(), []);
}
