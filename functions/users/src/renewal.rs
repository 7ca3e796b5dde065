//! Mailing the links again by which somebody joins tenants.

use std::{future, mem};

use futures::{StreamExt as _, stream};
use rookery_domain::{
    Entropy, Environment, JsonObject, MembershipStatus, OneTimeToken, PlainToken, Tenant, TenantId,
    Timestamp, User,
};
use rookery_http::auth::Principal;
use rookery_http::mails::Mailing;
use rookery_http::{ApiError, ApiResult, RateLimited};
use rookery_store::EnvironmentStore;

/// How many mails are on their way at a time.
const MAILS_AT_ONCE: usize = 8;

/// The tokens that a user got anew, to be mailed.
#[derive(Default)]
pub(crate) struct Renewed(Vec<Renewal>);

/// A token that a user got anew.
struct Renewal {
    /// The tenant that waits for it.
    tenant: TenantId,
    secret: PlainToken,
    kept: OneTimeToken,
    replaced: Replaced,
}

/// What a token took the place of.
enum Replaced {
    Activation(Option<OneTimeToken>),
    Invitation(OneTimeToken),
}

impl Renewed {
    /// Gives `user` new tokens for those of `tenants` that they have not joined yet. One activates the account, whichever
    /// of the tenants wait for that.
    pub(crate) fn of(user: &mut User, tenants: &[TenantId], entropy: &dyn Entropy, now: Timestamp) -> Self {
        let mut renewed = Vec::new();
        let mut activates = false;
        for membership in &mut user.memberships {
            if !tenants.contains(&membership.tenant_id) {
                continue;
            }
            let (secret, kept) = OneTimeToken::issue(entropy, now);
            let replaced = match &mut membership.status {
                MembershipStatus::NotActivated if !activates => {
                    activates = true;
                    Replaced::Activation(user.activation.replace(kept.clone()))
                }
                MembershipStatus::PendingInvitation(token) => {
                    Replaced::Invitation(mem::replace(token, kept.clone()))
                }
                MembershipStatus::NotActivated
                | MembershipStatus::PendingLogin
                | MembershipStatus::Activated => continue,
            };
            renewed.push(Renewal { tenant: membership.tenant_id.clone(), secret, kept, replaced });
        }
        Self(renewed)
    }

    /// The tenants that the tokens are for.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.0.iter().map(|renewal| &renewal.tenant)
    }
}

impl Renewal {
    /// Has `user` wait for the token before again, unless something else has happened since.
    fn take_back(&self, user: &mut User) {
        match &self.replaced {
            Replaced::Activation(before) => {
                if user.activation.as_ref() == Some(&self.kept) {
                    user.activation.clone_from(before);
                }
            }
            Replaced::Invitation(before) => {
                if let Some(membership) = user.membership_mut(&self.tenant)
                    && let MembershipStatus::PendingInvitation(token) = &mut membership.status
                    && *token == self.kept
                {
                    token.clone_from(before);
                }
            }
        }
    }
}

/// What mails need to know besides.
pub(crate) struct Mails<'a> {
    pub(crate) app: &'a RateLimited,
    pub(crate) store: &'a EnvironmentStore,
    pub(crate) environment: &'a Environment,
    pub(crate) issuer: &'a Principal,
    /// The tenants that the mails speak of.
    pub(crate) tenants: &'a [Tenant],
}

impl Mails<'_> {
    /// Mails what `user` got anew. `variables` are what the templates may show besides.
    ///
    /// A link that cannot be mailed does not take the place of the one before, which the user may still have.
    ///
    /// # Errors
    /// A mail is not sent, or the table fails.
    pub(crate) async fn send(&self, renewed: Renewed, user: &User, variables: &JsonObject) -> ApiResult<()> {
        let sent = stream::iter(renewed.0).map(|renewal| async {
            let sent = self.send_one(&renewal, user, variables.clone()).await;
            sent.err().map(|error| (renewal, error))
        });
        let failed: Vec<_> = sent.buffer_unordered(MAILS_AT_ONCE).filter_map(future::ready).collect().await;
        let (unsent, errors): (Vec<_>, Vec<_>) = failed.into_iter().unzip();
        let Some(error) = errors.into_iter().next() else {
            return Ok(());
        };
        let users = self.store.users();
        let taken_back = users.update(user.id, None, |user| {
            for renewal in &unsent {
                renewal.take_back(user);
            }
            Ok::<_, ApiError>(())
        });
        taken_back.await?;
        Err(error)
    }

    async fn send_one(&self, renewal: &Renewal, user: &User, variables: JsonObject) -> ApiResult<()> {
        let Renewal { tenant, secret, .. } = renewal;
        let mailing = Mailing {
            app: self.app,
            store: self.store,
            environment: self.environment,
            tenant: self.tenants.iter().find(|known| known.tenant_id == *tenant),
            email_metadata: variables,
        };
        match renewal.replaced {
            Replaced::Activation(_) => mailing.activation(user, secret).await,
            Replaced::Invitation(_) => {
                let issuer = self.issuer.user().map(|issuer| &*issuer.user);
                mailing.invitation(user, secret, issuer).await
            }
        }
    }
}
