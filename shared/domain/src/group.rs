//! Groups of users in a tenant: whoever is in one has its roles there.

use serde::{Deserialize, Serialize};

use crate::{GroupId, ManagedBy, Metadata, RoleId, TenantId, Timestamp};

/// A group of users in a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The tenant whose it is.
    pub tenant_id: TenantId,
    /// Its name; unique in the tenant, whatever its case.
    pub name: String,
    /// The colour that it is shown in.
    pub color: GroupColor,
    /// What it is for.
    pub description: Option<String>,
    /// What the customer keeps beside it.
    pub metadata: Metadata,
    /// Who maintains its name and its members.
    pub managed_by: ManagedBy,
    /// The roles that its members have. One that has been deleted may stand here still.
    pub role_ids: Vec<RoleId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Group {
    /// The most groups one tenant may have: they are listed and sorted as a whole.
    pub const MAX_IN_TENANT: usize = 500;

    /// The most users one group may have: with the group, each of them leaves it.
    pub const MAX_MEMBERS: usize = 1_000;

    /// The most roles one group may have.
    pub const MAX_ROLES: usize = 100;

    /// Whether its name and its members are another system's, and only read here.
    #[must_use]
    pub fn is_synchronized(&self) -> bool {
        match self.managed_by {
            ManagedBy::Frontegg => false,
            ManagedBy::Scim2 | ManagedBy::External => true,
        }
    }
}

/// A colour, as style sheets write it: `#rgb`, `#rrggbb` or a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupColor(String);

/// The text is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("color must be #rgb, #rrggbb or the name of a colour")]
pub struct GroupColorError;

impl GroupColor {
    /// The longest name of a colour, in characters.
    const LONGEST_NAME: usize = 32;

    /// The colour as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for GroupColor {
    fn default() -> Self {
        Self("#808080".to_owned())
    }
}

impl TryFrom<String> for GroupColor {
    type Error = GroupColorError;

    fn try_from(text: String) -> Result<Self, GroupColorError> {
        let is_color = match text.strip_prefix('#') {
            Some(digits) => {
                matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
            }
            None => {
                (1..=Self::LONGEST_NAME).contains(&text.len())
                    && text.bytes().all(|letter| letter.is_ascii_alphabetic())
            }
        };
        if is_color { Ok(Self(text)) } else { Err(GroupColorError) }
    }
}

impl From<GroupColor> for String {
    fn from(color: GroupColor) -> Self {
        color.0
    }
}

/// Whether tenants of an environment have groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupsConfiguration {
    /// Whether there are groups. Without, those that were made stay, and count for nothing.
    pub enabled: bool,
    /// Whether groups have roles. Without, those that were given stay, and count for nothing.
    pub roles_enabled: bool,
}

impl Default for GroupsConfiguration {
    fn default() -> Self {
        Self { enabled: true, roles_enabled: true }
    }
}

impl GroupsConfiguration {
    /// Whether the roles of groups count.
    #[must_use]
    pub fn gives_roles(&self) -> bool {
        self.enabled && self.roles_enabled
    }

    /// Whether nothing was chosen.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Membership, MembershipStatus, SeededEntropy};

    #[test]
    fn a_color_is_a_number_or_a_name() {
        let read = |text: &str| GroupColor::try_from(text.to_owned());
        for good in ["#fff", "#A0b1C2", "grey", "RebeccaPurple"] {
            assert_eq!(read(good).unwrap().as_str(), good);
        }
        let long = "x".repeat(33);
        for bad in ["", "#", "#ff", "#ffff", "#gggggg", "red;", "url(x)", "a b", "\u{e4}", long.as_str()] {
            assert_eq!(read(bad), Err(GroupColorError), "{bad}");
        }
    }

    #[test]
    fn a_membership_counts_with_the_roles_of_its_own_groups_alone() {
        let entropy = SeededEntropy::new(1);
        let (now, acme): (_, TenantId) = (Timestamp::from_millis(0), "acme".parse().unwrap());
        let group = |tenant: &TenantId| Group {
            id: GroupId::random(&entropy),
            tenant_id: tenant.clone(),
            name: "Editors".to_owned(),
            color: GroupColor::default(),
            description: None,
            metadata: Metadata::default(),
            managed_by: ManagedBy::default(),
            role_ids: vec![RoleId::random(&entropy)],
            created_at: now,
            updated_at: now,
        };
        let (own, strange) = (group(&acme), group(&acme));
        let elsewhere = Group { id: own.id, ..group(&"labs".parse().unwrap()) };
        let role = RoleId::random(&entropy);
        let mut member = Membership::new(acme, vec![role], MembershipStatus::Activated, now);
        member.group_ids = vec![own.id];
        let counted = member.with_roles_of(&[own.clone(), strange, elsewhere]);
        assert_eq!(counted.role_ids, [role, own.role_ids[0]]);
    }

    #[test]
    fn roles_of_groups_count_while_both_switches_are_on() {
        for (enabled, roles_enabled) in [(true, true), (true, false), (false, true), (false, false)] {
            let configuration = GroupsConfiguration { enabled, roles_enabled };
            assert_eq!(configuration.gives_roles(), enabled && roles_enabled);
            assert_eq!(configuration.is_default(), enabled && roles_enabled);
        }
    }
}
