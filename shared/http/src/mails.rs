//! The mails that follow a change.
//!
//! They leave after the change is stored, so that no mail speaks of what did not happen. A mail that fails is logged. It
//! does not fail a request that asked for more than the mail: that is done, and the user can ask for another mail. Nor does
//! it where the caller has not proved who they are, whom the answer would tell whose address is known.

use rookery_domain::{
    Action, AddressedToken, Environment, JsonObject, MailTemplate, PlainCode, PlainToken, SecretDestination,
    TemplateKind, Tenant, Ticket, TicketPurpose, User, UserId,
};
use rookery_email::{
    ActivateUser, BruteForceProtection, EmailAddressChanged, EmailError, InviteToTenant, Issuer, MagicLink,
    Mail, OneTimeCodeMail, Recipient, ResetPassword, SendError, Sender, UnlockUserSuccess,
    UserUsedInvitation, link,
};
use rookery_store::EnvironmentStore;
use url::Url;

use crate::{ApiError, ApiResult, AppState, RateLimited};

/// Mails of one environment, about one tenant.
pub struct Mailing<'a> {
    /// Whoever may send mails.
    pub app: &'a RateLimited,
    /// The environment's data.
    pub store: &'a EnvironmentStore,
    /// The environment.
    pub environment: &'a Environment,
    /// The tenant.
    pub tenant: Option<&'a Tenant>,
    /// What the caller added for the templates.
    pub email_metadata: JsonObject,
}

impl Mailing<'_> {
    /// Mails `user` the link that activates the account and holds `token`.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn activation(self, user: &User, token: &PlainToken) -> ApiResult<()> {
        let kind = TemplateKind::ActivateUser;
        let changed = changed(self.store, self.environment, kind).await?;
        let redirect_url = own_link(self.environment, changed.as_ref(), kind, user.id, token)?;
        self.send(user, &ActivateUser::new(self.recipient(user), redirect_url), changed.as_ref()).await
    }

    /// Mails `user` the link that sets another password and holds `token`.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn password_reset(self, user: &User, token: &PlainToken) -> ApiResult<()> {
        let kind = TemplateKind::ResetPassword;
        let changed = changed(self.store, self.environment, kind).await?;
        let redirect_url = own_link(self.environment, changed.as_ref(), kind, user.id, token)?;
        self.send(user, &ResetPassword::new(self.recipient(user), redirect_url), changed.as_ref()).await
    }

    /// Mails `user` the link that signs them in and holds `token`.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn magic_link(self, user: &User, token: &AddressedToken) -> ApiResult<()> {
        let kind = TemplateKind::MagicLink;
        let changed = changed(self.store, self.environment, kind).await?;
        let redirect_url = own_link(self.environment, changed.as_ref(), kind, user.id, &token.expose())?;
        self.send(user, &MagicLink::new(self.recipient(user), redirect_url), changed.as_ref()).await
    }

    /// Mails `user` the `code` that signs them in.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn code(self, user: &User, code: &PlainCode) -> ApiResult<()> {
        let changed = changed(self.store, self.environment, TemplateKind::OTC).await?;
        let redirect_url = self.home()?;
        let code = code.expose().to_owned();
        let mail = OneTimeCodeMail { recipient: self.recipient(user), redirect_url, code };
        self.send(user, &mail, changed.as_ref()).await
    }

    /// Mails `user`, whom too many wrong passwords have locked, the link that unlocks them and holds `token`.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn locked_out(self, user: &User, token: &AddressedToken) -> ApiResult<()> {
        let kind = TemplateKind::BruteForceProtection;
        let changed = changed(self.store, self.environment, kind).await?;
        let redirect_url = own_link(self.environment, changed.as_ref(), kind, user.id, &token.expose())?;
        self.send(user, &BruteForceProtection::new(self.recipient(user), redirect_url), changed.as_ref())
            .await
    }

    /// Tells `user` that they have unlocked themselves.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn unlocked(self, user: &User) -> ApiResult<()> {
        let changed = changed(self.store, self.environment, TemplateKind::UnlockUserSuccess).await?;
        let mail = UnlockUserSuccess::new(self.recipient(user), self.home()?);
        self.send(user, &mail, changed.as_ref()).await
    }

    /// Tells `before`, at the address that they had until now, that they have another.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn address_changed(self, before: &User) -> ApiResult<()> {
        let changed = changed(self.store, self.environment, TemplateKind::EmailAddressChanged).await?;
        let mail = EmailAddressChanged::new(self.recipient(before), self.home()?);
        self.send(before, &mail, changed.as_ref()).await
    }

    /// Mails `user` the link that accepts the invitation to the tenant and holds `token`. `issuer` is who invites, when it is
    /// a person.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn invitation(self, user: &User, token: &PlainToken, issuer: Option<&User>) -> ApiResult<()> {
        let changed = changed(self.store, self.environment, TemplateKind::InviteToTenant).await?;
        let page = landing(self.environment, changed.as_ref(), self.application()).ok_or_else(nowhere)?;
        let redirect_url = link(&page, TemplateKind::InviteToTenant, user.id, token);
        let mail = InviteToTenant::new(self.recipient(user), redirect_url, issuer.map(Issuer::from));
        self.send(user, &mail, changed.as_ref()).await
    }

    /// Tells `inviter` that `joined` joined the tenant by the link that was made in their name.
    ///
    /// # Errors
    /// The mail is not sent, which has been logged.
    pub async fn invitation_used(self, inviter: &User, joined: &User) -> ApiResult<()> {
        let changed = changed(self.store, self.environment, TemplateKind::UserUsedInvitation).await?;
        let (recipient, redirect_url) = (self.recipient(inviter), self.home()?);
        let mail = UserUsedInvitation { recipient, joined: Issuer::from(joined), redirect_url };
        self.send(inviter, &mail, changed.as_ref()).await
    }

    /// Where the application is: what mails that bring no link name instead.
    fn home(&self) -> ApiResult<Url> {
        Ok(self.application().ok_or_else(nowhere)?.page(""))
    }

    /// The application of the tenant, or else of the environment.
    fn application(&self) -> Option<SecretDestination> {
        match self.tenant {
            Some(tenant) => SecretDestination::of_tenant(self.environment, tenant),
            None => SecretDestination::of_environment(self.environment),
        }
    }

    fn recipient(&self, user: &User) -> Recipient {
        let tenant_name = self.tenant.map_or(&self.environment.name, |tenant| &tenant.name);
        Recipient::new(user, tenant_name, self.email_metadata.clone())
    }

    async fn send<M: Mail>(&self, user: &User, mail: &M, changed: Option<&MailTemplate>) -> ApiResult<()> {
        if changed.is_some_and(|changed| !changed.active) {
            return Ok(());
        }
        let Environment { sender, name, .. } = self.environment;
        let sender = Sender { address: sender.clone(), name: name.clone() };
        self.app.mailer().send(&sender, &user.email, mail, changed).await.map_err(|error| {
            report(self.environment, user, &error);
            refusal(error)
        })
    }
}

