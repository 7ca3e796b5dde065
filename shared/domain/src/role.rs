//! Roles, and what they add up to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    ApiTokenGrants, AssignmentType, CategoryId, Membership, Permission, PermissionCategory, PermissionId,
    RoleId, TenantId, Timestamp, WholeNumber, covers, is_reserved,
};

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// The tenant that made it for itself; none for a role of the whole environment.
    pub tenant_id: Option<TenantId>,
    /// The key that tokens carry; unique among the roles that one tenant sees.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its rank.
    pub level: RoleLevel,
    /// Whether users who are given no roles get this one.
    pub is_default: bool,
    /// Whether the first user of a tenant gets it.
    pub is_first_user: bool,
    /// Everybody who joined a tenant before this moment has the role too, unless it was taken from them.
    pub given_to_members_before: Option<Timestamp>,
    /// What it allows.
    pub permission_ids: BTreeSet<PermissionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The rank of a role, 0 to 32767. The smaller the number, the stronger the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "WholeNumber", into = "i64")]
pub struct RoleLevel(u16);

/// The number is no rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("level must be a whole number from 0 to 32767")]
pub struct RoleLevelError;

impl RoleLevel {
    /// The strongest rank.
    pub const STRONGEST: Self = Self(0);

    /// The rank below it.
    pub const SECOND: Self = Self(1);

    /// Whether somebody whose strongest role has this rank may hand out a role of rank `other`: only weaker ones, except
    /// that the strongest may name their peers.
    #[must_use]
    pub fn may_grant(self, other: Self) -> bool {
        other > self || self == Self::STRONGEST
    }
}

impl TryFrom<WholeNumber> for RoleLevel {
    type Error = RoleLevelError;

    fn try_from(level: WholeNumber) -> Result<Self, Self::Error> {
        i64::from(level).try_into()
    }
}

impl TryFrom<i64> for RoleLevel {
    type Error = RoleLevelError;

    fn try_from(level: i64) -> Result<Self, Self::Error> {
        match u16::try_from(level) {
            Ok(level) if level <= 32_767 => Ok(Self(level)),
            Ok(_) | Err(_) => Err(RoleLevelError),
        }
    }
}

impl From<RoleLevel> for i64 {
    fn from(level: RoleLevel) -> Self {
        level.0.into()
    }
}

impl Role {
    /// Whether members of `tenant` can have it: it is of the whole environment, or the tenant's own.
    #[must_use]
    pub fn applies_in(&self, tenant: &TenantId) -> bool {
        self.tenant_id.as_ref().is_none_or(|own| own == tenant)
    }

    /// Whether it came to `membership` when everybody got it.
    #[must_use]
    pub fn came_to(&self, membership: &Membership) -> bool {
        self.given_to_members_before.is_some_and(|before| membership.created_at < before)
    }
}

/// All roles and permissions that apply somewhere: an environment's, or with [`Catalog::with_roles`] a tenant's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// The roles, by id.
    pub roles: BTreeMap<RoleId, Role>,
    /// The permissions, by id.
    pub permissions: BTreeMap<PermissionId, Permission>,
    /// The categories, by id.
    pub categories: BTreeMap<CategoryId, PermissionCategory>,
}

/// What a user may do in one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The keys of the roles, sorted.
    pub roles: Vec<String>,
    /// The keys of the permissions, sorted. A key that ends in `*` stands beside every key that it covers, as clients
    /// compare keys letter by letter.
    pub permissions: Vec<String>,
    /// The rank of the strongest role.
    pub strongest: Option<RoleLevel>,
}

/// What bounds the roles that somebody may give and take.
#[derive(Clone, Debug)]
pub enum Authority {
    /// Nothing: a vendor, or a user who reaches every tenant.
    Unbounded,
    /// The rank of their strongest role, and what they may do themselves.
    Bounded {
        /// The rank.
        level: RoleLevel,
        /// What they may do.
        grants: Grants,
    },
}

