//! API tokens: a client id and a secret, which a program exchanges for access tokens.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    ApiTokenId, Entropy, Metadata, PermissionId, PlainToken, RoleId, TenantId, Timestamp, TokenHash, User,
    UserId,
};

/// A client id and a secret, for one tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id, which is its client id.
    pub id: ApiTokenId,
    /// The tenant that its access tokens are for.
    pub tenant_id: TenantId,
    /// For whom it stands, and so what it allows.
    pub holder: ApiTokenHolder,
    /// What it is for.
    pub description: Option<String>,
    /// What the customer keeps beside it; all of it travels in its access tokens.
    pub metadata: Metadata,
    /// The hash of its secret.
    pub secret: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// For whom an API token stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ApiTokenHolder {
    /// For a program of the tenant's, whoever comes and goes there.
    Tenant {
        /// What it allows.
        grants: ApiTokenGrants,
        /// The user who made it; none when a vendor did.
        created_by: Option<UserId>,
    },
    /// For a user: it allows what they may do in the tenant.
    User {
        /// The user.
        id: UserId,
        /// When they joined the tenant. Should they leave it and join it again, it is another membership, and the token is void.
        /// None for a super user who works in the tenant without belonging to it.
        member_since: Option<Timestamp>,
    },
}

/// What a tenant's API token allows: what some roles do, or some permissions by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApiTokenGrants {
    /// What these roles allow, as they are when it is exchanged.
    Roles(BTreeSet<RoleId>),
    /// These permissions.
    Permissions(BTreeSet<PermissionId>),
}

/// Whose API tokens are listed, and counted, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiTokenOwner {
    /// Those that stand for the tenant itself.
    Tenant(TenantId),
    /// Those that stand for a user, in whichever tenant.
    User(UserId),
}

impl ApiTokenOwner {
    /// How many there can be.
    #[must_use]
    pub const fn most(&self) -> usize {
        match self {
            Self::Tenant(_) => 1_000,
            Self::User(_) => 100,
        }
    }
}

impl ApiTokenHolder {
    /// Has a tenant's token allow `grants`, if `check` has nothing against that, which sees what it allowed before. A user's
    /// allows what they may do.
    ///
    /// # Errors
    /// `check` has.
    pub fn allow<E>(
        &mut self,
        grants: &ApiTokenGrants,
        check: impl FnOnce(&ApiTokenGrants) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Self::Tenant { grants: before, .. } = self {
            check(before)?;
            before.clone_from(grants);
        }
        Ok(())
    }
}

impl ApiTokenGrants {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self::Roles(BTreeSet::new())
    }

    /// What `roles` allow or, if there are none, `permissions` by themselves.
    #[must_use]
    pub fn of(roles: BTreeSet<RoleId>, permissions: BTreeSet<PermissionId>) -> Self {
        if roles.is_empty() && !permissions.is_empty() {
            Self::Permissions(permissions)
        } else {
            Self::Roles(roles)
        }
    }

    /// The roles, if it is some that it allows what they do.
    #[must_use]
    pub fn roles(&self) -> Option<&BTreeSet<RoleId>> {
        match self {
            Self::Roles(roles) => Some(roles),
            Self::Permissions(_) => None,
        }
    }

    /// The permissions that it allows by themselves, if it does.
    #[must_use]
    pub fn permissions(&self) -> Option<&BTreeSet<PermissionId>> {
        match self {
            Self::Roles(_) => None,
            Self::Permissions(permissions) => Some(permissions),
        }
    }
}

impl ApiToken {
    /// The longest time after which one ends by itself, in minutes: ten years.
    pub const MAX_MINUTES: i64 = 5_256_000;