/// The link of mails of `kind` to `user` that holds `token`. It leads to a page of the environment's own, in whatever tenants
/// the user is.
///
/// # Errors
/// There is no application that it could lead to, which is logged, or the table fails.
pub async fn url(
    store: &EnvironmentStore,
    environment: &Environment,
    kind: TemplateKind,
    user: UserId,
    token: &PlainToken,
) -> ApiResult<Url> {
    own_link(environment, changed(store, environment, kind).await?.as_ref(), kind, user, token)
}

fn own_link(
    environment: &Environment,
    changed: Option<&MailTemplate>,
    kind: TemplateKind,
    user: UserId,
    token: &PlainToken,
) -> ApiResult<Url> {
    let application = SecretDestination::of_environment(environment);
    let page = landing(environment, changed, application).ok_or_else(nowhere)?;
    Ok(link(&page, kind, user, token))
}

/// Notes that `user` is mailed once more what tickets of `purpose` count, and records that as `action`, unless it is but a part of
/// one. `false`: they got enough of them of late, so that whoever else asks for them cannot fill a mailbox.
///
/// # Errors
/// The table fails.
pub async fn note(
    app: &AppState,
    store: &EnvironmentStore,
    user: &User,
    purpose: TicketPurpose,
    action: impl Into<Option<Action>>,
) -> ApiResult<bool> {
    let (now, tickets) = (app.now(), store.tickets());
    let noted = tickets.issue(purpose, user, action, |before| {
        let is_enough = before.is_some_and(|before| before.is_mailed_enough(now));
        (!is_enough).then(|| Ticket::issue(purpose, user, before, &*app.entropy, now).1.mailed(now))
    });
    Ok(noted.await?)
}

/// Whether mails of `kind` are sent.
///
/// # Errors
/// The table fails.
pub async fn are_sent(
    store: &EnvironmentStore,
    environment: &Environment,
    kind: TemplateKind,
) -> ApiResult<bool> {
    Ok(changed(store, environment, kind).await?.is_none_or(|changed| changed.active))
}

/// What the environment changed of its mails of `kind`. Where it changed nothing, nothing is read.
async fn changed(
    store: &EnvironmentStore,
    environment: &Environment,
    kind: TemplateKind,
) -> ApiResult<Option<MailTemplate>> {
    match environment.changed_mails.contains(&kind) {
        true => Ok(store.mail_templates().get(kind).await?),
        false => Ok(None),
    }
}

/// Where a link leads: to the page that the vendor chose for it, or else into `application`. `None`, with a line in the log,
/// when there is neither.
fn landing(
    environment: &Environment,
    changed: Option<&MailTemplate>,
    application: Option<SecretDestination>,
) -> Option<SecretDestination> {
    let destination = changed.and_then(SecretDestination::of_template).or(application);
    if destination.is_none() {
        tracing::error!(environment = %environment.id, "the application's address is no web address: no link leads to it");
    }
    destination
}

/// The answer where there is no application that a link could lead to.
fn nowhere() -> ApiError {
    ApiError::internal("the application has no web address")
}

/// The user's id is enough to find the address: neither that nor the token belongs in a log.
fn report(environment: &Environment, user: &User, error: &EmailError) {
    tracing::error!(
        environment = %environment.id,
        user = %user.id,
        cause = error as &dyn std::error::Error,
        "a mail was not sent"
    );
}

/// What a failure means for whoever asked for the mail.
fn refusal(error: EmailError) -> ApiError {
    match error {
        EmailError::Send(SendError::Throttled | SendError::Unavailable(_)) => ApiError::Busy,
        EmailError::Send(SendError::Rejected(_)) => {
            ApiError::Invalid("the mail is not accepted for this address: is it right?".to_owned())
        }
        EmailError::Variables(_) | EmailError::Template(_) | EmailError::Render(_) => {
            ApiError::internal(error)
        }
    }
}
