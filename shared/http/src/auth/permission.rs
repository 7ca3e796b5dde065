//! The permissions that guard self-service, as types.

/// What a user needs to be allowed to call an endpoint.
pub trait Permission: Send + Sync + 'static {
    /// The permission's key; none when it is enough to belong to the tenant.
    const KEY: Option<&'static str>;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident => $key:expr;)*) => {$(
        $(#[$doc])*
        pub enum $name {}

        impl Permission for $name {
            const KEY: Option<&'static str> = $key;
        }
    )*};
}

permissions! {
    /// Belonging to the tenant is enough.
    Member => None;
    /// Reading users.
    ReadUsers => Some("fe.secure.read.users");
    /// Inviting users.
    WriteUsers => Some("fe.secure.write.users");
    /// Removing users.
    DeleteUsers => Some("fe.secure.delete.users");
    /// Giving roles to users.
    WriteUsersRoles => Some("fe.secure.write.usersRoles");
    /// Taking roles from users.
    DeleteUsersRoles => Some("fe.secure.delete.usersRoles");
    /// Sending invitations again.
    ResendActivationEmail => Some("fe.secure.write.resendActivationEmail");
    /// Reading one's invitation link.
    ReadTenantInvites => Some("fe.secure.read.tenantInvites");
    /// Making and changing an invitation link.
    WriteTenantInvites => Some("fe.secure.write.tenantInvites");
    /// Deleting an invitation link.
    DeleteTenantInvites => Some("fe.secure.delete.tenantInvites");
    /// Reading roles.
    ReadRoles => Some("fe.secure.read.roles");
    /// Writing roles.
    WriteRoles => Some("fe.secure.write.roles");
    /// Deleting roles.
    DeleteRoles => Some("fe.secure.delete.roles");
    /// Reading groups.
    ReadGroups => Some("fe.secure.read.groups");
    /// Writing groups.
    WriteGroups => Some("fe.secure.write.groups");
    /// Deleting groups.
    DeleteGroups => Some("fe.secure.delete.groups");
    /// Changing the roles of groups.
    WriteGroupsRoles => Some("fe.secure.write.groupsRoles");
    /// Changing who is in a group.
    WriteGroupsUsers => Some("fe.secure.write.groupsUsers");
    /// Reading permissions.
    ReadPermissions => Some("fe.secure.read.permissions");
    /// Reading API tokens of the tenant.
    ReadTenantApiTokens => Some("fe.secure.read.tenantApiTokens");
    /// Writing API tokens of the tenant.
    WriteTenantApiTokens => Some("fe.secure.write.tenantApiTokens");
    /// Deleting API tokens of the tenant.
    DeleteTenantApiTokens => Some("fe.secure.delete.tenantApiTokens");
    /// Reading the audit log.
    ReadAudits => Some("fe.secure.read.audits");
    /// Writing to the audit log.
    WriteAudits => Some("fe.secure.write.audits");
    /// Changing what the tenant asks of sessions and passwords.
    WriteSecurityPolicy => Some("fe.secure.write.securityPolicy");
    /// Reading account settings.
    ReadAccountSettings => Some("fe.secure.read.accountSettings");
    /// Writing account settings.
    WriteAccountSettings => Some("fe.secure.write.accountSettings");
    /// Deleting the account.
    DeleteAccount => Some("fe.account-settings.delete.account");
    /// Reading sub-accounts.
    ReadSubAccount => Some("fe.account-hierarchy.read.subAccount");
    /// Writing sub-accounts.
    WriteSubAccount => Some("fe.account-hierarchy.write.subAccount");
    /// Changing whether sub-accounts manage sub-accounts of their own.
    WriteSubAccountManagement => Some("fe.account-hierarchy.write.subAccountManagement");
    /// Deleting sub-accounts.
    DeleteSubAccount => Some("fe.account-hierarchy.delete.subAccount");
}