    /// A token that does not end by itself, and its secret, which is handed out once.
    #[must_use]
    pub fn issue(
        tenant_id: TenantId,
        holder: ApiTokenHolder,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> (PlainToken, Self) {
        let secret = PlainToken::random_uuid(entropy);
        let token = Self {
            id: ApiTokenId::random(entropy),
            tenant_id,
            holder,
            description: None,
            metadata: Metadata::default(),
            secret: secret.hash(),
            created_at: now,
            expires_at: None,
        };
        (secret, token)
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> ApiTokenOwner {
        match &self.holder {
            ApiTokenHolder::Tenant { .. } => ApiTokenOwner::Tenant(self.tenant_id.clone()),
            ApiTokenHolder::User { id, .. } => ApiTokenOwner::User(*id),
        }
    }

    /// Whether `presented` is its secret, in time.
    #[must_use]
    pub fn accepts(&self, presented: &PlainToken, now: Timestamp) -> bool {
        self.secret == presented.hash() && !self.is_over(now)
    }

    /// Whether its time is over at `now`.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }

    /// Whether it can stand for `user` at `now`, in its tenant, if that is there.
    #[must_use]
    pub fn stands_for(&self, user: &User, now: Timestamp) -> bool {
        let ApiTokenHolder::User { id, member_since } = &self.holder else { return false };
        let joined = user.membership(&self.tenant_id).map(|membership| membership.created_at);
        let same_membership = member_since.is_none_or(|since| joined == Some(since));
        *id == user.id && same_membership && user.locked.is_none() && user.reaches(&self.tenant_id, now)
    }

    /// The end of something that lasts `seconds` from `now` on, and no longer than the token.
    #[must_use]
    pub fn end_of(&self, seconds: i64, now: Timestamp) -> Timestamp {
        let end = now.plus_seconds(seconds);
        self.expires_at.map_or(end, |own| own.min(end))
    }
}

/// One exchange of an API token, with the refresh token that goes on from it: what is kept of that.
///
/// An API token has [`Self::SLOTS`] places for them. The exchanges take one after the other, and so each that of the exchange
/// so many before: there cannot be more, and it is the oldest that makes room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiTokenLogin {
    /// Its place.
    pub slot: u8,
    /// The hash of the refresh token that is good now.
    hash: TokenHash,
    /// When that expires, unless it is exchanged before.
    pub expires_at: Timestamp,
}

impl ApiTokenLogin {
    /// How many refresh tokens of one API token are good at the same time.
    pub const SLOTS: u8 = 100;

    /// The exchange of `token` that comes after `before` others, and its refresh token, which is good until `expires_at`.
    #[must_use]
    pub fn begin(
        token: &ApiToken,
        before: u64,
        entropy: &dyn Entropy,
        expires_at: Timestamp,
    ) -> (ApiRefreshToken, Self) {
        let slot = u8::try_from(before % u64::from(Self::SLOTS)).unwrap_or_default();
        Self::issue(token.id, slot, entropy, expires_at)
    }

    /// The same after `presented`, which it accepts, has been exchanged for another refresh token.
    #[must_use]
    pub fn refreshed(
        presented: &ApiRefreshToken,
        entropy: &dyn Entropy,
        expires_at: Timestamp,
    ) -> (ApiRefreshToken, Self) {
        Self::issue(presented.token_id, presented.slot, entropy, expires_at)
    }

    fn issue(
        token_id: ApiTokenId,
        slot: u8,
        entropy: &dyn Entropy,
        expires_at: Timestamp,
    ) -> (ApiRefreshToken, Self) {
        let token = ApiRefreshToken { token_id, slot, secret: Zeroizing::new(entropy.bytes()) };
        let login = Self { slot, hash: token.hash(), expires_at };
        (token, login)
    }

    /// Whether `presented` is the refresh token that is good now.
    #[must_use]
    pub fn accepts(&self, presented: &ApiRefreshToken, now: Timestamp) -> bool {
        self.slot == presented.slot && self.hash == presented.hash() && now < self.expires_at
    }
}

/// The refresh token of an API token: opaque to its owner; to Rookery, where it is kept, and a secret of 256 bits.
#[derive(Clone, PartialEq)]
pub struct ApiRefreshToken {
    token_id: ApiTokenId,
    slot: u8,
    secret: Zeroizing<[u8; 32]>,
}

/// The text is no refresh token of an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the refresh token is malformed")]
pub struct ApiRefreshTokenError;

impl ApiRefreshToken {
    const BYTES: usize = 16 + 1 + 32;

    /// The API token that it is of.
    #[must_use]
    pub fn token_id(&self) -> ApiTokenId {
        self.token_id
    }

    /// The place of the exchange that it goes on from.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// The token as its owner gets it.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::BYTES));
        bytes.extend_from_slice(self.token_id.as_uuid().as_bytes());
        bytes.push(self.slot);
        bytes.extend_from_slice(self.secret.as_ref());
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&*bytes))
    }

    fn hash(&self) -> TokenHash {
        TokenHash::of(self.secret.as_ref())
    }
}

impl FromStr for ApiRefreshToken {
    type Err = ApiRefreshTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| ApiRefreshTokenError)?);
        if bytes.len() != Self::BYTES || bytes[16] >= ApiTokenLogin::SLOTS {
            return Err(ApiRefreshTokenError);
        }
        let id = Uuid::from_slice(&bytes[..16]).map_err(|_| ApiRefreshTokenError)?;
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(&bytes[17..]);
        Ok(Self { token_id: id.into(), slot: bytes[16], secret })
    }
}

