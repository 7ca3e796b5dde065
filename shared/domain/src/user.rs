//! Users, and their memberships in tenants.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    EmailAddress, Entropy, Group, GroupId, Metadata, PhoneNumber, PlainToken, Role, RoleId, TenantId,
    Timestamp, TokenHash, UserId,
};

/// A person. One user, however many tenants they belong to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the API's own switches, each independent of the others")]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The address they sign in with; unique in the environment.
    pub email: EmailAddress,
    /// What to call them.
    pub name: Option<String>,
    /// Where their picture is.
    pub profile_picture_url: Option<String>,
    /// Their telephone number.
    pub phone_number: Option<PhoneNumber>,
    /// How they first came.
    pub provider: Provider,
    /// Who maintains them.
    pub managed_by: ManagedBy,
    /// Whether they have shown that the e-mail address is theirs.
    pub verified: bool,
    /// Whether their password was chosen by whoever signed up with the address, before anybody had shown that it is theirs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub password_unproven: bool,
    /// Why they cannot sign in anywhere, if so.
    pub locked: Option<LockReason>,
    /// Rises with whatever voids their sessions. A session counts only while it has the same number: so those end too that are
    /// being begun at that moment, by whoever was let in before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub session_generation: u64,
    /// Rises with whatever voids what they signed in with: a new password, another address. Their login repeats it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub credential_generation: u64,
    /// Whether self-service lists leave them out.
    pub invisible: bool,
    /// Whether they reach every tenant of the environment.
    pub super_user: bool,
    /// Whether they are never asked for a second factor.
    pub mfa_bypass: bool,
    /// Whether they have a second factor. It is written together with their second factors, so that only those who have one
    /// need more reads to sign in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mfa_enrolled: bool,
    /// Whether they may act in sub-tenants of their tenants.
    pub sub_account_access_allowed: bool,
    /// What the customer keeps beside them, and shows them.
    pub metadata: Metadata,
    /// What the vendor keeps beside them; only vendor tokens see it.
    pub vendor_metadata: Metadata,
    /// The tenant they last worked in.
    pub active_tenant: Option<TenantId>,
    /// The tenants they belong to, oldest first.
    pub memberships: Vec<Membership>,
    /// The mailed token that proves the e-mail address, while one is out.
    pub activation: Option<OneTimeToken>,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last signed in.
    #[serde(skip)]
    pub last_login: Option<Timestamp>,
}

/// A user's place in one tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The roles they were given there.
    pub role_ids: Vec<RoleId>,
    /// Roles that came to every member at once and were taken from this one again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined_role_ids: Vec<RoleId>,
    /// The groups they are in there. One that has been deleted may stand here still, until its deletion comes to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_ids: Vec<GroupId>,
    /// How far they have come in joining.
    pub status: MembershipStatus,
    /// Whether they are shut out of this one tenant.
    #[serde(default)]
    pub disabled: bool,
    /// When the membership ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When they joined, or were invited.
    pub created_at: Timestamp,
}

/// How far a user has come in joining a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MembershipStatus {
    /// New to the environment: the account waits to be activated from a mail.
    NotActivated,
    /// Known in the environment, and asked to join by a mail that holds this token.
    PendingInvitation(OneTimeToken),
    /// Added without a mail, and not yet signed in.
    PendingLogin,
    /// In.
    Activated,
}

/// A secret that was mailed, works once and not for long. A new one takes the place of the old.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneTimeToken {
    hash: TokenHash,
    expires_at: Timestamp,
}

/// The token is not the one that is out, or its time is over. The two are not told apart on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is wrong, used or expired: ask for a new one")]
pub struct OneTimeTokenError;

impl OneTimeToken {
    /// How long activation and invitation tokens work, in seconds: seven days.
    pub const LIFETIME_SECONDS: i64 = 7 * 86_400;

    /// A new token: the secret to mail, and what is kept.
    #[must_use]
    pub fn issue(entropy: &dyn Entropy, now: Timestamp) -> (PlainToken, Self) {
        let secret = PlainToken::random(entropy);
        let kept = Self { hash: secret.hash(), expires_at: now.plus_seconds(Self::LIFETIME_SECONDS) };
        (secret, kept)
    }

    /// Has it work no longer.
    pub fn void(&mut self) {
        self.expires_at = Timestamp::from_millis(0);
    }

    /// Whether `presented` is this token, in time.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(&self, presented: &PlainToken, now: Timestamp) -> Result<(), OneTimeTokenError> {
        if self.hash == presented.hash() && now < self.expires_at { Ok(()) } else { Err(OneTimeTokenError) }
    }
}

/// How a user first came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the API's own and say all there is to say")]
pub enum Provider {
    #[default]
    Local,
    Saml,
    Google,
    Github,
    Facebook,
    Microsoft,
    Scim2,
    Slack,
    Apple,
}