impl Authority {
    /// Whether they outrank `role`, or hold the strongest rank as it does.
    #[must_use]
    pub fn outranks(&self, role: &Role) -> bool {
        match self {
            Self::Unbounded => true,
            Self::Bounded { level, .. } => level.may_grant(role.level),
        }
    }

    /// A permission of `role` that they would give without having it, if there is one. Only those that Rookery provides count,
    /// which rule over users and tenants: administrators give roles of the product that they do not need themselves.
    #[must_use]
    pub fn lacks<'a>(&self, role: &Role, catalog: &'a Catalog) -> Option<&'a str> {
        let Self::Bounded { grants, .. } = self else { return None };
        let held = catalog.permissions_of(&[role]).into_iter().map(|permission| permission.key.as_str());
        held.filter(|key| is_reserved(key)).find(|key| !grants.allow(key))
    }
}

impl Grants {
    /// Whether `permission` is allowed.
    #[must_use]
    pub fn allow(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| covers(held, permission))
    }
}

impl Catalog {
    /// This catalogue and `roles` of a tenant.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles.extend(roles.into_iter().map(|role| (role.id, role)));
        self
    }

    /// Whether a role of `membership` is not here: a tenant's own, or one since removed.
    #[must_use]
    pub fn lacks_roles_of(&self, membership: &Membership) -> bool {
        membership.role_ids.iter().any(|id| !self.roles.contains_key(id))
    }

    /// The roles that `membership` has: those given, those that came to every member, none that are gone or another
    /// tenant's.
    pub fn roles_of<'a>(&'a self, membership: &'a Membership) -> impl Iterator<Item = &'a Role> {
        let applies = |role: &&Role| role.applies_in(&membership.tenant_id);
        self.roles.values().filter(applies).filter(|role| {
            let given = membership.role_ids.contains(&role.id);
            given || role.came_to(membership) && !membership.declined_role_ids.contains(&role.id)
        })
    }

    /// What `membership` allows.
    #[must_use]
    pub fn grants_of(&self, membership: &Membership) -> Grants {
        self.grants_of_roles(self.roles_of(membership))
    }

    /// What an API token of `tenant` with these `grants` allows.
    #[must_use]
    pub fn grants_of_api_token(&self, tenant: &TenantId, grants: &ApiTokenGrants) -> Grants {
        match grants {
            ApiTokenGrants::Roles(ids) => {
                let roles = ids.iter().filter_map(|id| self.roles.get(id));
                self.grants_of_roles(roles.filter(|role| role.applies_in(tenant)))
            }
            ApiTokenGrants::Permissions(ids) => Grants {
                roles: Vec::new(),
                permissions: sorted(self.expanded(ids, false).into_iter().map(|one| one.key.clone())),
                strongest: None,
            },
        }
    }

    fn grants_of_roles<'a>(&self, roles: impl Iterator<Item = &'a Role>) -> Grants {
        let roles: Vec<_> = roles.collect();
        Grants {
            roles: sorted(roles.iter().map(|role| role.key.clone())),
            permissions: self.permission_keys(&roles),
            strongest: roles.iter().map(|role| role.level).min(),
        }
    }

    /// The permissions that `roles` allow, without repetition.
    #[must_use]
    pub fn permissions_of<'a>(&'a self, roles: &[&Role]) -> Vec<&'a Permission> {
        let ids: BTreeSet<_> = roles.iter().flat_map(|role| &role.permission_ids).collect();
        ids.into_iter().filter_map(|id| self.permissions.get(id)).collect()
    }

    /// The roles that a new member of `tenant` gets who is given none: those for the first user of a tenant, if there
    /// are any and they are the first; otherwise the default ones.
    #[must_use]
    pub fn roles_for_new_member(&self, tenant: &TenantId, is_first: bool) -> Vec<RoleId> {
        let ids = |wanted: fn(&Role) -> bool| -> Vec<RoleId> {
            let wanted = self.roles.values().filter(|role| role.applies_in(tenant) && wanted(role));
            wanted.map(|role| role.id).collect()
        };
        let first = if is_first { ids(|role| role.is_first_user) } else { Vec::new() };
        if first.is_empty() { ids(|role| role.is_default) } else { first }
    }

    /// The roles that hold `permission`.
    #[must_use]
    pub fn roles_holding(&self, permission: PermissionId) -> Vec<RoleId> {
        let holding = self.roles.values().filter(|role| role.permission_ids.contains(&permission));
        holding.map(|role| role.id).collect()
    }

    fn permission_keys(&self, roles: &[&Role]) -> Vec<String> {
        let held =
            roles.iter().flat_map(|role| self.expanded(&role.permission_ids, role.tenant_id.is_none()));
        sorted(held.map(|permission| permission.key.clone()))
    }

    /// The permissions `ids`, and those that the wildcards among them cover: with `all`, every one, else only such as a tenant
    /// could give by itself.
    fn expanded(&self, ids: &BTreeSet<PermissionId>, all: bool) -> Vec<&Permission> {
        let held: Vec<_> = ids.iter().filter_map(|id| self.permissions.get(id)).collect();
        let wildcards: Vec<_> = held.iter().filter(|permission| permission.key.ends_with('*')).collect();
        let may_hold = |permission: &Permission| all || permission.assignment_type != AssignmentType::Never;
        let covered = |permission: &&Permission| {
            wildcards.iter().any(|wildcard| covers(&wildcard.key, &permission.key))
        };
        let covered = self.permissions.values().filter(covered).filter(|permission| may_hold(permission));
        held.iter().copied().chain(covered).collect()
    }
}

