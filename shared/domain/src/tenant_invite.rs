//! Invitation links: whoever has one joins a tenant, until it expires or is deleted.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Entropy, InviteId, LockReason, PlainToken, RoleId, TenantId, Ticket, Timestamp, User, UserId};

/// An invitation link of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantInvite {
    /// What the link holds.
    pub token: LinkToken,
    /// The tenant that it leads to.
    pub tenant_id: TenantId,
    /// Who invites.
    pub inviter: Inviter,
    /// The roles of whoever joins by it; when there are none, those for new members.
    pub role_ids: Vec<RoleId>,
    /// Whether the user in whose name it was made is told when somebody joins by it.
    pub should_send_email: bool,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the inviter was told of late that somebody joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mailed_at: Vec<Timestamp>,
}

/// Who invites by a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inviter {
    /// A member, by the one link that they have in the tenant.
    Member(UserId),
    /// A vendor, by one of many links; in the name of a member, or in nobody's.
    Vendor {
        /// The member.
        on_behalf_of: Option<UserId>,
    },
}

impl Inviter {
    /// The user in whose name the link was made.
    #[must_use]
    pub fn user_id(self) -> Option<UserId> {
        match self {
            Self::Member(user) => Some(user),
            Self::Vendor { on_behalf_of } => on_behalf_of,
        }
    }
}

/// What a tenant has one link of at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InviteSlot {
    /// The link of a member's own.
    Member(UserId),
    /// A link that a vendor made.
    Vendor(InviteId),
}

/// The token of a link. It is kept as it is, other than tokens that work once: its maker is shown the link again for as long
/// as it works. It does not print.
#[derive(Clone)]
pub struct LinkToken(PlainToken);

impl LinkToken {
    /// The secret, for an answer that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The secret, to be presented.
    #[must_use]
    pub fn plain(&self) -> &PlainToken {
        &self.0
    }
}

impl From<PlainToken> for LinkToken {
    fn from(token: PlainToken) -> Self {
        Self(token)
    }
}

impl PartialEq for LinkToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash() == other.0.hash()
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for LinkToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for LinkToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(PlainToken::presented(String::deserialize(deserializer)?)))
    }
}

impl InviteId {
    /// The id of the link that holds `token`. It is a part of the token's hash: so a link is found by either, and whoever knows
    /// the id does not know the token.
    #[must_use]
    pub fn of(token: &PlainToken) -> Self {
        token.hash().uuid().into()
    }
}

/// A link cannot work for so long, or for so short a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expiresInMinutes must be from 1 to {} (a year)", TenantInvite::LONGEST_MINUTES)]
pub struct InviteLifetimeError;

impl TenantInvite {
    /// For how long a link works unless somebody says otherwise, in minutes: seven days.
    pub const DEFAULT_MINUTES: i64 = 7 * 24 * 60;
    /// The longest that a link works, in minutes: a year.
    pub const LONGEST_MINUTES: i64 = 365 * 24 * 60;

