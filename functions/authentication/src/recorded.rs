//! What the audit log says of signing in and out.

use rookery_domain::LockReason;
use serde_json::json;

use crate::support::{LOGOUT, REFRESH, SESSIONS, SIGN_IN, scene};

#[tokio::test]
async fn signing_in_and_out() {
    let scene = scene().await;
    let answer = scene.try_sign_in().await.expect(200);
    let holder = scene.holder(answer["refreshToken"].as_str().unwrap());
    let answer = holder.post(REFRESH, json!({})).await.expect(201);
    let holder = scene.holder(answer["refreshToken"].as_str().unwrap());
    holder.post(LOGOUT, json!({})).await.expect(201);
    let records = scene.app.recorded().await;
    let words: Vec<_> = records.iter().map(|record| record.action.as_deref().unwrap()).collect();
    assert_eq!(words, ["user.signedIn", "user.signedOut"]);
    for record in &records {
        assert_eq!(record.user, Some(scene.jane.id.to_string()));
        assert_eq!(record.tenant_id.as_ref(), Some(&scene.acme));
        assert!(record.json.contains_key("sessionId"));
    }
    assert_eq!(records[0].email.as_deref(), Some("jane@example.com"));
}

#[tokio::test]
async fn a_refused_sign_in_is_recorded_where_the_user_would_have_landed() {
    let scene = scene().await;
    scene.try_password("typed-by-mistake").await.expect(401);
    let nobody = json!({ "email": "nobody@example.com", "password": "typed-by-mistake" });
    scene.app.anonymous().post(SIGN_IN, nobody).await.expect(401);
    scene.change_jane(|user| user.lock(LockReason::Administrator)).await;
    scene.try_sign_in().await.expect(401);
    let records = scene.app.recorded().await;
    assert_eq!(
        records.iter().filter(|record| record.action.as_deref() == Some("user.signInRefused")).count(),
        3
    );
    let whose = |at: usize| (records[at].tenant_id.as_ref(), records[at].json.contains_key("userId"));
    assert_eq!(whose(0), (Some(&scene.acme), true));
    assert_eq!(whose(1), (None, false));
    assert_eq!(records[2].json["reason"].as_str(), Some("the user is locked"));
    let text = serde_json::to_string(&records).unwrap();
    assert!(
        !text.contains("nobody@example.com") && !text.contains("mistake"),
        "what was typed is not kept: {text}"
    );
}

#[tokio::test]
async fn ended_sessions_and_a_refresh_token_that_was_used_again() {
    let scene = scene().await;
    let (first, second, third) = (scene.signed_in().await, scene.signed_in().await, scene.signed_in().await);
    let stolen = third.refresh_token();
    scene.refresh(&stolen).await.expect(201);
    scene.app.clock().advance(std::time::Duration::from_mins(1));
    scene.refresh(&stolen).await.expect(401);
    let sessions = first.get(SESSIONS).await.expect(200);
    let other = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    first.delete(&format!("{SESSIONS}/{}", other["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(second.get(SESSIONS).await.status(), 401);
    first.delete(&format!("{SESSIONS}/all")).await.expect(200);
    let words = "user.refreshTokenReused user.sessionsRevoked user.sessionsRevoked";
    assert_eq!(scene.app.recorded_actions().await.join(" "), words);
}

#[tokio::test]
async fn a_sign_in_is_recorded_in_the_write_that_begins_its_session() {
    let scene = scene().await;
    let requests = || scene.app.store().round_trips().requests();
    let before = requests();
    scene.try_sign_in().await.expect(200);
    // Login and environment; user and tenant; session and last login; the catalogue.
    assert_eq!(requests() - before, 5);
    assert_eq!(scene.app.recorded().await.len(), 1);
}
