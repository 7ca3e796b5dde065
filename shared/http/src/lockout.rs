//! Locking users after too many wrong passwords in a row, and mailing them how to unlock themselves.
//!
//! Every wrong password is counted, whoever's it is and whether or not it can lock anybody, so that neither the time nor the
//! number of requests tells whose addresses are known. The right one is not counted: with it, counting begins anew. Guesses
//! that are under way when a user is locked come to nothing: a lock voids the sessions that they begin.

use rookery_domain::{
    Action, AddressedToken, Environment, FailuresSince, JsonObject, LockReason, TemplateKind, TenantId,
    Ticket, TicketPurpose, User, UserId,
};
use rookery_store::EnvironmentStore;

use crate::mails::{self, Mailing};
use crate::{ApiError, ApiResult, AppState, RateLimited, policies};

/// For how long a failure counts, in seconds: 90 days. Nobody guesses that slowly.
const COUNTED_SECONDS: i64 = 90 * 86_400;

/// For how long one of nobody's is kept: it counts for nothing.
const KEPT_SECONDS: i64 = 3_600;

/// Counts a wrong password of `user`, or of nobody, and locks them if it is one too many.
///
/// # Errors
/// The table fails.
pub async fn count_wrong_password(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    user: Option<&User>,
) -> ApiResult<()> {
    let Some(user) = user else { return count_for_nobody(app, store).await };
    let (attempts, since) = (store.attempts(), user.failures_since());
    let (failures, tenants) = tokio::try_join!(
        async { Ok(attempts.count(user.id, &since, app.now().plus_seconds(COUNTED_SECONDS)).await?) },
        policies::tenants_of(store, user),
    )?;
    let most = environment.policies.attempts(tenants.iter().map(|tenant| &tenant.policies));
    if most.is_some_and(|most| failures >= most) {
        lock(app, store, environment, user.id, &since).await?;
    }
    Ok(())
}

/// Counts a wrong code of a second factor of `user`, and locks them if it is one too many: by a counter of its own, so that the
/// right password does not begin it anew.
///
/// # Errors
/// The table fails.
pub async fn count_wrong_second_factor(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
) -> ApiResult<()> {
    let (attempts, since) = (store.attempts(), user.failures_since());
    let (failures, tenants) = tokio::try_join!(
        async {
            Ok(attempts.count_second_factor(user.id, &since, app.now().plus_seconds(COUNTED_SECONDS)).await?)
        },
        policies::tenants_of(store, user),
    )?;
    let most = environment.policies.attempts(tenants.iter().map(|tenant| &tenant.policies));
    if most.is_some_and(|most| failures >= most) {
        lock(app, store, environment, user.id, &since).await?;
    }
    Ok(())
}

/// Does for an unknown address what is done for a known one.
async fn count_for_nobody(app: &AppState, store: &EnvironmentStore) -> ApiResult<()> {
    let (attempts, tenants) = (store.attempts(), store.tenants());
    let (nobody, nowhere) = (UserId::random(&*app.entropy), TenantId::random(&*app.entropy));
    let (since, nowhere) = (FailuresSince::default(), [&nowhere]);
    let forgotten_at = app.now().plus_seconds(KEPT_SECONDS);
    tokio::try_join!(attempts.count(nobody, &since, forgotten_at), tenants.live(&nowhere))?;
    Ok(())
}

/// Locks the user `id`, unless they have signed in since their failures were counted, and mails them a link that unlocks.
async fn lock(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    id: UserId,
    since: &FailuresSince,
) -> ApiResult<()> {
    let (users, mut is_locked) = (store.users(), false);
    let locked = users.update(id, Action::UserLockedOut, |user| {
        is_locked = user.locked.is_none() && user.failures_since() == *since;
        if is_locked {
            user.lock(LockReason::Attempts);
        }
        Ok::<_, ApiError>(())
    });
    let Some(user) = locked.await?.filter(|_| is_locked) else { return Ok(()) };
    let (app, store, environment) = (app.clone(), store.clone(), environment.clone());
    app.clone().defer(async move {
        // They are void already: this keeps lists of sessions short.
        store.sessions().end_all(id, None, |session| !session.is_of(&user)).await?;
        mail_unlocking(&app, &store, &environment, &user).await
    });
    Ok(())
}

/// Mails `user` a link that unlocks them, if such mails are sent and they did not get enough of them.
async fn mail_unlocking(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
) -> ApiResult<()> {
    if !mails::are_sent(store, environment, TemplateKind::BruteForceProtection).await? {
        return Ok(());
    }
    let issued = issue(app, store, user);
    let Some(token) = issued.await? else { return Ok(()) };
    let mailing = Mailing { app, store, environment, tenant: None, email_metadata: JsonObject::new() };
    // That it was not sent has been logged.
    mailing.locked_out(user, &token).await.ok();
    Ok(())
}

async fn issue(app: &AppState, store: &EnvironmentStore, user: &User) -> ApiResult<Option<AddressedToken>> {
    let (now, mut token) = (app.now(), None);
    let tickets = store.tickets();
    let issued = tickets.issue(TicketPurpose::Unlock, user, Action::UnlockLinkIssued, |before| {
        if before.is_some_and(|before| before.is_mailed_enough(now)) {
            return None;
        }
        let (secret, ticket) = Ticket::issue(TicketPurpose::Unlock, user, before, &*app.entropy, now);
        token = Some(AddressedToken { user: user.id, secret });
        Some(ticket.mailed(now))
    });
    Ok(if issued.await? { token } else { None })
}
