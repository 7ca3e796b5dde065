//! The permissions that Rookery itself provides and checks.

use uuid::Uuid;

use crate::{
    AssignmentType, CategoryId, Entropy, Permission, PermissionCategory, PermissionId, Role, RoleId,
    RoleLevel, Timestamp,
};

/// The name space from which the ids are derived (RFC 9562, version 5): they are the same everywhere and for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x7d2c_18a4_5f0e_4b6b_9d53_0c8e_2f41_a6b7);

/// A category, and the permissions under it: key and name.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// The keys are the ones that published clients of the API look for.
const GROUPS: [Group; 8] = [
    (
        "Users",
        &[
            ("fe.secure.*", "All security settings"),
            ("fe.secure.read.users", "Read users"),
            ("fe.secure.write.users", "Invite users"),
            ("fe.secure.delete.users", "Remove users"),
            ("fe.secure.write.updateUser", "Update users"),
            ("fe.secure.write.usersRoles", "Give roles to users"),
            ("fe.secure.delete.usersRoles", "Take roles from users"),
            ("fe.secure.write.enableDisable", "Enable and disable users"),
            ("fe.secure.write.resendActivationEmail", "Send activation mails again"),
            ("fe.secure.write.appsUsers", "Assign users to applications"),
            ("fe.secure.delete.sessions", "End sessions of users"),
        ],
    ),
    (
        "Roles and groups",
        &[
            ("fe.secure.read.roles", "Read roles"),
            ("fe.secure.write.roles", "Write roles"),
            ("fe.secure.delete.roles", "Delete roles"),
            ("fe.secure.read.permissions", "Read permissions"),
            ("fe.secure.read.groups", "Read groups"),
            ("fe.secure.write.groups", "Write groups"),
            ("fe.secure.delete.groups", "Delete groups"),
            ("fe.secure.write.groupsUsers", "Change who is in a group"),
            ("fe.secure.write.groupsRoles", "Change the roles of a group"),
        ],
    ),
    (
        "Security",
        &[
            ("fe.secure.read.securityPolicy", "Read security policies"),
            ("fe.secure.write.securityPolicy", "Write security policies"),
            ("fe.secure.delete.securityPolicy", "Delete security policies"),
            ("fe.secure.read.ipRestrictions", "Read IP restrictions"),
            ("fe.secure.write.ipRestrictions", "Write IP restrictions"),
            ("fe.secure.delete.ipRestrictions", "Delete IP restrictions"),
            ("fe.secure.read.emailDomainRestrictions", "Read e-mail domain restrictions"),
            ("fe.secure.write.emailDomainRestrictions", "Write e-mail domain restrictions"),
            ("fe.secure.delete.emailDomainRestrictions", "Delete e-mail domain restrictions"),
            ("fe.secure.read.audits", "Read audit logs"),
            ("fe.secure.write.audits", "Write audit logs"),
        ],
    ),
    (
        "Single sign-on and provisioning",
        &[
            ("fe.secure.read.samlConfiguration", "Read single sign-on"),
            ("fe.secure.write.samlConfiguration", "Write single sign-on"),
            ("fe.secure.delete.samlConfiguration", "Delete single sign-on"),
            ("fe.secure.read.provisioningConfiguration", "Read provisioning"),
            ("fe.secure.write.provisioningConfiguration", "Write provisioning"),
            ("fe.secure.delete.provisioningConfiguration", "Delete provisioning"),
        ],
    ),
    (
        "API tokens",
        &[
            ("fe.secure.read.userApiTokens", "Read personal API tokens"),
            ("fe.secure.write.userApiTokens", "Write personal API tokens"),
            ("fe.secure.delete.userApiTokens", "Delete personal API tokens"),
            ("fe.secure.read.tenantApiTokens", "Read API tokens"),
            ("fe.secure.write.tenantApiTokens", "Write API tokens"),
            ("fe.secure.delete.tenantApiTokens", "Delete API tokens"),
        ],
    ),
    (
        "Invitations",
        &[
            ("fe.secure.read.tenantInvites", "Read invitation links"),
            ("fe.secure.write.tenantInvites", "Write invitation links"),
            ("fe.secure.delete.tenantInvites", "Delete invitation links"),
        ],
    ),
    (
        "Account",
        &[
            ("fe.secure.read.accountSettings", "Read account settings"),
            ("fe.secure.write.accountSettings", "Write account settings"),
            ("fe.account-settings.read.app", "Read the application's settings"),
            ("fe.account-settings.write.custom", "Write custom settings"),
            ("fe.account-settings.delete.account", "Delete the account"),
        ],
    ),
    (
        "Account hierarchy",
        &[
            ("fe.account-hierarchy.*", "All of the account hierarchy"),
            ("fe.account-hierarchy.read.subAccount", "Read sub-accounts"),
            ("fe.account-hierarchy.write.subAccount", "Write sub-accounts"),
            ("fe.account-hierarchy.delete.subAccount", "Delete sub-accounts"),
            ("fe.account-hierarchy.write.subAccountAccess", "Change access to sub-accounts"),
            ("fe.account-hierarchy.write.subAccountManagement", "Change the management of sub-accounts"),
        ],
    ),
];

