//! The settings of an environment.

use std::convert::Infallible;

use super::World;
use crate::support::environment;

#[tokio::test]
async fn get() {
    let world = World::new().await;
    assert_eq!(world.other.get().await.unwrap().unwrap().id, world.other.id());
    assert_eq!(environment().await.get().await.unwrap(), None);
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let rename = world.other.update(|environment| {
        environment.name = "Renamed".to_owned();
        Ok::<_, Infallible>(())
    });
    assert_eq!(world.untouched_by(rename).await.unwrap().unwrap().name, "Renamed");
}
