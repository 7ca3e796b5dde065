//! Invitation links of tenants, and who joins by one.
//!
//! A link that does not work, for whatever reason, is answered as if there were none: 404.

use rookery_domain::{
    Authority, Catalog, Environment, Inviter, JsonObject, Membership, MembershipStatus, PlainToken, RoleId,
    Tenant, TenantInvite, Timestamp, User, UserId,
};
use rookery_store::{Addition, EnvironmentStore, InviteSnapshot, UpdateError};

use crate::mails::Mailing;
use crate::members::{and_roles, require_grantable};
use crate::{ApiError, ApiResult, AppState, RateLimited, standing_in};

/// Whether tenants of `environment` have links.
///
/// # Errors
/// They have none.
pub fn require_allowed(environment: &Environment) -> ApiResult<()> {
    match environment.configuration.allow_tenant_invitations {
        true => Ok(()),
        false => Err(ApiError::Forbidden(
            "this environment has no invitation links: allowTenantInvitations is switched off".to_owned(),
        )),
    }
}

/// The answer to a link that does not work.
#[must_use]
pub fn dead() -> ApiError {
    ApiError::NotFound("invitation")
}

/// The link that holds `token`, which works as far as the link itself and its inviter say: whether the tenant is there, and
/// whether the environment has links, is still to be looked at.
///
/// # Errors
/// It does not work, or the table fails.
pub async fn find(app: &AppState, store: &EnvironmentStore, token: &PlainToken) -> ApiResult<InviteSnapshot> {
    store.tenant_invites().find(token, app.now()).await?.ok_or_else(dead)
}

/// The roles that somebody gets who joins by `invite`, as the first member of its tenant if `is_first`: those of its roles that
/// are there still or, when it names none, those for new members.
#[must_use]
pub fn roles(catalog: &Catalog, invite: &TenantInvite, is_first: bool) -> Vec<RoleId> {
    if invite.role_ids.is_empty() {
        return catalog.roles_for_new_member(&invite.tenant_id, is_first);
    }
    let applies = |id: &&RoleId| catalog.roles.get(id).is_some_and(|role| role.applies_in(&invite.tenant_id));
    invite.role_ids.iter().filter(applies).copied().collect()
}

/// Whether the member in whose name `invite` was made may still give what it gives. A vendor's link gives what it says.
///
/// # Errors
/// They may not: the link does not work. Or the table fails.
pub async fn require_giveable(
    store: &EnvironmentStore,
    environment: &Environment,
    catalog: &Catalog,
    invite: &InviteSnapshot,
) -> ApiResult<()> {
    let given = roles(catalog, invite, false);
    let (Inviter::Member(_), Some(member), false) = (invite.inviter, invite.inviter(), given.is_empty())
    else {
        return Ok(());
    };
    if member.super_user {
        return Ok(());
    }
    let grants = standing_in(store, environment, member, &invite.tenant_id).await?.grants();
    let level = grants.strongest.ok_or_else(dead)?;
    let authority = Authority::Bounded { level, grants };
    require_grantable(catalog, &invite.tenant_id, &given, &authority).map_err(|_| dead())
}

/// Lets the user `id`, who has shown who they are, into the tenant of the link that holds `token`, where they work from then on.
/// Whoever belongs to it already keeps what roles they have.
///
/// # Errors
/// The link does not work, they belong to too many tenants, they are gone, or the table fails.
pub async fn join(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    id: UserId,
    token: &PlainToken,
) -> ApiResult<User> {
    require_allowed(environment).map_err(|_| dead())?;
    let (invite, now) = (find(app, store, token).await?, app.now());
    let (tenants, catalog) = (store.tenants(), store.catalog());
    let (tenant, shared, own) = tokio::try_join!(
        tenants.get(&invite.tenant_id),
        catalog.load(environment),
        catalog.roles_of_tenant(&invite.tenant_id),
    )?;
    let (tenant, catalog) = (tenant.ok_or_else(dead)?, and_roles(shared, own));
    require_giveable(store, environment, &catalog, &invite).await?;
    let membership = |is_first| {
        let role_ids = roles(&catalog, &invite, is_first);
        Membership::new(tenant.tenant_id.clone(), role_ids, MembershipStatus::Activated, now)
    };
    let accept = |user: &mut User| {
        accept(user, &tenant, now);
        ApiResult::Ok(())
    };
    match store.users().admit_invited(id, invite.clone(), now, membership, accept).await? {
        Some(Addition::Added(user)) => {
            tell_inviter(app, store, environment, &tenant, &invite, &user);
            Ok(user)
        }
        Some(Addition::Already(user)) => Ok(user),
        None => Err(ApiError::Unauthenticated),
    }
}

/// Has `user` work in `tenant`, to which they belong. An invitation that was mailed to them is accepted with that.
fn accept(user: &mut User, tenant: &Tenant, now: Timestamp) {
    if let Some(membership) = user.membership_mut(&tenant.tenant_id)
        && let MembershipStatus::PendingInvitation(_) = membership.status
    {
        membership.status = MembershipStatus::Activated;
    }
    if user.reaches(&tenant.tenant_id, now) {
        user.active_tenant = Some(tenant.tenant_id.clone());
    }
}

/// Tells the user in whose name the link `invite` was made, after the answer, that `joined` joined by it: if they are to be
/// told, and were not often enough of late.
pub fn tell_inviter(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    tenant: &Tenant,
    invite: &InviteSnapshot,
    joined: &User,
) {
    let Some(inviter) = invite.inviter().filter(|_| invite.should_send_email).cloned() else { return };
    let (deferring, app, store, environment) = (app.clone(), app.clone(), store.clone(), environment.clone());
    let (tenant, invite, joined) = (tenant.clone(), TenantInvite::clone(invite), joined.clone());
    deferring.defer(async move {
        if note_mail(&store, &invite, app.now()).await? {
            let email_metadata = JsonObject::new();
            let mailing = Mailing {
                app: &app,
                store: &store,
                environment: &environment,
                tenant: Some(&tenant),
                email_metadata,
            };
            // That it was not sent has been logged.
            mailing.invitation_used(&inviter, &joined).await.ok();
        }
        Ok(())
    });
}

/// The inviter was told often enough of late.
#[derive(Debug)]
struct ToldEnough;

/// Notes that the inviter of `invite` is told of its use. `false`: they are not to be.
async fn note_mail(store: &EnvironmentStore, invite: &TenantInvite, now: Timestamp) -> ApiResult<bool> {
    let invites = store.tenant_invites();
    let noted =
        invites.update(&invite.tenant_id, invite.slot(), None, |invite| match invite.note_mail(now) {
            true => Ok(()),
            false => Err(ToldEnough),
        });
    match noted.await {
        Ok(noted) => Ok(noted.is_some()),
        Err(UpdateError::Refused(ToldEnough)) => Ok(false),
        Err(UpdateError::Store(error)) => Err(error.into()),
    }
}
