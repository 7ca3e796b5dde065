//! Wrong passwords and codes.

use super::World;
use crate::support::at;

#[tokio::test]
async fn count() {
    let world = World::new().await;
    let user = &world.jane.user;
    let since = user.failures_since();
    let (own, other) = (world.own.attempts(), world.other.attempts());
    for expected in 1..=2 {
        assert_eq!(own.count(user.id, &since, at(0)).await.unwrap(), expected);
    }
    assert_eq!(world.untouched_by(other.count(user.id, &since, at(0))).await.unwrap(), 1);
    assert_eq!(own.count(user.id, &since, at(0)).await.unwrap(), 3);
}

#[tokio::test]
async fn count_second_factor() {
    let world = World::new().await;
    let user = &world.jane.user;
    let since = user.failures_since();
    let (own, other) = (world.own.attempts(), world.other.attempts());
    assert_eq!(own.count(user.id, &since, at(0)).await.unwrap(), 1);
    for expected in 1..=2 {
        assert_eq!(own.count_second_factor(user.id, &since, at(0)).await.unwrap(), expected);
    }
    let theirs = other.count_second_factor(user.id, &since, at(0));
    assert_eq!(world.untouched_by(theirs).await.unwrap(), 1);
    assert_eq!(own.count_second_factor(user.id, &since, at(0)).await.unwrap(), 3);
}

#[tokio::test]
async fn count_in_minute() {
    let world = World::new().await;
    let user = world.jane.user.id;
    let (own, other) = (world.own.attempts(), world.other.attempts());
    for (second, expected) in [(0, 1), (59, 2), (60, 1)] {
        assert_eq!(own.count_in_minute(user, at(second)).await.unwrap(), expected);
    }
    assert_eq!(world.untouched_by(other.count_in_minute(user, at(0))).await.unwrap(), 1);
    assert_eq!(own.count_in_minute(user, at(0)).await.unwrap(), 3);
}
