//! Roles, permissions and categories.

use rookery_domain::{Permission, PermissionCategory, Role};
use rookery_store::{CatalogWriteError, UpdateError};

use super::{World, category, permission, role_of};

#[tokio::test]
async fn load() {
    let world = World::new().await;
    let seen = world.other.catalog().load(&world.other.get().await.unwrap().unwrap()).await.unwrap();
    assert!(seen.roles.is_empty(), "not even the roles of tenants with the same ids");
    assert!(!seen.permissions.contains_key(&world.permission.id) && !seen.permissions.is_empty());
    let own = world.state().await.catalog;
    assert!(own.permissions.contains_key(&world.permission.id));
    assert!(!own.roles.contains_key(&world.role.id), "a tenant's own role is not everybody's");
}

#[tokio::test]
async fn roles_of_tenant() {
    let world = World::new().await;
    let own = world.own.catalog();
    assert_eq!(own.roles_of_tenant(&world.acme).await.unwrap(), std::slice::from_ref(&world.role));
    assert_eq!(own.roles_of_tenant(&world.labs).await.unwrap(), [] as [Role; 0]);
    assert_eq!(world.other.catalog().roles_of_tenant(&world.acme).await.unwrap(), [] as [Role; 0]);
}

#[tokio::test]
async fn tenants_with_roles() {
    let world = World::new().await;
    let found = world.own.catalog().tenants_with_roles().await.unwrap();
    assert_eq!(found, std::slice::from_ref(&world.acme));
    assert_eq!(world.other.catalog().tenants_with_roles().await.unwrap(), []);
}

#[tokio::test]
async fn find_roles() {
    let world = World::new().await;
    let (own, other) = (world.own.catalog(), world.other.catalog());
    let (role, shared) = ([world.role.id], [world.shared_role.id]);
    assert!(own.find_roles(&role, Some(&world.acme)).await.unwrap().is_some());
    assert!(own.find_roles(&role, Some(&world.labs)).await.unwrap().is_none());
    assert!(own.find_roles(&role, None).await.unwrap().is_none());
    assert!(other.find_roles(&role, Some(&world.acme)).await.unwrap().is_none());
    assert!(own.find_roles(&shared, Some(&world.labs)).await.unwrap().is_some());
    assert!(other.find_roles(&shared, None).await.unwrap().is_none());
}

#[tokio::test]
async fn find_permissions() {
    let world = World::new().await;
    let ids = [world.permission.id];
    assert!(world.own.catalog().find_permissions(&ids).await.unwrap().is_some());
    assert!(world.other.catalog().find_permissions(&ids).await.unwrap().is_none());
}

#[tokio::test]
async fn find_category() {
    let world = World::new().await;
    assert!(world.own.catalog().find_category(world.category.id).await.unwrap().is_some());
    assert!(world.other.catalog().find_category(world.category.id).await.unwrap().is_none());
}

#[tokio::test]
async fn create() {
    let world = World::new().await;
    let other = world.other.catalog();
    // The same ids and keys as in the own environment.
    let role = Role { name: "Another".to_owned(), ..world.role.clone() };
    world.untouched_by(other.create(&[role])).await.unwrap();
    let shared = Role { name: "Another".to_owned(), ..world.shared_role.clone() };
    world.untouched_by(other.create(&[shared])).await.unwrap();
    let category = PermissionCategory { description: Some("x".to_owned()), ..world.category.clone() };
    world.untouched_by(other.create(&[category])).await.unwrap();
    let permission = Permission { name: "Another".to_owned(), ..world.permission.clone() };
    world.untouched_by(other.create(&[permission])).await.unwrap();
    // And the same key in another tenant.
    let own = world.own.catalog();
    own.create(&[role_of(&world.labs, &world.shared_role)]).await.unwrap();
    assert_eq!(own.roles_of_tenant(&world.acme).await.unwrap(), std::slice::from_ref(&world.role));
    let stranger = Role { tenant_id: Some(world.branch.clone()), ..role_of(&world.labs, &world.shared_role) };
    let refused = other.create(&[stranger]).await;
    assert!(matches!(refused, Err(UpdateError::Refused(CatalogWriteError::NoTenant(_)))), "{refused:?}");
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let (own, other) = (world.own.catalog(), world.other.catalog());
    // What was read in one environment cannot be written in another.
    let role = own.find_roles(&[world.role.id], Some(&world.acme)).await.unwrap().unwrap();
    let changed = other.update(role, |role: &mut Role| {
        role.name = "Changed".to_owned();
        Ok::<_, CatalogWriteError>(())
    });
    assert_eq!(world.untouched_by(changed).await.unwrap(), None);
    let permission = own.find_permissions(&[world.permission.id]).await.unwrap().unwrap();
    let changed = other.update(permission, |permission: &mut Permission| {
        permission.name = "Changed".to_owned();
        Ok::<_, CatalogWriteError>(())
    });
    assert_eq!(world.untouched_by(changed).await.unwrap(), None);
    let category = own.find_category(world.category.id).await.unwrap().unwrap();
    let changed = other.update(category, |category: &mut PermissionCategory| {
        category.description = Some("Changed".to_owned());
        Ok::<_, CatalogWriteError>(())
    });
    assert_eq!(world.untouched_by(changed).await.unwrap(), None);
}

#[tokio::test]
async fn remove() {
    let world = World::new().await;
    let (own, other) = (world.own.catalog(), world.other.catalog());
    let role = own.find_roles(&[world.shared_role.id], None).await.unwrap().unwrap();
    assert!(!world.untouched_by(other.remove(role, |_| Ok::<_, CatalogWriteError>(()))).await.unwrap());
    let twins = (world.permission.clone(), world.category.clone());
    other.create(&[twins.1]).await.unwrap();
    other.create(&[twins.0, permission("other.read")]).await.unwrap();
    let found = other.find_permissions(&[world.permission.id]).await.unwrap().unwrap();
    assert!(world.untouched_by(other.remove(found, |_| Ok::<_, CatalogWriteError>(()))).await.unwrap());
    let found = other.find_category(world.category.id).await.unwrap().unwrap();
    assert!(world.untouched_by(other.remove(found, |_| Ok::<_, CatalogWriteError>(()))).await.unwrap());
    other.create(&[category("Own")]).await.unwrap();
}