/// Who maintains a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ManagedBy {
    /// Rookery, under the name that clients of the API know.
    #[default]
    Frontegg,
    /// A SCIM 2.0 client (RFC 7644).
    Scim2,
    /// Another system.
    External,
}

/// Why a user is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockReason {
    /// The vendor locked them.
    Administrator,
    /// Too many wrong passwords.
    Attempts,
}

/// What failures in a row are counted since: it is another once the user has signed in, was locked, or has another password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailuresSince {
    session_generation: u64,
    last_login: Option<Timestamp>,
}

impl fmt::Display for FailuresSince {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.session_generation, self.last_login.map_or(0, Timestamp::as_millis))
    }
}

/// Whether a number that is kept need not be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Whether a switch that is off need not be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn is_false(switch: &bool) -> bool {
    !switch
}

impl Membership {
    /// The most groups one user may be in, in one tenant: all that a user is in is changed in one transaction.
    pub const MAX_GROUPS: usize = 40;

    /// A membership that begins at `now` and does not end by itself.
    #[must_use]
    pub fn new(tenant_id: TenantId, role_ids: Vec<RoleId>, status: MembershipStatus, now: Timestamp) -> Self {
        Self {
            tenant_id,
            role_ids,
            declined_role_ids: Vec::new(),
            group_ids: Vec::new(),
            status,
            disabled: false,
            expires_at: None,
            created_at: now,
        }
    }

    /// Whether the user may sign in to this tenant at `now`.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.has_joined() && !self.disabled && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the user has joined: nothing is left for them to accept.
    #[must_use]
    pub fn has_joined(&self) -> bool {
        match self.status {
            MembershipStatus::PendingLogin | MembershipStatus::Activated => true,
            MembershipStatus::NotActivated | MembershipStatus::PendingInvitation(_) => false,
        }
    }

    /// The membership as it counts: with the roles of `groups`, which they are in, beside their own. It is for reading only, as
    /// the roles of a group go when they leave it.
    #[must_use]
    pub fn with_roles_of(&self, groups: &[Group]) -> Self {
        let own = |group: &&Group| self.group_ids.contains(&group.id) && group.tenant_id == self.tenant_id;
        let roles = groups.iter().filter(own).flat_map(|group| &group.role_ids);
        Self { role_ids: self.role_ids.iter().chain(roles).copied().collect(), ..self.clone() }
    }

    /// Gives them `role`.
    pub fn give(&mut self, role: &Role) {
        self.declined_role_ids.retain(|declined| *declined != role.id);
        if !self.role_ids.contains(&role.id) {
            self.role_ids.push(role.id);
        }
    }

    /// Takes `role` from them, however they came to have it.
    pub fn take(&mut self, role: &Role) {
        self.role_ids.retain(|given| *given != role.id);
        if role.came_to(self) && !self.declined_role_ids.contains(&role.id) {
            self.declined_role_ids.push(role.id);
        }
    }

    /// Takes in what `other`, the same user's membership in a tenant they are moved from, has more.
    pub fn absorb(&mut self, other: Self) {
        if !self.has_joined() && other.has_joined() {
            self.status = other.status;
        }
        self.declined_role_ids.retain(|role| !other.role_ids.contains(role));
        for role in other.role_ids {
            if !self.role_ids.contains(&role) {
                self.role_ids.push(role);
            }
        }
        self.expires_at = match (self.expires_at, other.expires_at) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
    }
}

impl User {
    /// A user of whom nothing is known but the address, who belongs to no tenant yet.
    #[must_use]
    pub fn new(id: UserId, email: EmailAddress, now: Timestamp) -> Self {
        Self {
            id,
            email,
            name: None,
            profile_picture_url: None,
            phone_number: None,
            provider: Provider::default(),
            managed_by: ManagedBy::default(),
            verified: false,
            password_unproven: false,
            locked: None,
            session_generation: 0,
            credential_generation: 0,
            invisible: false,
            super_user: false,
            mfa_bypass: false,
            mfa_enrolled: false,
            sub_account_access_allowed: false,
            metadata: Metadata::default(),
            vendor_metadata: Metadata::default(),
            active_tenant: None,
            memberships: Vec::new(),
            activation: None,
            created_at: now,
            last_login: None,
        }
    }

    /// The most tenants one user may belong to: a user is one item of the table, which has a largest size.
    pub const MAX_MEMBERSHIPS: usize = 500;

