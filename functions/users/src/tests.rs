//! The group through its router.

mod activation;
mod budgets;
mod creation;
mod destinations;
mod faults;
mod free_form;
mod groups;
mod invitations;
mod listing;
mod me;
mod membership;
mod mfa;
mod password_history;
mod password_reset;
mod passwords;
mod recorded;
mod roles;
mod sign_up;
mod standing;
mod strangers;
mod templates;
mod unlocking;
mod updating;
mod void_sessions;

use rookery_domain::{
    Membership, MembershipStatus, Metadata, OneTimeToken, PlainToken, Role, RoleId, RoleLevel, TenantId,
    User, UserId,
};
use rookery_store::NewUser;
use rookery_testkit::{Response, TestApp, TestUser};

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

fn statuses(responses: &[Response], status: u16) -> usize {
    responses.iter().filter(|response| response.status() == status).count()
}

fn membership(app: &TestApp, tenant: &TenantId, status: MembershipStatus) -> Membership {
    Membership::new(tenant.clone(), Vec::new(), status, app.state().now())
}

/// Somebody who was invited to `tenant` and has not activated the account yet, and the token that was mailed.
async fn newcomer(app: &TestApp, email: &str, tenant: &TenantId) -> (UserId, PlainToken) {
    let (entropy, now) = (&*app.state().entropy, app.state().now());
    let (token, kept) = OneTimeToken::issue(entropy, now);
    let user = User {
        memberships: vec![membership(app, tenant, MembershipStatus::NotActivated)],
        activation: Some(kept),
        ..User::new(UserId::random(entropy), email.parse().unwrap(), now)
    };
    let id = user.id;
    app.environment().users().create(&NewUser { user, password_hash: None }).await.unwrap();
    (id, token)
}

/// Has `user` asked to join `tenant`, by a mail with the token that is returned.
async fn invite(app: &TestApp, user: &TestUser, tenant: &TenantId) -> PlainToken {
    let (token, kept) = OneTimeToken::issue(&*app.state().entropy, app.state().now());
    join(app, user.id, &membership(app, tenant, MembershipStatus::PendingInvitation(kept))).await;
    token
}

/// Adds the user to another tenant.
async fn join(app: &TestApp, user: UserId, membership: &Membership) {
    app.environment().users().join(user, membership).await.unwrap().unwrap();
}

async fn change(app: &TestApp, user: UserId, change: impl Fn(&mut User)) -> User {
    let environment = app.environment();
    let users = environment.users();
    let updated = users.update(user, None, |user| {
        change(user);
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap()
}

/// The user as the table has them.
async fn stored(app: &TestApp, user: UserId) -> User {
    app.environment().users().get(user).await.unwrap().unwrap()
}

/// The token in the link of the newest mail, which was made with `template`.
fn mailed_token(app: &TestApp, template: &str) -> String {
    let mail = app.mail().into_iter().next().unwrap();
    assert_eq!(mail.template.as_str(), template);
    let link = mail.variables["redirectURL"].as_str().unwrap().to_owned();
    link.split_once("token=").unwrap().1.to_owned()
}
