//! What is answered and what is left behind when the table or the key fails midway.

use std::time::Duration;

use rookery_testkit::{Fault, Gate, Response, TestApp};
use rookery_tokens::SigningError;

use crate::support::{Scene, scene, scene_on};

async fn gated() -> (Scene, Gate) {
    let (app, gate) = TestApp::start_behind_gate(crate::router()).await;
    (scene_on(app).await, gate)
}

/// Whether the caller was told to try again.
fn is_put_off(response: &Response) -> bool {
    response.error(503) == "the service is busy: try again in a moment"
        && response.header("retry-after").as_deref() == Some("1")
}

fn throttled() -> SigningError {
    SigningError::Throttled("too many signatures".into())
}

fn unavailable() -> SigningError {
    SigningError::Unavailable("no answer".into())
}

fn disabled() -> SigningError {
    SigningError::Key("the key is disabled".into())
}

#[tokio::test]
async fn a_sign_in_that_nothing_signs_leaves_no_session() {
    let scene = scene().await;
    for failure in [throttled, unavailable] {
        scene.app.fail_signatures(failure as fn() -> SigningError);
        assert!(is_put_off(&scene.try_sign_in().await));
        assert_eq!(scene.sessions().await, 0);
    }
    scene.app.fail_signatures(disabled as fn() -> SigningError);
    let response = scene.try_sign_in().await;
    assert_eq!((response.error(500).as_str(), response.header("retry-after")), ("internal error", None));
    assert_eq!(scene.sessions().await, 0);

    scene.app.fail_signatures(None);
    assert_eq!(scene.try_sign_in().await.status(), 200);
    assert_eq!(scene.sessions().await, 1);
}

#[tokio::test]
async fn a_refresh_that_nothing_signs_can_be_tried_again_much_later() {
    let scene = scene().await;
    let token = scene.signed_in().await.refresh_token();
    for _ in 0..2 {
        scene.app.fail_signatures(throttled as fn() -> SigningError);
        assert!(is_put_off(&scene.refresh(&token).await));
        scene.app.clock().advance(Duration::from_mins(10));
    }
    scene.app.fail_signatures(None);
    let successor = crate::support::refresh_token(&scene.refresh(&token).await.expect(201));
    assert_ne!(successor, token);
    assert_eq!(scene.refresh(&successor).await.status(), 201);
    // The successor has been used: whoever still presents the token before has stolen it.
    scene.app.clock().advance(Duration::from_mins(10));
    assert_eq!(scene.refresh(&token).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn without_rotation_a_refresh_that_nothing_signs_changes_nothing() {
    let scene = scene().await;
    let token = scene.signed_in().await.refresh_token();
    let rotated = crate::support::refresh_token(&scene.refresh(&token).await.expect(201));
    scene.configure(|configuration| configuration.rotate_refresh_tokens = false).await;
    scene.app.fail_signatures(throttled as fn() -> SigningError);
    assert!(is_put_off(&scene.refresh(&rotated).await));
    scene.app.fail_signatures(None);
    assert_eq!(scene.refresh(&rotated).await.status(), 201);
    scene.app.clock().advance(Duration::from_mins(10));
    assert_eq!(scene.refresh(&token).await.status(), 401, "the token of the rotation before stays used");
}

#[tokio::test]
async fn a_sign_in_without_a_table_is_put_off_and_leaves_no_session() {
    let (scene, gate) = gated().await;
    let faults = [
        Fault::Answer(400, "ProvisionedThroughputExceededException"),
        Fault::Answer(500, "InternalServerError"),
        Fault::HangUp,
    ];
    for operation in ["GetItem", "BatchGetItem", "PutItem", "UpdateItem"] {
        for fault in faults {
            gate.bar(operation, fault);
            assert!(is_put_off(&scene.try_sign_in().await), "{operation}: {fault:?}");
            gate.open();
            assert_eq!(scene.sessions().await, 0, "{operation}: {fault:?}");
        }
    }
    gate.bar("PutItem", Fault::Answer(400, "AccessDeniedException"));
    let response = scene.try_sign_in().await;
    assert_eq!((response.error(500).as_str(), response.header("retry-after")), ("internal error", None));
    gate.open();
    assert_eq!(scene.sessions().await, 0);
    assert_eq!(scene.try_sign_in().await.status(), 200);
}

#[tokio::test]
async fn a_refresh_that_is_not_stored_keeps_the_token() {
    let (scene, gate) = gated().await;
    let token = scene.signed_in().await.refresh_token();
    gate.bar("UpdateItem", Fault::Answer(400, "ThrottlingException"));
    assert!(is_put_off(&scene.refresh(&token).await));
    gate.open();
    scene.app.clock().advance(Duration::from_mins(10));
    assert_eq!(scene.refresh(&token).await.status(), 201);
}
