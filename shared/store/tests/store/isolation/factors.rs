//! Second factors.

use rookery_domain::{Action, RecoveryCode, Sealed, SecondFactorError, SecondFactors, User};
use rookery_store::UpdateError;

use super::World;
use crate::support::{ENTROPY, at};

fn enrol(_: &mut User, factors: &mut SecondFactors) -> Result<(), SecondFactorError> {
    factors.enrol(Sealed::new(vec![1]), 7, &RecoveryCode::random(&ENTROPY), &ENTROPY, at(0))
}

async fn enrolled(world: &World) -> SecondFactors {
    let (own, jane) = (world.own.factors(), world.jane.user.id);
    let user = own.update_with_user(jane, Action::SecondFactorEnrolled, None, enrol).await.unwrap().unwrap();
    assert!(user.mfa_enrolled);
    SecondFactors::clone(&own.get(jane).await.unwrap())
}

#[tokio::test]
async fn get() {
    let world = World::new().await;
    assert!(enrolled(&world).await.is_enrolled());
    assert!(world.other.factors().get(world.jane.user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn with_user() {
    let world = World::new().await;
    let factors = enrolled(&world).await;
    let tenants = [&world.acme];
    let (user, read, there) = world.own.factors().with_user(world.jane.user.id, &tenants).await.unwrap();
    assert!(user.unwrap().mfa_enrolled && there.len() == 1);
    assert_eq!(*read, factors);
    let (user, read, _) = world.other.factors().with_user(world.jane.user.id, &tenants).await.unwrap();
    assert!(user.is_none() && read.is_empty());
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let before = enrolled(&world).await;
    let (own, others, jane) = (world.own.factors(), world.other.factors(), world.jane.user.id);
    let id = before.authenticators()[0].id;
    let read = own.get(jane).await.unwrap();
    let theirs = others.update(jane, others.get(jane).await.unwrap(), None, |factors| {
        factors.begin_enrolment(Sealed::new(vec![9]), at(0))
    });
    world.untouched_by(theirs).await.unwrap();
    assert_eq!(*own.get(jane).await.unwrap(), before);
    own.update(jane, read.clone(), None, |factors| factors.take_step(id, 8)).await.unwrap();
    // From what was read before that.
    let again = own.update(jane, read, None, |factors| factors.take_step(id, 8)).await;
    assert!(matches!(again, Err(UpdateError::Refused(SecondFactorError::WrongCode))), "{again:?}");
}

#[tokio::test]
async fn update_with_user() {
    let world = World::new().await;
    let before = enrolled(&world).await;
    let (own, others, jane) = (world.own.factors(), world.other.factors(), world.jane.user.id);
    let clear = |_: &mut User, factors: &mut SecondFactors| {
        factors.clear();
        Ok(())
    };
    let action = Action::SecondFactorUnenrolled;
    assert_eq!(world.untouched_by(others.update_with_user(jane, action, None, clear)).await.unwrap(), None);
    assert_eq!(*own.get(jane).await.unwrap(), before);
    let user = own.update_with_user(jane, action, None, clear).await.unwrap().unwrap();
    assert!(!user.mfa_enrolled && own.get(jane).await.unwrap().is_empty());
}
