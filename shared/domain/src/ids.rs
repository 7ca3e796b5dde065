//! Typed ids: the compiler tells a user from a role.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Entropy;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id.
            #[must_use]
            pub fn random(entropy: &dyn Entropy) -> Self {
                Self(entropy.uuid())
            }

            /// The id as a plain UUID.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

uuid_ids! {
    /// An environment of a vendor: the outermost wall. It is also the environment's public client id.
    VendorId;
    /// A user, across all of their tenants.
    UserId;
    /// A role.
    RoleId;
    /// A permission.
    PermissionId;
    /// A category that groups permissions.
    CategoryId;
    /// A group of users in a tenant.
    GroupId;
    /// A session: one sign-in on one device.
    SessionId;
    /// An authenticator app, as a second factor of a user.
    AuthenticatorId;
    /// A policy of an environment or of a tenant.
    PolicyId;
    /// An API token. It is also the token's client id.
    ApiTokenId;
    /// An invitation link of a tenant.
    InviteId;
    /// The `id` that the API shows beside a tenant's `tenantId`.
    RecordId;
}

/// A tenant, which the API also calls an account. The caller may choose it: 1 to 255 letters, digits, `_` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

/// The text is no tenant id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tenantId must be 1 to 255 letters, digits, '_' or '-'")]
pub struct InvalidTenantId;

impl TenantId {
    /// A new id, a UUID.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy.uuid().to_string())
    }

    /// The id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=255).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidTenantId)
        }
    }
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_id_may_hold_nothing_that_a_key_or_a_path_reads_as_its_own() {
        for good in ["a", "my-tenant_1", "0b1c3d5e-0000-4000-8000-000000000000"] {
            assert!(good.parse::<TenantId>().is_ok(), "{good}");
        }
        let long = "x".repeat(256);
        for bad in ["", "a#b", "a/b", "a b", "ä", "a\n", ".", long.as_str()] {
            assert_eq!(bad.parse::<TenantId>(), Err(InvalidTenantId), "{bad:?}");
        }
    }
}
