//! Sign-ins that wait for a second factor.

use rookery_domain::{PlainToken, Sealed, SecondFactorChallenge, TokenHash};

use super::World;
use crate::support::{ENTROPY, at};

fn waiting(world: &World) -> (TokenHash, SecondFactorChallenge) {
    let (token, device) = (PlainToken::random(&ENTROPY).hash(), PlainToken::random(&ENTROPY).hash());
    (token, SecondFactorChallenge::new(&world.jane.user, device, Some(Sealed::new(vec![1])), at(0)))
}

async fn kept(world: &World) -> (TokenHash, SecondFactorChallenge) {
    let (token, challenge) = waiting(world);
    world.own.challenges().keep(&token, &world.jane.user, &challenge).await.unwrap();
    (token, challenge)
}

#[tokio::test]
async fn keep() {
    let world = World::new().await;
    let (token, challenge) = kept(&world).await;
    let (_, theirs) = waiting(&world);
    let others = world.other.challenges();
    world.untouched_by(others.keep(&token, &world.jane.user, &theirs)).await.unwrap();
    assert_eq!(*world.own.challenges().get(&token).await.unwrap().unwrap(), challenge);
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    let (token, challenge) = kept(&world).await;
    assert!(world.other.challenges().get(&token).await.unwrap().is_none());
    assert_eq!(*world.own.challenges().get(&token).await.unwrap().unwrap(), challenge);
}

#[tokio::test]
async fn try_one() {
    let world = World::new().await;
    let (token, challenge) = kept(&world).await;
    for _ in 0..9 {
        assert!(world.other.challenges().try_one(&token).await.unwrap().is_none());
    }
    for _ in 0..5 {
        assert_eq!(*world.own.challenges().try_one(&token).await.unwrap().unwrap(), challenge);
    }
    assert!(world.own.challenges().try_one(&token).await.unwrap().is_none());
}

#[tokio::test]
async fn replace_enrolment() {
    let world = World::new().await;
    let (token, _) = kept(&world).await;
    let (own, others) = (world.own.challenges(), world.other.challenges());
    let read = own.get(&token).await.unwrap().unwrap();
    let (second, third) = (Sealed::new(vec![2]), Sealed::new(vec![3]));
    assert!(!world.untouched_by(others.replace_enrolment(read.clone(), third.clone())).await.unwrap());
    for _ in 0..4 {
        own.try_one(&token).await.unwrap().unwrap();
    }
    assert!(own.replace_enrolment(read.clone(), second.clone()).await.unwrap());
    assert!(!own.replace_enrolment(read, third).await.unwrap(), "somebody was quicker");
    let tried = own.try_one(&token).await.unwrap().unwrap();
    assert_eq!(tried.enrolment, Some(second));
    assert!(own.try_one(&token).await.unwrap().is_none(), "how often it was tried stays");
}
