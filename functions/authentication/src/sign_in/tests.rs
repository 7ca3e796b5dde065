//! Signing in, through the router.

use futures::future::join_all;
use rookery_domain::{
    AuthStrategy, CookieSameSite, Inviter, Json, LockReason, MembershipStatus, Metadata, Password,
    PlainToken, TenantInvite,
};
use rookery_http::ApiError;
use rookery_store::NewUser;
use rookery_testkit::{PASSWORD, passwords};
use serde_json::{Value, json};

use crate::support::{REFRESH, SESSIONS, SIGN_IN, claims, refresh_token, scene};

#[tokio::test]
async fn the_right_password_begins_a_session() {
    let scene = scene().await;
    let browser = scene.app.anonymous().with("user-agent", "Firefox");
    let body = json!({ "email": " Jane@Example.COM ", "password": PASSWORD, "recaptchaToken": "", "invitationToken": "" });
    let response = browser.post(SIGN_IN, body).await;
    let answer = response.expect(200);
    assert_eq!((&answer["tokenType"], &answer["mfaRequired"]), (&json!("bearer"), &json!(false)));
    assert_eq!((&answer["expiresIn"], &answer["expires"]), (&json!(300), &json!("2026-01-01T00:05:00.000Z")));
    assert_eq!((&answer["userEmail"], &answer["emailVerified"]), (&json!("jane@example.com"), &json!(true)));
    let claims = claims(&answer);
    assert_eq!(claims["sub"], json!(scene.jane.id));
    assert_eq!(claims["tenantId"], json!(scene.acme));
    assert_eq!(claims["roles"], json!(["Admin"]));
    assert_eq!(claims["type"], "userToken");
    let sessions = scene.app.environment().sessions().of_user(scene.jane.id).await.unwrap();
    assert_eq!(json!(sessions[0].id), claims["sid"]);
    assert_eq!(sessions[0].user_agent.as_deref(), Some("Firefox"));
    assert_eq!(scene.jane().await.last_login, Some(scene.app.state().now()));
    assert_eq!(scene.refresh(&refresh_token(&answer)).await.status(), 201);
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_lives_as_long_as_the_session() {
    let scene = scene().await;
    let response = scene.try_sign_in().await;
    let token = refresh_token(&response.expect(200));
    let id = scene.app.environment().id().to_string().replacen('-', "", 1);
    let cookie = |same_site: &str, rest: &str| {
        format!("fe_refresh_{id}={token}; HttpOnly; SameSite={same_site}{rest}; Path=/; Max-Age=2592000")
    };
    assert_eq!(response.header("set-cookie").unwrap(), cookie("Lax", "; Secure"));
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    for (configured, expected) in [(CookieSameSite::Strict, "Strict"), (CookieSameSite::None, "None")] {
        scene.configure(|configuration| configuration.cookie_same_site = configured).await;
        let header = scene.try_sign_in().await.header("set-cookie").unwrap();
        assert!(header.contains(&format!("; SameSite={expected}; Secure;")), "{header}");
    }
}

#[tokio::test]
async fn without_tls_the_cookie_is_one_that_browsers_keep() {
    let scene = scene().await;
    scene.configure(|configuration| configuration.cookie_same_site = CookieSameSite::None).await;
    let environment = scene.app.environment();
    let local = environment.update(|environment| {
        environment.base_url = "http://127.0.0.1:3000".to_owned();
        Ok::<_, ApiError>(())
    });
    local.await.unwrap();
    let header = scene.try_sign_in().await.header("set-cookie").unwrap();
    assert!(header.contains("; SameSite=Lax; Path=/") && !header.contains("Secure"), "{header}");
}

#[tokio::test]
async fn an_answer_does_not_tell_who_is_known() {
    let scene = scene().await;
    let template = scene.jane().await;
    let guest = rookery_domain::User {
        id: rookery_domain::UserId::random(&*scene.app.state().entropy),
        email: "guest@example.com".parse().unwrap(),
        ..template
    };
    let new = NewUser { user: guest, password_hash: None };
    scene.app.environment().users().create(&new).await.unwrap();
    let long = "x".repeat(10_000);
    let mut answers = Vec::new();
    for (email, password) in [
        ("jane@example.com", "Wrong-Horse-7"),
        ("jane@example.com", ""),
        ("jane@example.com", &long),
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", &long),
        ("guest@example.com", PASSWORD),
        ("guest@example.com", ""),
        ("no address", PASSWORD),
        ("", PASSWORD),
    ] {
        let response =
            scene.app.anonymous().post(SIGN_IN, json!({ "email": email, "password": password })).await;
        assert_eq!(response.header("set-cookie"), None);
        answers.push((response.status(), response.text().to_owned()));
    }
    let expected = (401, r#"{"errors":["the email or the password is wrong"]}"#.to_owned());
    assert!(answers.iter().all(|answer| *answer == expected), "{answers:?}");
    assert_eq!(scene.sessions().await, 0);
}

const COMPOSED: &str = "Ma\u{f1}ana-ma\u{f1}ana-7";
const DECOMPOSED: &str = "Man\u{303}ana-man\u{303}ana-7";

#[tokio::test]
async fn a_password_works_from_every_keyboard() {
    let scene = scene().await;
    for (set, typed) in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)] {
        let hash = passwords().hash(set.into()).await.unwrap();
        scene.set_password_hash(hash).await;
        for password in [typed, set] {
            scene.try_password(password).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_hash_of_what_was_typed_is_accepted_once_and_made_anew() {
    let scene = scene().await;
    let old = passwords().hash(Password::from(DECOMPOSED).as_typed().unwrap()).await.unwrap();
    scene.set_password_hash(old).await;
    assert_eq!(scene.try_password(COMPOSED).await.status(), 401);
    let token = refresh_token(&scene.try_password(DECOMPOSED).await.expect(200));
    scene.try_password(COMPOSED).await.expect(200);
    assert_eq!(scene.refresh(&token).await.status(), 201, "another hash of the same password voids nothing");
}

#[tokio::test]
async fn a_request_that_lacks_something_is_told_what() {
    let scene = scene().await;
    let anonymous = scene.app.anonymous();
    let alias = json!({ "username": "jane@example.com", "password": PASSWORD });
    anonymous.post(SIGN_IN, alias).await.expect(200);
    for (body, expected) in [
        (json!({ "password": PASSWORD }), "email is needed"),
        (json!({ "email": "jane@example.com" }), "missing field `password`"),
        (json!({ "email": 7, "password": PASSWORD }), "email: invalid type"),
        (json!({ "email": "jane@example.com", "password": ["x"] }), "password: invalid type"),
        (json!("jane"), "invalid type"),
    ] {
        let error = anonymous.post(SIGN_IN, body).await.error(400);
        assert!(error.starts_with(expected), "{error}");
    }
    let error = anonymous.send("POST", SIGN_IN, Some("{".to_owned())).await.error(400);
    assert!(!error.is_empty());
    assert_eq!(scene.sessions().await, 1);
}

#[tokio::test]
async fn somebody_locked_is_told_so_whatever_the_password() {
    let scene = scene().await;
    scene.change_jane(|user| user.locked = Some(LockReason::Administrator)).await;
    for password in [PASSWORD, "Wrong-Horse-7"] {
        let answer = scene.try_password(password).await.expect(401);
        assert_eq!(answer["errorCode"], "ER-01034");
    }
    scene.change_jane(|user| user.locked = None).await;
    scene.try_sign_in().await.expect(200);
}

#[tokio::test]
async fn an_address_is_verified_before_it_signs_in_and_only_its_owner_is_mailed() {
    let scene = scene().await;
    scene.change_jane(|user| user.verified = false).await;
    let wrong = scene.try_password("Wrong-Horse-7").await.expect(401);
    assert_eq!((wrong.get("errorCode"), scene.app.mail().len()), (None, 0));
    let answer = scene.try_sign_in().await.expect(401);
    assert_eq!(answer["errorCode"], "ER-01060");
    let mail = scene.app.mail();
    assert_eq!((mail.len(), mail[0].to.as_str()), (1, "jane@example.com"));
    let link = mail[0].variables["redirectURL"].as_str().unwrap();
    let token = link.split("token=").nth(1).unwrap().split('&').next().unwrap();
    let token = PlainToken::presented(token.to_owned());
    let kept = scene.jane().await.activation.unwrap();
    assert!(kept.verify(&token, scene.app.state().now()).is_ok());
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn where_addresses_need_no_verification_the_first_sign_in_activates() {
    let scene = scene().await;
    scene
        .change_jane(|user| {
            user.verified = false;
            user.memberships[0].status = MembershipStatus::NotActivated;
        })
        .await;
    scene.configure(|configuration| configuration.allow_not_verified_users_login = true).await;
    let answer = scene.try_sign_in().await.expect(200);
    assert_eq!(answer["emailVerified"], false);
    let jane = scene.jane().await;
    assert_eq!((&jane.memberships[0].status, jane.verified), (&MembershipStatus::Activated, false));
    assert_eq!(scene.app.mail().len(), 0);
}

#[tokio::test]
async fn whoever_was_added_without_a_mail_is_in_from_the_first_sign_in() {
    let scene = scene().await;
    scene.change_jane(|user| user.memberships[0].status = MembershipStatus::PendingLogin).await;
    scene.try_sign_in().await.expect(200);
    assert_eq!(scene.jane().await.memberships[0].status, MembershipStatus::Activated);
}

#[tokio::test]
async fn a_sign_in_lands_where_the_user_may_work() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    scene.change_jane(|user| user.active_tenant = Some(labs.clone())).await;
    assert_eq!(claims(&scene.try_sign_in().await.expect(200))["tenantId"], json!(labs));
    scene.change_jane(|user| user.memberships[1].disabled = true).await;
    let answer = claims(&scene.try_sign_in().await.expect(200));
    assert_eq!((&answer["tenantId"], &answer["tenantIds"]), (&json!(scene.acme), &json!([scene.acme])));
    let now = scene.app.state().now();
    scene.change_jane(|user| user.memberships[0].expires_at = Some(now)).await;
    let error = scene.try_sign_in().await.error(401);
    assert!(error.contains("no tenant"), "{error}");
}

#[tokio::test]
async fn passwords_are_of_no_use_where_they_are_switched_off() {
    let scene = scene().await;
    for strategy in [AuthStrategy::NoLocalAuthentication, AuthStrategy::MagicLink] {
        scene.configure(|configuration| configuration.auth_strategy = strategy).await;
        for email in ["jane@example.com", "nobody@example.com", "no address"] {
            let body = json!({ "email": email, "password": PASSWORD });
            let answer = scene.app.anonymous().post(SIGN_IN, body).await.expect(400);
            assert_eq!(answer["errorCode"], "ER-01012");
        }
    }
}

#[tokio::test]
async fn the_host_says_which_environment_is_meant() {
    let scene = scene().await;
    let other = scene.app.neighbour().await;
    let body = json!({ "email": "jane@example.com", "password": PASSWORD });
    let error = other.anonymous().post(SIGN_IN, body.clone()).await.error(401);
    assert_eq!(error, "the email or the password is wrong");
    let named = other.anonymous().with("frontegg-vendor-host", &format!("https://{}", scene.app.host()));
    let answer = named.post(SIGN_IN, body.clone()).await.expect(200);
    assert_eq!(claims(&answer)["aud"], json!(scene.app.environment().id()));
    let nowhere = scene.app.anonymous().with("host", "nowhere.example.com");
    assert!(nowhere.post(SIGN_IN, body).await.error(400).contains("frontegg-vendor-host"));
    assert_eq!(nowhere.post(REFRESH, json!({})).await.status(), 400);
}

#[tokio::test]
async fn many_sign_ins_at_once_are_as_many_sessions() {
    let scene = scene().await;
    let responses = join_all((0..6).map(|_| scene.try_sign_in())).await;
    assert!(responses.iter().all(|response| response.status() == 200));
    assert_eq!(scene.sessions().await, 6);
}

#[tokio::test]
async fn a_sign_in_takes_four_requests_to_the_table_in_three_waves_and_one_signature() {
    let scene = scene().await;
    scene.try_sign_in().await.expect(200);
    let page = scene.app.anonymous().with("origin", "https://app.example.com");
    let table = scene.app.store().round_trips();
    let requests = table.requests();
    scene.try_sign_in().await.expect(200);
    assert_eq!(table.requests() - requests, 4);
    let (waves, signatures) = (table.waves(), scene.app.signatures());
    let body = json!({ "email": "jane@example.com", "password": PASSWORD });
    let response = page.post(SIGN_IN, body).await;
    response.expect(200);
    assert_eq!(response.header("access-control-allow-origin").as_deref(), Some("https://app.example.com"));
    assert!(table.waves() - waves <= 3);
    assert_eq!(scene.app.signatures() - signatures, 1);
}

#[tokio::test]
async fn groups_make_a_sign_in_and_a_refresh_wait_no_longer() {
    let scene = scene().await;
    scene.group_jane(&["ReadOnly"]).await;
    let answer = scene.try_sign_in().await.expect(200);
    assert_eq!(claims(&answer)["roles"], json!(["Admin", "ReadOnly"]));
    let table = scene.app.store().round_trips();
    let waves = table.waves();
    let answer = scene.try_sign_in().await.expect(200);
    assert!(table.waves() - waves <= 3, "{}", table.waves() - waves);
    let waves = table.waves();
    let refreshed = scene.refresh(&refresh_token(&answer)).await.expect(201);
    assert!(table.waves() - waves <= 2, "{}", table.waves() - waves);
    assert_eq!(claims(&refreshed)["roles"], json!(["Admin", "ReadOnly"]));
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_signs_nobody_in() {
    let scene = scene().await;
    let body = json!({ "email": "jane@example.com", "password": PASSWORD });
    for origin in ["https://evil.example.com", "null", "https://app.example.com.evil.example", ""] {
        let page = scene.app.anonymous().with("origin", origin).with("content-type", "text/plain");
        let answer = page.post(SIGN_IN, body.clone()).await;
        assert_eq!((answer.status(), answer.header("set-cookie")), (403, None), "{origin}");
    }
    assert_eq!(scene.sessions().await, 0);
    let page = scene.app.anonymous().with("origin", "https://app.example.com");
    assert_eq!(page.post(SIGN_IN, body).await.status(), 200);
}

#[tokio::test]
async fn a_token_says_as_much_as_there_is_room_for_and_is_accepted() {
    let scene = scene().await;
    let metadata = Json::String(json!({"a": "x".repeat(4_088)}).to_string());
    let metadata = Metadata::of_user(metadata).unwrap();
    scene
        .change_jane(|jane| {
            jane.metadata = metadata.clone();
            jane.name = Some("x".repeat(200));
        })
        .await;
    let answer = scene.try_sign_in().await.expect(200);
    let said = claims(&answer);
    assert_eq!((&said["tenantIds"], &said["permissions"]), (&Value::Null, &Value::Null));
    assert_eq!((&said["tenantId"], &said["roles"]), (&json!(scene.acme), &json!(["Admin"])));
    let token = answer["accessToken"].as_str().unwrap();
    assert!(token.len() <= 8_192, "{}", token.len());
    scene.app.anonymous().bearer(token).get(SESSIONS).await.expect(200);
}

#[tokio::test]
async fn a_session_whose_token_nobody_would_accept_does_not_begin() {
    let scene = scene().await;
    scene.change_jane(|jane| jane.name = Some("x".repeat(8_000))).await;
    let refused = scene.try_sign_in().await;
    assert_eq!(refused.expect(400)["errorCode"], "ER-05001");
    assert!(refused.error(400).contains("longer than 8192 bytes"));
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn whoever_comes_by_an_invitation_link_joins_its_tenant_and_lands_there() {
    let scene = scene().await;
    scene.configure(|configuration| configuration.allow_tenant_invitations = true).await;
    let (labs, acme) = (scene.app.tenant("Labs").await, scene.acme.clone());
    let (entropy, now) = (&*scene.app.state().entropy, scene.app.state().now());
    let invite = TenantInvite::new(labs.clone(), Inviter::Vendor { on_behalf_of: None }, entropy, now);
    scene.app.environment().tenant_invites().create(&invite, now).await.unwrap();
    let token = invite.token.expose();
    let try_with = async |password: &str, token: &str| {
        let body = json!({ "email": "jane@example.com", "password": password, "invitationToken": token });
        scene.app.anonymous().post(SIGN_IN, body).await
    };
    // Only whoever has shown who they are is told that a link does not work.
    assert_eq!(try_with("Wrong-Horse-7", "nonsense").await.error(401), "the email or the password is wrong");
    assert_eq!(try_with("Wrong-Horse-7", token).await.status(), 401);
    assert_eq!(try_with(PASSWORD, "nonsense").await.error(404), "invitation not found");
    assert_eq!((scene.sessions().await, scene.jane().await.memberships.len()), (0, 1));
    let answer = try_with(PASSWORD, token).await.expect(200);
    assert_eq!(claims(&answer)["tenantId"], json!(labs));
    let tenants: Vec<_> = scene.jane().await.memberships.into_iter().map(|one| one.tenant_id).collect();
    assert_eq!(tenants, [acme, labs.clone()]);
    let again = try_with(PASSWORD, token).await.expect(200);
    assert_eq!(claims(&again)["tenantId"], json!(labs), "whoever has joined signs in as ever");
}