impl fmt::Debug for ApiRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiRefreshToken({})", self.token_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LockReason, Membership, MembershipStatus, SeededEntropy};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn acme() -> TenantId {
        "acme".parse().unwrap()
    }

    fn of_tenant(entropy: &dyn Entropy) -> (PlainToken, ApiToken) {
        let grants = ApiTokenGrants::none();
        ApiToken::issue(acme(), ApiTokenHolder::Tenant { grants, created_by: None }, entropy, at(0))
    }

    fn member(since: i64) -> User {
        let id = UserId::random(&SeededEntropy::new(7));
        let membership = Membership::new(acme(), Vec::new(), MembershipStatus::Activated, at(since));
        User { memberships: vec![membership], ..User::new(id, "jane@example.com".parse().unwrap(), at(0)) }
    }

    fn of(user: &User) -> ApiToken {
        let member_since = user.membership(&acme()).map(|membership| membership.created_at);
        let holder = ApiTokenHolder::User { id: user.id, member_since };
        ApiToken::issue(acme(), holder, &SeededEntropy::new(1), at(0)).1
    }

    #[test]
    fn a_secret_is_good_for_its_token_until_that_ends() {
        let entropy = SeededEntropy::new(1);
        let ((secret, mut token), (other, _)) = (of_tenant(&entropy), of_tenant(&entropy));
        assert!(token.accepts(&secret, at(9_999_999)) && !token.accepts(&other, at(0)));
        token.expires_at = Some(at(60));
        assert!(token.accepts(&secret, at(59)) && !token.accepts(&secret, at(60)));
        assert_eq!((token.end_of(30, at(0)), token.end_of(300, at(0))), (at(30), at(60)));
    }

    #[test]
    fn roles_win_over_permissions_and_neither_is_no_role() {
        let entropy: &dyn Entropy = &SeededEntropy::new(1);
        let roles = BTreeSet::from([RoleId::random(entropy)]);
        let permissions = BTreeSet::from([PermissionId::random(entropy)]);
        assert_eq!(ApiTokenGrants::of(roles.clone(), permissions.clone()), ApiTokenGrants::Roles(roles));
        let only = ApiTokenGrants::of(BTreeSet::new(), permissions.clone());
        assert_eq!((only.roles(), only.permissions()), (None, Some(&permissions)));
        assert_eq!(ApiTokenGrants::of(BTreeSet::new(), BTreeSet::new()), ApiTokenGrants::none());
    }

    #[test]
    fn a_users_token_stands_for_them_while_they_belong_to_the_tenant_as_they_did() {
        let jane = member(10);
        let token = of(&jane);
        assert!(token.stands_for(&jane, at(20)));
        let locked = User { locked: Some(LockReason::Administrator), ..jane.clone() };
        let left = User { memberships: Vec::new(), ..jane.clone() };
        let somebody = User { id: UserId::random(&SeededEntropy::new(8)), ..jane.clone() };
        for other in [locked, left.clone(), somebody, member(11)] {
            assert!(!token.stands_for(&other, at(20)), "{other:?}");
        }
        let visitor = User { super_user: true, ..left };
        let visiting = of(&visitor);
        assert!(visiting.stands_for(&visitor, at(20)));
        assert!(!visiting.stands_for(&User { super_user: false, ..visitor }, at(20)));
        assert!(!of_tenant(&SeededEntropy::new(1)).1.stands_for(&jane, at(20)));
    }

    #[test]
    fn exchanges_take_the_places_of_the_oldest() {
        let entropy = SeededEntropy::new(1);
        let (_, token) = of_tenant(&entropy);
        let slot = |before| ApiTokenLogin::begin(&token, before, &entropy, at(60)).1.slot;
        assert_eq!([0, 1, 99, 100, 101, 250].map(slot), [0, 1, 99, 0, 1, 50]);
    }

    #[test]
    fn a_refresh_token_is_good_once_and_in_time() {
        let entropy = SeededEntropy::new(1);
        let (_, token) = of_tenant(&entropy);
        let (first, login) = ApiTokenLogin::begin(&token, 7, &entropy, at(60));
        assert!(login.accepts(&first, at(59)) && !login.accepts(&first, at(60)));
        let (second, after) = ApiTokenLogin::refreshed(&first, &entropy, at(120));
        assert!(after.accepts(&second, at(60)) && !after.accepts(&first, at(0)));
        assert_eq!((second.token_id(), second.slot()), (token.id, 7));
    }

    #[test]
    fn a_refresh_token_is_read_as_it_was_written_and_not_printed() {
        let entropy = SeededEntropy::new(1);
        let (_, token) = of_tenant(&entropy);
        let (refresh, _) = ApiTokenLogin::begin(&token, 99, &entropy, at(60));
        assert_eq!(refresh.expose().parse(), Ok(refresh.clone()));
        assert_eq!(format!("{refresh:?}"), format!("ApiRefreshToken({})", token.id));
        let beyond = ApiRefreshToken { slot: 100, ..refresh.clone() };
        for bad in
            ["", "x", "é", &refresh.expose()[2..], &format!("{}AA", *refresh.expose()), &beyond.expose()]
        {
            assert_eq!(bad.parse::<ApiRefreshToken>(), Err(ApiRefreshTokenError), "{bad}");
        }
    }
}
