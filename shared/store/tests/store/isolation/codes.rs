//! Codes for signing in.

use rookery_domain::{OneTimeCode, PlainToken, TokenHash};

use super::World;
use crate::support::{ENTROPY, at};

async fn kept(world: &World) -> (TokenHash, OneTimeCode) {
    let device = PlainToken::random(&ENTROPY);
    let (_, code) = OneTimeCode::issue(&world.jane.user, &device, 60, &ENTROPY, at(0));
    world.own.codes().keep(&device.hash(), &code).await.unwrap();
    (device.hash(), code)
}

#[tokio::test]
async fn keep() {
    let world = World::new().await;
    let (device, code) = kept(&world).await;
    let (_, theirs) =
        OneTimeCode::issue(&world.jane.user, &PlainToken::random(&ENTROPY), 60, &ENTROPY, at(0));
    world.untouched_by(world.other.codes().keep(&device, &theirs)).await.unwrap();
    assert_eq!(*world.own.codes().try_one(&device).await.unwrap().unwrap(), code);
}

#[tokio::test]
async fn try_one() {
    let world = World::new().await;
    let (device, code) = kept(&world).await;
    for _ in 0..9 {
        assert!(world.other.codes().try_one(&device).await.unwrap().is_none());
    }
    for _ in 0..5 {
        assert_eq!(*world.own.codes().try_one(&device).await.unwrap().unwrap(), code);
    }
    assert!(world.own.codes().try_one(&device).await.unwrap().is_none());
}

#[tokio::test]
async fn use_up() {
    let world = World::new().await;
    let (device, _) = kept(&world).await;
    let tried = world.own.codes().try_one(&device).await.unwrap().unwrap();
    assert!(!world.untouched_by(world.other.codes().use_up(&device, &tried)).await.unwrap());
    assert!(world.own.codes().use_up(&device, &tried).await.unwrap());
    assert!(!world.own.codes().use_up(&device, &tried).await.unwrap());
}