    /// A link to `tenant_id` that works for as long as links do, of which nobody is told.
    #[must_use]
    pub fn new(tenant_id: TenantId, inviter: Inviter, entropy: &dyn Entropy, now: Timestamp) -> Self {
        Self {
            token: LinkToken(PlainToken::random(entropy)),
            tenant_id,
            inviter,
            role_ids: Vec::new(),
            should_send_email: false,
            expires_at: now.plus_seconds(Self::DEFAULT_MINUTES * 60),
            created_at: now,
            mailed_at: Vec::new(),
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> InviteId {
        InviteId::of(&self.token.0)
    }

    /// What its tenant has of it.
    #[must_use]
    pub fn slot(&self) -> InviteSlot {
        match self.inviter {
            Inviter::Member(user) => InviteSlot::Member(user),
            Inviter::Vendor { .. } => InviteSlot::Vendor(self.id()),
        }
    }

    /// Has it work for `minutes` from `now` on.
    ///
    /// # Errors
    /// It cannot work for so long, or for so short a time.
    pub fn expire_in(&mut self, minutes: i64, now: Timestamp) -> Result<(), InviteLifetimeError> {
        if !(1..=Self::LONGEST_MINUTES).contains(&minutes) {
            return Err(InviteLifetimeError);
        }
        self.expires_at = now.plus_seconds(minutes * 60);
        Ok(())
    }

    /// Whether it has not ended at `now`.
    #[must_use]
    pub fn is_in_time(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether whoever presents `token` may join by this link at `now`. `inviter` is the user in whose name it was made, if they
    /// are there.
    #[must_use]
    pub fn admits(&self, token: &PlainToken, inviter: Option<&User>, now: Timestamp) -> bool {
        let is_vouched_for = match self.inviter.user_id() {
            None => true,
            Some(id) => inviter.is_some_and(|user| user.id == id && self.is_vouched_for_by(user, now)),
        };
        self.token.0.hash() == token.hash() && self.is_in_time(now) && is_vouched_for
    }

    /// Whether `user`, in whose name it was made, has belonged to the tenant ever since, and may work in it. A link of somebody
    /// who left does not come back with them.
    fn is_vouched_for_by(&self, user: &User, now: Timestamp) -> bool {
        let membership = user.membership(&self.tenant_id);
        let has_stayed = membership.is_some_and(|membership| membership.created_at <= self.created_at);
        may_invite(user, &self.tenant_id, now) && (has_stayed || user.super_user)
    }

    /// Notes that the inviter is told at `now` that somebody joined. `false`: they were told often enough of late.
    pub fn note_mail(&mut self, now: Timestamp) -> bool {
        self.mailed_at.retain(|at| now.seconds_since(*at) < Ticket::WINDOW_SECONDS);
        let is_room = self.mailed_at.len() < Ticket::MAILS;
        if is_room {
            self.mailed_at.push(now);
        }
        is_room
    }
}

/// Whether links to `tenant` can be made in the name of `user`, and work: they work in it themselves.
#[must_use]
pub fn may_invite(user: &User, tenant: &TenantId, now: Timestamp) -> bool {
    user.locked != Some(LockReason::Administrator) && user.reaches(tenant, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Membership, MembershipStatus, SeededEntropy};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn acme() -> TenantId {
        "acme".parse().unwrap()
    }

    fn member(since: i64) -> User {
        let membership = Membership::new(acme(), Vec::new(), MembershipStatus::Activated, at(since));
        let id = UserId::random(&SeededEntropy::new(7));
        User { memberships: vec![membership], ..User::new(id, "jane@example.com".parse().unwrap(), at(0)) }
    }

    #[test]
    fn a_link_works_for_who_has_its_token_and_in_its_time() {
        let vendor = Inviter::Vendor { on_behalf_of: None };
        let mut invite = TenantInvite::new(acme(), vendor, &SeededEntropy::new(1), at(0));
        let other = TenantInvite::new(acme(), vendor, &SeededEntropy::new(2), at(0));
        let token = invite.token.plain().clone();
        assert!(invite.admits(&token, None, at(7 * 86_400 - 1)));
        assert!(!invite.admits(&token, None, at(7 * 86_400)));
        assert!(!invite.admits(other.token.plain(), None, at(0)));
        for minutes in [0, -1, TenantInvite::LONGEST_MINUTES + 1] {
            assert_eq!(invite.expire_in(minutes, at(0)), Err(InviteLifetimeError));
        }
        invite.expire_in(1, at(10)).unwrap();
        assert!(invite.is_in_time(at(69)) && !invite.is_in_time(at(70)));
        assert_ne!(invite.id(), other.id());
        assert_eq!(invite.slot(), InviteSlot::Vendor(invite.id()));
    }

    #[test]
    fn a_link_works_while_its_inviter_belongs_to_the_tenant_and_not_again_when_they_come_back() {
        let jane = member(0);
        let invite = TenantInvite::new(acme(), Inviter::Member(jane.id), &SeededEntropy::new(1), at(10));
        let works = |inviter: Option<&User>| invite.admits(invite.token.plain(), inviter, at(20));
        assert!(works(Some(&jane)));
        assert!(!works(None));
        assert!(!works(Some(&member(15))), "they left and came back");
        let left = User { memberships: Vec::new(), ..jane.clone() };
        assert!(!works(Some(&left)));
        assert!(works(Some(&User { super_user: true, ..left })));
        assert!(!works(Some(&User { locked: Some(LockReason::Administrator), ..jane.clone() })));
        assert!(works(Some(&User { locked: Some(LockReason::Attempts), ..jane.clone() })));
        let mut disabled = jane;
        disabled.memberships[0].disabled = true;
        assert!(!works(Some(&disabled)));
    }

    #[test]
    fn the_inviter_is_not_told_without_end() {
        let vendor = Inviter::Vendor { on_behalf_of: None };
        let mut invite = TenantInvite::new(acme(), vendor, &SeededEntropy::new(1), at(0));
        let told = (0..9).filter(|second| invite.note_mail(at(*second))).count();
        assert_eq!(told, Ticket::MAILS);
        assert!(invite.note_mail(at(Ticket::WINDOW_SECONDS)));
    }

    #[test]
    fn a_links_token_is_not_printed() {
        let vendor = Inviter::Vendor { on_behalf_of: None };
        let invite = TenantInvite::new(acme(), vendor, &SeededEntropy::new(1), at(0));
        assert!(!format!("{invite:?}").contains(invite.token.expose()));
        let read: TenantInvite = serde_json::from_str(&serde_json::to_string(&invite).unwrap()).unwrap();
        assert_eq!(read, invite);
    }
}