fn sorted(keys: impl Iterator<Item = String>) -> Vec<String> {
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entropy, MembershipStatus, SeededEntropy};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn permission(entropy: &dyn Entropy, key: &str) -> Permission {
        Permission {
            id: PermissionId::random(entropy),
            key: key.into(),
            name: key.into(),
            description: None,
            category_id: None,
            assignment_type: AssignmentType::Assignable,
            built_in: false,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn role(entropy: &dyn Entropy, key: &str, level: i64, permissions: &[&Permission]) -> Role {
        Role {
            id: RoleId::random(entropy),
            tenant_id: None,
            key: key.into(),
            name: key.into(),
            description: None,
            level: level.try_into().unwrap(),
            is_default: false,
            is_first_user: false,
            given_to_members_before: None,
            permission_ids: permissions.iter().map(|permission| permission.id).collect(),
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn member(role_ids: Vec<RoleId>) -> Membership {
        Membership::new("acme".parse().unwrap(), role_ids, MembershipStatus::Activated, at(10))
    }

    fn catalog(roles: &[&Role], permissions: &[&Permission]) -> Catalog {
        Catalog {
            roles: roles.iter().map(|role| (role.id, (*role).clone())).collect(),
            permissions: permissions.iter().map(|one| (one.id, (*one).clone())).collect(),
            categories: BTreeMap::new(),
        }
    }

    #[test]
    fn grants_are_the_union_of_the_roles_without_repetition_and_in_order() {
        let entropy = SeededEntropy::new(1);
        let (read, write) = (permission(&entropy, "read"), permission(&entropy, "write"));
        let viewer = role(&entropy, "viewer", 2, &[&read]);
        let editor = role(&entropy, "editor", 1, &[&write, &read]);
        let catalog = catalog(&[&viewer, &editor], &[&read, &write]);
        let gone = RoleId::random(&entropy);
        let grants = catalog.grants_of(&member(vec![viewer.id, editor.id, gone]));
        assert_eq!(grants.roles, ["editor", "viewer"]);
        assert_eq!(grants.permissions, ["read", "write"]);
        assert_eq!(grants.strongest, Some(editor.level));
    }

    #[test]
    fn a_wildcard_in_a_tenants_role_covers_nothing_that_the_role_could_not_hold() {
        let entropy = SeededEntropy::new(1);
        let wildcard = permission(&entropy, "docs.*");
        let read = permission(&entropy, "docs.read");
        let erase =
            Permission { assignment_type: AssignmentType::Never, ..permission(&entropy, "docs.erase") };
        let vendors = role(&entropy, "vendors", 5, &[&wildcard]);
        let own = Role { tenant_id: Some("acme".parse().unwrap()), ..role(&entropy, "own", 5, &[&wildcard]) };
        let catalog = catalog(&[&vendors, &own], &[&wildcard, &read, &erase]);
        assert_eq!(catalog.grants_of(&member(vec![own.id])).permissions, ["docs.*", "docs.read"]);
        let both = catalog.grants_of(&member(vec![own.id, vendors.id])).permissions;
        assert_eq!(both, ["docs.*", "docs.erase", "docs.read"]);
    }

    #[test]
    fn an_api_token_allows_what_its_roles_do_or_its_permissions_by_themselves() {
        let entropy = SeededEntropy::new(1);
        let (acme, wildcard): (TenantId, _) = ("acme".parse().unwrap(), permission(&entropy, "docs.*"));
        let read = permission(&entropy, "docs.read");
        let erase =
            Permission { assignment_type: AssignmentType::Never, ..permission(&entropy, "docs.erase") };
        let editor = role(&entropy, "editor", 5, &[&read]);
        let foreign =
            Role { tenant_id: Some("labs".parse().unwrap()), ..role(&entropy, "foreign", 1, &[&erase]) };
        let catalog = catalog(&[&editor, &foreign], &[&wildcard, &read, &erase]);
        let gone = (RoleId::random(&entropy), PermissionId::random(&entropy));
        let roles = ApiTokenGrants::Roles(BTreeSet::from([editor.id, foreign.id, gone.0]));
        let of_roles = catalog.grants_of_api_token(&acme, &roles);
        assert_eq!((of_roles.roles, of_roles.permissions), (vec!["editor".into()], vec!["docs.read".into()]));
        let permissions = ApiTokenGrants::Permissions(BTreeSet::from([wildcard.id, gone.1]));
        let of_permissions = catalog.grants_of_api_token(&acme, &permissions);
        assert_eq!(
            (of_permissions.roles.len(), of_permissions.permissions),
            (0, vec!["docs.*".into(), "docs.read".into()])
        );
    }

    #[test]
    fn a_wildcard_is_expanded_and_kept() {
        let entropy = SeededEntropy::new(1);
        let all = permission(&entropy, "docs.*");
        let (read, other) = (permission(&entropy, "docs.read"), permission(&entropy, "billing.read"));
        let admin = role(&entropy, "admin", 0, &[&all]);
        let catalog = catalog(&[&admin], &[&all, &read, &other]);
        let grants = catalog.grants_of(&member(vec![admin.id]));
        assert_eq!(grants.permissions, ["docs.*", "docs.read"]);
        assert!(grants.allow("docs.anything") && !grants.allow("billing.read"));
    }

    #[test]
    fn a_role_given_to_all_members_reaches_those_who_were_there_and_did_not_lose_it() {
        let entropy = SeededEntropy::new(1);
        let mut everyone = role(&entropy, "everyone", 1, &[]);
        everyone.given_to_members_before = Some(at(20));
        let catalog = catalog(&[&everyone], &[]);
        let early = member(Vec::new());
        let late = Membership { created_at: at(20), ..early.clone() };
        let declined = Membership { declined_role_ids: vec![everyone.id], ..early.clone() };
        let has = |member: &Membership| catalog.roles_of(member).count() == 1;
        assert!(has(&early) && !has(&late) && !has(&declined));
    }

    #[test]
    fn only_weaker_roles_may_be_granted_except_among_the_strongest() {
        let level = |level: i64| RoleLevel::try_from(level).unwrap();
        assert!(
            level(1).may_grant(level(2)) && !level(1).may_grant(level(1)) && !level(1).may_grant(level(0))
        );
        assert!(level(0).may_grant(level(0)));
        assert_eq!(RoleLevel::try_from(32_768), Err(RoleLevelError));
        assert_eq!(RoleLevel::try_from(-1), Err(RoleLevelError));
    }
}