/// The built-in categories and permissions, as they appear in an environment made at `created_at`.
#[must_use]
pub fn built_in_permissions(created_at: Timestamp) -> (Vec<PermissionCategory>, Vec<Permission>) {
    let categories = GROUPS.iter().map(|(name, _)| PermissionCategory {
        id: category_id(name),
        name: (*name).to_owned(),
        description: None,
        built_in: true,
        created_at,
    });
    let permissions = GROUPS.iter().flat_map(|(category, permissions)| {
        permissions.iter().map(move |(key, name)| Permission {
            id: permission_id(key),
            key: (*key).to_owned(),
            name: (*name).to_owned(),
            description: None,
            category_id: Some(category_id(category)),
            assignment_type: AssignmentType::Assignable,
            built_in: true,
            created_at,
            updated_at: created_at,
        })
    });
    (categories.collect(), permissions.collect())
}

/// The roles that a new environment begins with, to be changed or removed at will: `Admin`, which has every built-in
/// permission and goes to the first user of a tenant, and `ReadOnly`, which has those that read and goes to the others.
#[must_use]
pub fn first_roles(entropy: &dyn Entropy, created_at: Timestamp) -> Vec<Role> {
    let (_, permissions) = built_in_permissions(created_at);
    let role = |key: &str, level, holds: fn(&str) -> bool| Role {
        id: RoleId::random(entropy),
        tenant_id: None,
        key: key.to_owned(),
        name: key.to_owned(),
        description: None,
        level,
        is_default: false,
        is_first_user: false,
        given_to_members_before: None,
        permission_ids: permissions.iter().filter(|one| holds(&one.key)).map(|one| one.id).collect(),
        created_at,
        updated_at: created_at,
    };
    let admin = Role { is_first_user: true, ..role("Admin", RoleLevel::STRONGEST, |_| true) };
    let reads: fn(&str) -> bool = |key| key.contains(".read.");
    let read_only = Role { is_default: true, ..role("ReadOnly", RoleLevel::SECOND, reads) };
    vec![admin, read_only]
}

fn permission_id(key: &str) -> PermissionId {
    Uuid::new_v5(&NAMESPACE, format!("permission:{key}").as_bytes()).into()
}

fn category_id(name: &str) -> CategoryId {
    Uuid::new_v5(&NAMESPACE, format!("category:{name}").as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_and_ids_are_distinct() {
        let (_, permissions) = built_in_permissions(Timestamp::from_millis(0));
        let keys: BTreeSet<_> = permissions.iter().map(|one| &one.key).collect();
        let ids: BTreeSet<_> = permissions.iter().map(|one| one.id).collect();
        assert_eq!((keys.len(), ids.len()), (permissions.len(), permissions.len()));
    }
}