    /// Their membership in `tenant`.
    #[must_use]
    pub fn membership(&self, tenant: &TenantId) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.tenant_id == *tenant)
    }

    /// Their membership in `tenant`, to be changed.
    pub fn membership_mut(&mut self, tenant: &TenantId) -> Option<&mut Membership> {
        self.memberships.iter_mut().find(|membership| membership.tenant_id == *tenant)
    }

    /// Ends their membership in `tenant`.
    pub fn leave(&mut self, tenant: &TenantId) {
        self.memberships.retain(|membership| membership.tenant_id != *tenant);
        if self.active_tenant.as_ref() == Some(tenant) {
            self.active_tenant = None;
        }
    }

    /// The tenants that they may sign in to at `now`, oldest first.
    pub fn usable_tenants(&self, now: Timestamp) -> impl Iterator<Item = &TenantId> {
        let usable = move |membership: &&Membership| membership.is_usable(now);
        self.memberships.iter().filter(usable).map(|membership| &membership.tenant_id)
    }

    /// Whether they may work in `tenant`, if it is there: a super user may, whether they belong to it or not.
    #[must_use]
    pub fn reaches(&self, tenant: &TenantId, now: Timestamp) -> bool {
        self.super_user || self.usable_tenants(now).any(|usable| usable == tenant)
    }

    /// Where a sign-in lands: the tenant they last worked in or, when that is gone, the oldest one left.
    #[must_use]
    pub fn landing_tenant(&self, now: Timestamp) -> Option<&TenantId> {
        let last = self.active_tenant.as_ref().filter(|tenant| self.reaches(tenant, now));
        last.or_else(|| self.usable_tenants(now).next())
    }

    /// Lets them into the tenants that waited for their first sign-in, and says whether there were any. Where the e-mail
    /// address need not be verified, those that waited for that did not wait for more.
    pub fn note_first_sign_in(&mut self, verification_needed: bool) -> bool {
        let mut let_in = false;
        for membership in &mut self.memberships {
            let waited = match membership.status {
                MembershipStatus::PendingLogin => true,
                MembershipStatus::NotActivated => !verification_needed,
                MembershipStatus::PendingInvitation(_) | MembershipStatus::Activated => false,
            };
            if waited {
                membership.status = MembershipStatus::Activated;
                let_in = true;
            }
        }
        let_in
    }

    /// Whether there is anything for them to activate.
    #[must_use]
    pub fn awaits_activation(&self) -> bool {
        let waits = |membership: &Membership| membership.status == MembershipStatus::NotActivated;
        self.locked.is_none() && (!self.verified || self.memberships.iter().any(waits))
    }

    /// Voids all of their sessions.
    pub fn void_sessions(&mut self) {
        self.session_generation += 1;
    }

    /// Voids what they signed in with until now, and all of their sessions.
    pub fn void_credentials(&mut self) {
        self.credential_generation += 1;
        self.void_sessions();
    }

    /// Shuts them out everywhere. The sessions they have stay void when they are let in again.
    pub fn lock(&mut self, reason: LockReason) {
        self.locked = Some(reason);
        self.void_sessions();
    }

    /// What their failures in a row are counted since.
    #[must_use]
    pub fn failures_since(&self) -> FailuresSince {
        FailuresSince { session_generation: self.session_generation, last_login: self.last_login }
    }

    /// Voids the links that were mailed to them: those of activations and invitations. Who has not accepted an invitation has
    /// to be sent another.
    pub fn void_mailed_tokens(&mut self) {
        self.activation = None;
        for membership in &mut self.memberships {
            if let MembershipStatus::PendingInvitation(token) = &mut membership.status {
                token.void();
            }
        }
    }

    /// Marks the e-mail address as theirs on somebody else's word, and lets them into the tenants that waited for it. The
    /// mailed link still works: they may need it to set a password.
    pub fn verify(&mut self) {
        let activation = self.activation.take();
        self.activate();
        self.activation = activation;
    }

    /// Marks the e-mail address as theirs and lets them into the tenants that waited for it. Whoever had signed up with it before,
    /// and chosen a password, need not be who has shown that: what they signed in with is void.
    pub fn activate(&mut self) {
        if std::mem::take(&mut self.password_unproven) {
            self.void_credentials();
        }
        self.verified = true;
        self.activation = None;
        for membership in &mut self.memberships {
            if membership.status == MembershipStatus::NotActivated {
                membership.status = MembershipStatus::Activated;
            }
        }
    }

    /// Accepts the invitation that `presented` came with, and names the tenant joined.
    ///
    /// # Errors
    /// No invitation has this token, or it is too old.
    pub fn accept_invitation(
        &mut self,
        presented: &PlainToken,
        now: Timestamp,
    ) -> Result<TenantId, OneTimeTokenError> {
        for membership in &mut self.memberships {
            if let MembershipStatus::PendingInvitation(token) = &membership.status
                && token.verify(presented, now).is_ok()
            {
                membership.status = MembershipStatus::Activated;
                let joined = membership.tenant_id.clone();
                if self.password_unproven {
                    // The mail shows whose the address is.
                    self.activate();
                }
                return Ok(joined);
            }
        }
        Err(OneTimeTokenError)
    }
}
