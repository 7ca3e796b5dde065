//! Signing up.

use std::time::Duration;

use futures::future::{join, join_all};
use rookery_domain::{
    AuthStrategy, IdentityConfiguration, InviteSlot, Inviter, Tenant, TenantInvite, Ticket,
};
use rookery_email::SendError;
use rookery_store::{TenantQuery, UserQuery};
use rookery_testkit::{Fault, PASSWORD};
use rookery_tokens::SigningError;
use serde_json::{Value, json};

use super::activation::has_password;
use super::*;

const SIGN_UP: &str = "/identity/resources/users/v1/signUp";
const ACTIVATE: &str = "/identity/resources/users/v1/activate";
const ME: &str = "/identity/resources/users/v2/me";

async fn configure(app: &TestApp, change: impl Fn(&mut IdentityConfiguration)) {
    let environment = app.environment();
    let updated = environment.update(|environment| {
        change(&mut environment.configuration);
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
}

/// A server where people sign up and invite by link; with `at_once`, addresses are not verified.
async fn open_app(at_once: bool) -> TestApp {
    let app = app().await;
    open(&app, at_once).await;
    app
}

async fn open(app: &TestApp, at_once: bool) {
    configure(app, |configuration| {
        configuration.allow_signups = true;
        configuration.allow_tenant_invitations = true;
        configuration.allow_not_verified_users_login = at_once;
    })
    .await;
}

fn request(email: &str) -> Value {
    json!({ "provider": "local", "email": email, "companyName": "Initech", "password": PASSWORD, "name": "Jane Doe", "metadata": "{}", "recaptchaToken": "x" })
}

/// `request` with what `more` says.
fn with(mut request: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    request.as_object_mut().unwrap().extend(more);
    request
}

async fn sign_up(app: &TestApp, body: Value) -> Response {
    app.anonymous().post(SIGN_UP, body).await
}

/// How many tenants and users there are.
async fn totals(app: &TestApp) -> (usize, usize) {
    let environment = app.environment();
    let tenants = environment.tenants().list(&TenantQuery::page(10, 0)).await.unwrap();
    let users = environment.users().list(&UserQuery::page(Vec::new(), 10, 0)).await.unwrap();
    (tenants.total, users.total)
}

async fn the_one_with(app: &TestApp, email: &str) -> User {
    let login = app.environment().users().login(&email.parse().unwrap()).await.unwrap().unwrap();
    stored(app, login.value.unwrap().user_id).await
}

/// A link to `tenant` that `change` makes what it is.
async fn link(
    app: &TestApp,
    tenant: &TenantId,
    inviter: Inviter,
    change: impl FnOnce(&mut TenantInvite),
) -> TenantInvite {
    let mut invite = TenantInvite::new(tenant.clone(), inviter, &*app.state().entropy, app.state().now());
    change(&mut invite);
    app.environment().tenant_invites().create(&invite, app.state().now()).await.unwrap();
    invite
}

fn by(invite: &TenantInvite, email: &str) -> Value {
    with(request(email), json!({ "invitationToken": invite.token.expose() }))
}

const VENDOR: Inviter = Inviter::Vendor { on_behalf_of: None };

#[tokio::test]
async fn whoever_signs_up_activates_the_account_and_administrates_a_tenant_of_their_own() {
    let app = open_app(false).await;
    let response =
        sign_up(&app, with(request(" Jane@Example.com "), json!({ "metadata": { "plan": "gold" } }))).await;
    let answer = response.expect(201);
    assert_eq!((response.header("set-cookie"), answer.as_object().unwrap().len()), (None, 3));
    assert_eq!(answer["shouldActivate"], true);
    let user = the_one_with(&app, "jane@example.com").await;
    assert_eq!(
        (&answer["userId"], &answer["tenantId"]),
        (&json!(user.id), &json!(user.memberships[0].tenant_id))
    );
    let tenant = app.environment().tenants().get(&user.memberships[0].tenant_id).await.unwrap().unwrap();
    assert_eq!((tenant.name.as_str(), tenant.parent), ("Initech", None));
    assert_eq!(user.memberships[0].status, MembershipStatus::NotActivated);
    assert_eq!(user.memberships[0].role_ids, app.roles(&["Admin"]).await);
    assert!(!user.verified && user.name.as_deref() == Some("Jane Doe"));
    assert_eq!(user.metadata.as_object()["plan"].as_str(), Some("gold"));

    let token = mailed_token(&app, "ActivateUser");
    assert_eq!(app.mail()[0].variables["tenantName"].as_str(), Some("Initech"));
    let body = json!({ "userId": user.id, "token": token });
    assert!(app.anonymous().post(ACTIVATE, body.clone()).await.error(400).contains("password is needed"));
    let other = with(body, json!({ "password": "Another-Horse-8" }));
    let answer = app.anonymous().post(ACTIVATE, other).await.expect(200);
    let me = app.anonymous().bearer(answer["accessToken"].as_str().unwrap()).get(ME).await.expect(200);
    assert_eq!(me["tenantId"], json!(tenant.tenant_id));
    assert!(has_password(&app, "jane@example.com", "Another-Horse-8").await);
    let words = app.recorded_actions().await.join(" ");
    assert_eq!(words, "tenant.created user.created user.activated user.signedIn");
}

#[tokio::test]
async fn a_password_is_judged_and_not_kept_where_whoever_has_the_mailbox_sets_one() {
    let app = open_app(false).await;
    let refused = sign_up(&app, with(request("jane@example.com"), json!({ "password": "short" }))).await;
    assert!(refused.error(400).contains("at least 10 characters"));
    assert_eq!(totals(&app).await, (0, 0));
    sign_up(&app, request("jane@example.com")).await.expect(201);
    assert!(!has_password(&app, "jane@example.com", PASSWORD).await);
    let without =
        with(request("joe@example.com"), json!({ "password": null, "name": null, "metadata": null }));
    sign_up(&app, without).await.expect(201);
}

#[tokio::test]
async fn where_addresses_are_not_verified_they_are_signed_in() {
    let app = open_app(true).await;
    let response = sign_up(&app, request("jane@example.com")).await;
    let answer = response.expect(201);
    assert_eq!(answer["shouldActivate"], false);
    assert!(response.header("set-cookie").unwrap().starts_with("fe_refresh_"));
    assert_eq!(response.header("cache-control").as_deref(), Some("no-store"));
    let tokens = &answer["authResponse"];
    assert_eq!((&tokens["userId"], &tokens["emailVerified"]), (&answer["userId"], &json!(false)));
    let client = app.anonymous().bearer(tokens["accessToken"].as_str().unwrap());
    let me = client.get(ME).await.expect(200);
    assert_eq!(me["tenantId"], answer["tenantId"]);
    let grants = client.get("/identity/resources/users/v1/me/authorization").await.expect(200);
    assert_eq!(grants["roles"][0]["key"], "Admin");
    let user = the_one_with(&app, "jane@example.com").await;
    assert_eq!(
        (json!(user.id), user.memberships[0].status.clone()),
        (answer["userId"].clone(), MembershipStatus::Activated)
    );
    assert!(user.last_login.is_some() && app.mail().is_empty());
    assert_eq!(app.environment().sessions().of_user(user.id).await.unwrap().len(), 1);
    assert!(has_password(&app, "jane@example.com", PASSWORD).await);
    assert_eq!(app.recorded_actions().await.join(" "), "tenant.created user.created user.signedIn");
}

#[tokio::test]
async fn to_be_signed_in_takes_a_password_that_is_good_enough_and_that_the_environment_takes() {
    let app = open_app(true).await;
    for (password, message) in
        [(Value::Null, "password is needed"), (json!("short"), "at least 10 characters")]
    {
        let refused = sign_up(&app, with(request("jane@example.com"), json!({ "password": password }))).await;
        assert!(refused.error(400).contains(message), "{}", refused.text());
    }
    configure(&app, |configuration| configuration.auth_strategy = AuthStrategy::NoLocalAuthentication).await;
    let refused = sign_up(&app, request("jane@example.com")).await;
    assert_eq!((refused.status(), refused.json()["errorCode"].as_str()), (400, Some("ER-01012")));
    assert_eq!(totals(&app).await, (0, 0));
}

#[tokio::test]
async fn people_sign_up_where_they_may_and_their_company_has_a_name() {
    let app = app().await;
    assert!(sign_up(&app, request("jane@example.com")).await.error(403).contains("allowSignups"));
    assert_eq!(app.vendor().post(SIGN_UP, request("jane@example.com")).await.status(), 403);
    open(&app, false).await;
    for (more, message) in [
        (json!({ "companyName": null }), "companyName must not be empty"),
        (json!({ "companyName": " " }), "companyName must not be empty"),
        (json!({ "companyName": "x".repeat(256) }), "companyName must be at most 255"),
        (json!({ "name": "x".repeat(256) }), "name must be at most 255"),
        (json!({ "email": "jane" }), "email"),
        (json!({ "provider": "nobody" }), "provider"),
        (json!({ "metadata": "x".repeat(5_000) }), "metadata"),
    ] {
        let refused = sign_up(&app, with(request("jane@example.com"), more)).await.error(400);
        assert!(refused.contains(message), "{refused}");
    }
    assert_eq!(totals(&app).await, (0, 0));
}

#[tokio::test]
async fn an_address_that_has_an_account_is_answered_like_any_other_and_nothing_is_made() {
    let app = open_app(false).await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let before = (totals(&app).await, stored(&app, jane.id).await);
    let (known, new) =
        (sign_up(&app, request("jane@example.com")).await, sign_up(&app, request("new@example.com")).await);
    let (known, new) = (known.expect(201), new.expect(201));
    let shape = |answer: &Value| {
        let fields = answer.as_object().unwrap().iter();
        fields.map(|(name, value)| (name.clone(), value.to_string().len())).collect::<Vec<_>>()
    };
    assert_eq!((shape(&known), &known["shouldActivate"]), (shape(&new), &json!(true)));
    assert_ne!(known["userId"], json!(jane.id));
    let made_up: TenantId = known["tenantId"].as_str().unwrap().parse().unwrap();
    assert_eq!(app.environment().tenants().get(&made_up).await.unwrap(), None);
    assert_eq!(
        (totals(&app).await, stored(&app, jane.id).await),
        ((before.0.0 + 1, before.0.1 + 1), before.1)
    );
    assert!(app.mail().iter().all(|mail| mail.to.as_str() == "new@example.com"));
    assert!(has_password(&app, "jane@example.com", PASSWORD).await);
    // Whoever waits for their mail is not taken by surprise either: they get the link again.
    let waiting = the_one_with(&app, "new@example.com").await;
    let other = with(request("new@example.com"), json!({ "name": "Somebody Else", "companyName": "Other" }));
    sign_up(&app, other).await.expect(201);
    let after = the_one_with(&app, "new@example.com").await;
    assert_ne!(after.activation, waiting.activation);
    assert_eq!(
        (User { activation: None, ..after }, app.mail().len()),
        (User { activation: None, ..waiting }, 2)
    );
}

#[tokio::test]
async fn as_much_is_done_for_an_address_that_has_an_account() {
    let app = open_app(false).await;
    let acme = app.tenant("Acme").await;
    app.user("jane@example.com", &acme, &[]).await;
    sign_up(&app, request("first@example.com")).await.expect(201);
    let requests = || app.store().round_trips().requests();
    let mut made = Vec::new();
    for email in ["jane@example.com", "new@example.com"] {
        let before = requests();
        sign_up(&app, request(email)).await.expect(201);
        made.push(requests() - before);
    }
    // What there is to know, and the transaction. Whether somebody waits for a mail is looked up after the answer.
    assert_eq!(made, [2 + 2, 2]);
}

#[tokio::test]
async fn where_addresses_are_not_verified_a_taken_one_is_said_to_be() {
    let app = open_app(true).await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let response = sign_up(&app, request("jane@example.com")).await;
    assert_eq!(response.error(409), "a user with this email already exists");
    assert_eq!((response.header("set-cookie"), totals(&app).await), (None, (1, 1)));
    assert!(app.environment().sessions().of_user(jane.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_many_who_sign_up_with_one_address_at_once_one_does() {
    for at_once in [false, true] {
        let app = open_app(at_once).await;
        let answers = join_all((0..6).map(|_| sign_up(&app, request("jane@example.com")))).await;
        let (made, others) = if at_once { (1, 409) } else { (6, 201) };
        assert_eq!(statuses(&answers, 201), made);
        assert!(answers.iter().all(|answer| answer.status() == 201 || answer.status() == others));
        assert_eq!(totals(&app).await, (1, 1));
        let user = the_one_with(&app, "jane@example.com").await;
        let theirs = answers.iter().filter(|answer| answer.json()["userId"] == json!(user.id)).count();
        assert_eq!((theirs, app.mail().is_empty()), (1, at_once));
        let members = UserQuery::page(vec![user.memberships[0].tenant_id.clone()], 10, 0);
        assert_eq!(app.environment().users().list(&members).await.unwrap().total, 1);
    }
}

#[tokio::test]
async fn only_a_vendor_gives_roles_and_another_provider() {
    let app = open_app(false).await;
    let [reader] = app.roles(&["ReadOnly"]).await[..] else { panic!("one role") };
    let roles = with(request("jane@example.com"), json!({ "roleIds": [reader] }));
    let google = with(request("joe@example.com"), json!({ "provider": "google" }));
    let acme = app.tenant("Acme").await;
    let boss = app.user("boss@example.com", &acme, &["Admin"]).await;
    let boss = app.sign_in(&boss, &acme).await;
    let neighbour = app.neighbour().await;
    for client in [app.anonymous(), boss, app.anonymous().bearer("no token")] {
        assert_eq!(
            client.post(SIGN_UP, roles.clone()).await.error(403),
            "only a vendor can give roles: leave roleIds out"
        );
        assert_eq!(client.post(SIGN_UP, google.clone()).await.status(), 403);
    }
    assert_eq!(
        neighbour.vendor().post(SIGN_UP, roles.clone()).await.status(),
        403,
        "it is another environment's"
    );
    assert_eq!(totals(&app).await.1, 1);
    app.vendor().post(SIGN_UP, roles).await.expect(201);
    assert_eq!(the_one_with(&app, "jane@example.com").await.memberships[0].role_ids, [reader]);
    app.vendor().post(SIGN_UP, google).await.expect(201);
    let foreign = app.role("Foreign", Some(&acme));
    app.write_role(&foreign, &[]).await;
    let body = with(request("ann@example.com"), json!({ "roleIds": [foreign.id] }));
    assert_eq!(app.vendor().post(SIGN_UP, body).await.error(404), "role not found");
}

#[tokio::test]
async fn by_a_link_people_join_its_tenant_and_make_none() {
    let app = open_app(false).await;
    configure(&app, |configuration| configuration.allow_signups = false).await;
    let acme = app.tenant("Acme").await;
    let boss = app.user("boss@example.com", &acme, &["Admin"]).await;
    let own = app.role("Own", Some(&acme));
    app.write_role(&own, &[]).await;
    let gone = RoleId::random(&*app.state().entropy);
    let plain = link(&app, &acme, Inviter::Member(boss.id), |_| {}).await;
    let with_roles = link(&app, &acme, VENDOR, |invite| invite.role_ids = vec![own.id, gone]).await;
    for (invite, email, roles) in [
        (&plain, "jane@example.com", app.roles(&["ReadOnly"]).await),
        (&with_roles, "joe@example.com", vec![own.id]),
        (&with_roles, "ann@example.com", vec![own.id]),
    ] {
        let answer = sign_up(&app, with(by(invite, email), json!({ "companyName": null }))).await.expect(201);
        let user = the_one_with(&app, email).await;
        assert_eq!((&answer["userId"], &answer["tenantId"]), (&json!(user.id), &json!(acme)));
        assert_eq!((user.memberships.len(), &user.memberships[0].role_ids), (1, &roles), "{email}");
        assert_eq!(user.memberships[0].status, MembershipStatus::NotActivated);
        assert_eq!(mailed_token(&app, "ActivateUser").len(), 43);
    }
    assert_eq!(totals(&app).await, (1, 4));
    let records = app.recorded().await;
    let used = records.iter().find(|record| record.action.as_deref() == Some("tenantInvite.used")).unwrap();
    assert_eq!(
        (used.tenant_id.as_ref(), used.json["inviteId"].as_str()),
        (Some(&acme), Some(plain.id().to_string().as_str()))
    );
    assert!(!serde_json::to_string(&records).unwrap().contains(plain.token.expose()));
}

#[tokio::test]
async fn by_a_link_people_are_signed_in_where_addresses_are_not_verified() {
    let app = open_app(true).await;
    let acme = app.tenant("Acme").await;
    let invite = link(&app, &acme, VENDOR, |_| {}).await;
    let answer = sign_up(&app, by(&invite, "first@example.com")).await.expect(201);
    let client = app.anonymous().bearer(answer["authResponse"]["accessToken"].as_str().unwrap());
    assert_eq!(client.get(ME).await.expect(200)["tenantId"], json!(acme));
    let first = the_one_with(&app, "first@example.com").await;
    assert_eq!(first.memberships[0].role_ids, app.roles(&["Admin"]).await, "nobody was there before");
    sign_up(&app, by(&invite, "second@example.com")).await.expect(201);
    let second = the_one_with(&app, "second@example.com").await;
    assert_eq!(second.memberships[0].role_ids, app.roles(&["ReadOnly"]).await);
    assert_eq!(sign_up(&app, by(&invite, "first@example.com")).await.status(), 409);
    let strict = app.environment();
    let tenants = strict.tenants();
    let asked = tenants.update(
        &acme,
        rookery_domain::Action::TenantPolicyChanged,
        app.state().now(),
        |tenant: &mut Tenant| {
            tenant.policies.password =
                Some(rookery_domain::PasswordPolicy { min_length: 40, ..Default::default() });
            Ok::<_, std::convert::Infallible>(())
        },
    );
    asked.await.unwrap().unwrap();
    assert!(sign_up(&app, by(&invite, "third@example.com")).await.error(400).contains("40"));
}

#[tokio::test]
async fn a_known_address_does_not_join_by_signing_up() {
    let app = open_app(false).await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &labs, &[]).await;
    let before = stored(&app, jane.id).await;
    let invite = link(&app, &acme, VENDOR, |_| {}).await;
    let answer = sign_up(&app, by(&invite, "jane@example.com")).await.expect(201);
    assert_eq!((&answer["shouldActivate"], &answer["tenantId"]), (&json!(true), &json!(acme)));
    assert_ne!(answer["userId"], json!(jane.id));
    assert_eq!((stored(&app, jane.id).await, app.mail().len()), (before, 0));
}

#[tokio::test]
async fn by_a_link_that_does_not_work_nobody_joins_anything() {
    let app = open_app(false).await;
    let (acme, gone) = (app.tenant("Acme").await, app.tenant("Gone").await);
    let boss = app.user("boss@example.com", &acme, &["Admin"]).await;
    let (revoked, leads_nowhere) =
        (link(&app, &acme, VENDOR, |_| {}).await, link(&app, &gone, VENDOR, |_| {}).await);
    let of_boss = link(&app, &acme, Inviter::Member(boss.id), |_| {}).await;
    let expired = link(&app, &acme, VENDOR, |invite| {
        invite.expire_in(1, invite.created_at).unwrap();
    })
    .await;
    app.clock().advance(Duration::from_mins(1));
    let (environment, now) = (app.environment(), app.state().now());
    assert!(environment.tenant_invites().remove(&acme, revoked.slot()).await.unwrap());
    environment.tenants().remove(&gone, now, &|| false).await.unwrap();
    environment.users().remove(boss.id).await.unwrap();
    let elsewhere = app.neighbour().await;
    let theirs = elsewhere.tenant("Acme").await;
    let theirs = link(&elsewhere, &theirs, VENDOR, |_| {}).await;
    for invite in [&revoked, &leads_nowhere, &of_boss, &expired, &theirs] {
        assert_eq!(sign_up(&app, by(invite, "jane@example.com")).await.error(404), "invitation not found");
    }
    let guessed = with(request("jane@example.com"), json!({ "invitationToken": "guess" }));
    assert_eq!(sign_up(&app, guessed).await.status(), 404);
    assert_eq!(totals(&app).await, (1, 0));
    let working = link(&app, &acme, VENDOR, |_| {}).await;
    configure(&app, |configuration| configuration.allow_tenant_invitations = false).await;
    assert_eq!(sign_up(&app, by(&working, "jane@example.com")).await.status(), 404);
    let none = with(request("jane@example.com"), json!({ "invitationToken": "" }));
    sign_up(&app, none).await.expect(201);
    assert_eq!(totals(&app).await, (2, 1), "an empty token is none");
}

#[tokio::test]
async fn nobody_joins_after_a_link_was_revoked() {
    for _ in 0..4 {
        let app = open_app(false).await;
        let acme = app.tenant("Acme").await;
        let invite = link(&app, &acme, VENDOR, |_| {}).await;
        let emails: Vec<_> = (0..4).map(|n| format!("user{n}@example.com")).collect();
        let joining = join_all(emails.iter().map(|email| sign_up(&app, by(&invite, email))));
        let environment = app.environment();
        let invites = environment.tenant_invites();
        let revoked = async {
            assert!(invites.remove(&acme, InviteSlot::Vendor(invite.id())).await.unwrap());
            totals(&app).await.1
        };
        let (answers, joined_before) = join(joining, revoked).await;
        assert_eq!(statuses(&answers, 201) + statuses(&answers, 404), answers.len());
        assert_eq!(statuses(&answers, 201), totals(&app).await.1);
        assert_eq!(totals(&app).await.1, joined_before);
    }
}

#[tokio::test]
async fn who_wants_to_know_is_told_that_somebody_joined_and_not_without_end() {
    let app = open_app(false).await;
    let acme = app.tenant("Acme").await;
    let boss = app.user("boss@example.com", &acme, &["Admin"]).await;
    let silent = link(&app, &acme, Inviter::Member(boss.id), |_| {}).await;
    sign_up(&app, by(&silent, "zoe@example.com")).await.expect(201);
    let named = Inviter::Vendor { on_behalf_of: Some(boss.id) };
    let told = link(&app, &acme, named, |invite| invite.should_send_email = true).await;
    let told_of =
        || app.mail().into_iter().filter(|mail| mail.to.as_str() == "boss@example.com").collect::<Vec<_>>();
    assert!(told_of().is_empty());
    sign_up(&app, by(&told, "user0@example.com")).await.expect(201);
    let mail = told_of().remove(0);
    assert_eq!(mail.template.as_str(), "UserUsedInvitation");
    assert_eq!(mail.subject, "Jane Doe joined Acme");
    assert_eq!(mail.variables["issuerEmail"].as_str(), Some("user0@example.com"));
    assert_eq!(mail.variables["redirectURL"].as_str(), Some("https://app.example.com/"));
    sign_up(&app, by(&told, "user0@example.com")).await.expect(201);
    assert_eq!(told_of().len(), 1, "nobody joined");
    for n in 1..8 {
        sign_up(&app, by(&told, &format!("user{n}@example.com"))).await.expect(201);
    }
    assert_eq!((told_of().len(), totals(&app).await.1), (Ticket::MAILS, 10));
    app.clock().advance(Duration::from_mins(15));
    sign_up(&app, by(&told, "late@example.com")).await.expect(201);
    assert_eq!(told_of().len(), Ticket::MAILS + 1);
}

#[tokio::test]
async fn what_fails_midway_leaves_nothing() {
    let (app, gate) = TestApp::start_behind_gate(crate::router()).await;
    open(&app, true).await;
    app.fail_signatures((|| SigningError::Throttled("too many signatures".into())) as fn() -> SigningError);
    assert_eq!(sign_up(&app, request("jane@example.com")).await.status(), 503);
    app.fail_signatures(None);
    gate.bar("TransactWriteItems", Fault::Answer(400, "ProvisionedThroughputExceededException"));
    assert_eq!(sign_up(&app, request("jane@example.com")).await.status(), 503);
    gate.open();
    assert_eq!(totals(&app).await, (0, 0));
    app.refuse_mail(SendError::Throttled);
    sign_up(&app, request("jane@example.com")).await.expect(201);
    open(&app, false).await;
    sign_up(&app, request("joe@example.com")).await.expect(201);
    assert_eq!(totals(&app).await, (2, 2), "a mail that is not sent undoes nothing");
}

#[tokio::test]
async fn no_page_of_a_foreign_origin_signs_anybody_up() {
    for at_once in [false, true] {
        let app = open_app(at_once).await;
        let page = app.anonymous().with("origin", "https://evil.example.com");
        assert_eq!(page.post(SIGN_UP, request("jane@example.com")).await.status(), 403);
        assert_eq!(totals(&app).await, (0, 0));
        let page = app.anonymous().with("origin", "https://app.example.com");
        page.post(SIGN_UP, request("jane@example.com")).await.expect(201);
    }
}

#[tokio::test]
async fn the_same_address_signs_up_in_every_environment() {
    let app = open_app(false).await;
    let neighbour = app.neighbour().await;
    open(&neighbour, false).await;
    sign_up(&app, request("jane@example.com")).await.expect(201);
    sign_up(&neighbour, request("jane@example.com")).await.expect(201);
    let at_host = app.anonymous().with("frontegg-vendor-host", &neighbour.host());
    at_host.post(SIGN_UP, request("joe@example.com")).await.expect(201);
    assert_eq!((totals(&app).await, totals(&neighbour).await), ((1, 1), (2, 2)));
}

#[tokio::test]
async fn without_a_mail_the_vendor_hands_out_the_link() {
    let app = open_app(false).await;
    let body = with(request("jane@example.com"), json!({ "skipInviteEmail": true, "emailMetadata": {} }));
    assert!(
        sign_up(&app, body.clone()).await.error(403).contains("skipInviteEmail"),
        "nobody takes an address silently"
    );
    app.vendor().post(SIGN_UP, body).await.expect(201);
    assert!(app.mail().is_empty());
    let id = the_one_with(&app, "jane@example.com").await.id;
    let path = format!("/identity/resources/users/v1/{id}/links/generate-activation-token");
    app.vendor().post(&path, json!({})).await.expect(201);
}

#[tokio::test]
async fn what_it_takes() {
    let app = open_app(true).await;
    let acme = app.tenant("Acme").await;
    let invite = link(&app, &acme, VENDOR, |_| {}).await;
    sign_up(&app, request("first@example.com")).await.expect(201);
    let waves = || app.store().round_trips().waves();
    let before = waves();
    sign_up(&app, request("jane@example.com")).await.expect(201);
    let own = waves() - before;
    let before = waves();
    sign_up(&app, by(&invite, "joe@example.com")).await.expect(201);
    assert_eq!((own, waves() - before), (3, 5));
}

#[tokio::test]
async fn whose_address_was_taken_gets_the_link_again() {
    let app = open_app(false).await;
    for number in 1..=2 {
        sign_up(&app, request("jane@example.com")).await.expect(201);
        assert_eq!(app.mail().len(), number);
    }
    let id = the_one_with(&app, "jane@example.com").await.id;
    let body = json!({ "userId": id.to_string(), "token": mailed_token(&app, "ActivateUser"), "password": PASSWORD });
    app.anonymous().post(ACTIVATE, body).await.expect(200);
    sign_up(&app, request("jane@example.com")).await.expect(201);
    assert_eq!(app.mail().len(), 2, "whoever is active has an account");
}

const OWNERS: &str = "Another-Horse-8";

#[tokio::test]
async fn whoever_has_the_mailbox_is_not_joined_by_who_took_the_address_before() {
    let app = open_app(true).await;
    let signed_up = sign_up(&app, request("jane@example.com")).await.expect(201);
    let stranger = app.anonymous().bearer(signed_up["authResponse"]["accessToken"].as_str().unwrap());
    stranger.get(ME).await.expect(200);
    let jane = the_one_with(&app, "jane@example.com").await;
    assert!(jane.password_unproven && !jane.verified);

    let acme = app.tenant("Acme").await;
    let invitation = invite(&app, &TestUser { id: jane.id, email: jane.email.to_string() }, &acme).await;
    let body = json!({ "userId": jane.id.to_string(), "token": invitation.expose() });
    app.anonymous().post("/identity/resources/users/v1/invitation/accept", body).await.expect(201);
    assert_eq!(stranger.get(ME).await.status(), 401);
    let jane = stored(&app, jane.id).await;
    assert!(!jane.password_unproven && jane.verified);
    let login = app.environment().users().login(&jane.email).await.unwrap().unwrap().value.unwrap();
    assert!(!login.is_of(&jane), "the password is void");
}

#[tokio::test]
async fn an_activation_takes_the_place_of_a_password_that_a_stranger_may_have_chosen() {
    let app = open_app(true).await;
    let signed_up = sign_up(&app, request("jane@example.com")).await.expect(201);
    let stranger = app.anonymous().bearer(signed_up["authResponse"]["accessToken"].as_str().unwrap());
    configure(&app, |configuration| configuration.allow_not_verified_users_login = false).await;
    let again = json!({ "email": "jane@example.com" });
    app.anonymous().post("/identity/resources/users/v1/activate/reset", again).await.expect(201);
    let id = the_one_with(&app, "jane@example.com").await.id;
    let mut body = json!({ "userId": id.to_string(), "token": mailed_token(&app, "ActivateUser") });
    assert!(app.anonymous().post(ACTIVATE, body.clone()).await.error(400).starts_with("password is needed"));
    body["password"] = json!(OWNERS);
    app.anonymous().post(ACTIVATE, body).await.expect(200);
    assert!(has_password(&app, "jane@example.com", OWNERS).await);
    assert_eq!(stranger.get(ME).await.status(), 401);
}

#[tokio::test]
async fn a_link_gives_no_more_than_its_maker_may_still_give() {
    let app = open_app(false).await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let roles = app.roles(&["Admin"]).await;
    let invite = link(&app, &acme, Inviter::Member(jane.id), |invite| invite.role_ids = roles.clone()).await;
    sign_up(&app, by(&invite, "joe@example.com")).await.expect(201);
    let weaker = app.roles(&["ReadOnly"]).await;
    change(&app, jane.id, |jane| jane.memberships[0].role_ids = weaker.clone()).await;
    assert_eq!(sign_up(&app, by(&invite, "ann@example.com")).await.status(), 404);
}
