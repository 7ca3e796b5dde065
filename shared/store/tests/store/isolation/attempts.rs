//! Wrong passwords.

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
