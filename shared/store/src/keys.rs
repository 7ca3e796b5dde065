//! Every key of the table, and nowhere else a string of one.
//!
//! All begin with the environment's id, except the item that finds the environment by its host name.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{
    ApiTokenId, ApiTokenOwner, CategoryId, EmailAddress, FailuresSince, GroupId, InviteId, InviteSlot,
    PermissionId, RecordId, RoleId, SessionId, TemplateKind, TenantId, TicketPurpose, Timestamp, TokenHash,
    UserId, VendorId, folded,
};

use crate::journal::Hour;

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// A list that pages are read from; see [`crate::roster`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum List {
    /// The tenants of an environment.
    Tenants,
    /// The users of an environment.
    Users,
    /// The users of a tenant.
    Members(TenantId),
}

impl List {
    /// The list's part of a key, and its name in the item of whoever is listed.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Tenants => "TENANTS".to_owned(),
            Self::Users => "USERS".to_owned(),
            Self::Members(tenant) => format!("MEMBERS#{tenant}"),
        }
    }
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    pub(crate) fn host(host: &str) -> Self {
        Self::new(format!("HOST#{host}"), "HOST")
    }

    pub(crate) fn environment(vendor: VendorId) -> Self {
        Self::new(vendor.to_string(), "ENVIRONMENT")
    }

    pub(crate) fn login(vendor: VendorId, email: &EmailAddress) -> Self {
        Self::new(format!("{vendor}#EMAIL#{email}"), "LOGIN")
    }

    pub(crate) fn user(vendor: VendorId, user: UserId) -> Self {
        Self::new(format!("{vendor}#USER#{user}"), "USER")
    }

    pub(crate) fn session(vendor: VendorId, user: UserId, session: SessionId) -> Self {
        Self::new(format!("{vendor}#USER#{user}"), format!("{SESSION}{session}"))
    }

    pub(crate) fn tenant(vendor: VendorId, tenant: &TenantId) -> Self {
        Self::new(tenant_partition(vendor, tenant), "TENANT")
    }

    pub(crate) fn child(vendor: VendorId, parent: &TenantId, child: &TenantId) -> Self {
        Self::new(tenant_partition(vendor, parent), format!("{CHILD}{child}"))
    }

    /// A role of a tenant stands with the tenant, so that the environment's catalogue does not grow with its tenants.
    pub(crate) fn role(vendor: VendorId, tenant: Option<&TenantId>, role: RoleId) -> Self {
        Self::new(roles_partition(vendor, tenant), format!("{ROLE}{role}"))
    }

    /// Holds the key of a role, so that no two have the same, whatever its case.
    pub(crate) fn role_name(vendor: VendorId, tenant: Option<&TenantId>, key: &str) -> Self {
        Self::new(roles_partition(vendor, tenant), format!("NAME#ROLE#{}", folded(key)))
    }

    /// Counts the roles of a tenant's own.
    pub(crate) fn role_count(vendor: VendorId, tenant: &TenantId) -> Self {
        Self::new(role_counts_partition(vendor), tenant.to_string())
    }

    pub(crate) fn permission(vendor: VendorId, permission: PermissionId) -> Self {
        Self::new(catalog_partition(vendor), format!("{PERMISSION}{permission}"))
    }

    /// Holds the key of a permission, so that no two have the same, whatever its case.
    pub(crate) fn permission_name(vendor: VendorId, key: &str) -> Self {
        Self::new(catalog_partition(vendor), format!("NAME#PERMISSION#{}", folded(key)))
    }

    pub(crate) fn category(vendor: VendorId, category: CategoryId) -> Self {
        Self::new(catalog_partition(vendor), format!("{CATEGORY}{category}"))
    }

    /// Holds the name of a category, so that no two have the same, whatever its case.
    pub(crate) fn category_name(vendor: VendorId, name: &str) -> Self {
        Self::new(catalog_partition(vendor), format!("NAME#CATEGORY#{}", folded(name)))
    }

    pub(crate) fn group(vendor: VendorId, tenant: &TenantId, group: GroupId) -> Self {
        Self::new(groups_partition(vendor, tenant), format!("{GROUP}{group}"))
    }

    /// Holds the name of a group, so that no two of a tenant have the same, whatever its case.
    pub(crate) fn group_name(vendor: VendorId, tenant: &TenantId, name: &str) -> Self {
        Self::new(groups_partition(vendor, tenant), format!("NAME#GROUP#{}", folded(name)))
    }

    /// Counts the groups of a tenant.
    pub(crate) fn group_count(vendor: VendorId, tenant: &TenantId) -> Self {
        Self::new(groups_partition(vendor, tenant), "COUNT")
    }

    /// Counts the members of a group.
    pub(crate) fn group_size(vendor: VendorId, tenant: &TenantId, group: GroupId) -> Self {
        Self::new(groups_partition(vendor, tenant), format!("SIZE#{group}"))
    }

    pub(crate) fn group_member(vendor: VendorId, tenant: &TenantId, group: GroupId, user: UserId) -> Self {
        Self::new(groups_partition(vendor, tenant), format!("{}{user}", group_members(group)))
    }

    /// The totals of a list.
    pub(crate) fn directory(vendor: VendorId, list: &List) -> Self {
        Self::new(format!("{vendor}#LIST#{}", list.name()), "DIRECTORY")
    }

    pub(crate) fn list_entry(vendor: VendorId, list: &List, bucket: u32, since: Timestamp, id: &str) -> Self {
        Self::new(bucket_partition(vendor, list, bucket), format!("{since}#{id}"))
    }

    /// A fact that stands alone: no two are in one partition, so that none heats up.
    pub(crate) fn fact(vendor: VendorId, id: RecordId) -> Self {
        Self::new(format!("{vendor}#FACT#{id}"), "FACT")
    }

    /// Says that a record has been filed.
    pub(crate) fn filed(vendor: VendorId, id: RecordId) -> Self {
        Self::new(format!("{vendor}#FILED#{id}"), "FILED")
    }

    /// The head of a tenant's journal, or of the environment's, which stands where that of a tenant without an id would.
    pub(crate) fn journal(vendor: VendorId, of: Option<&TenantId>) -> Self {
        Self::new(journal_partition(vendor, of), "HEAD")
    }

    pub(crate) fn journal_hour(vendor: VendorId, of: Option<&TenantId>, hour: Hour) -> Self {
        Self::new(journal_partition(vendor, of), format!("{HOUR}{}", hour.start()))
    }

    pub(crate) fn journal_record(vendor: VendorId, of: Option<&TenantId>, bucket: u64, number: u64) -> Self {
        Self::new(format!("{}#{bucket}", journal_partition(vendor, of)), format!("{number:012}"))
    }

    /// What an environment changed of one kind of mail.
    pub(crate) fn mail_template(vendor: VendorId, kind: TemplateKind) -> Self {
        Self::new(mail_partition(vendor), format!("{MAIL_TEMPLATE}{}", kind.as_str()))
    }

    /// The ticket of one purpose that a user has out.
    pub(crate) fn ticket(vendor: VendorId, purpose: TicketPurpose, user: UserId) -> Self {
        Self::new(format!("{vendor}#TICKET#{user}"), purpose.word())
    }

    /// How many wrong passwords there were for a user since their last sign-in.
    pub(crate) fn attempts(vendor: VendorId, user: UserId, since: &FailuresSince) -> Self {
        Self::new(format!("{vendor}#ATTEMPTS#{user}"), format!("PASSWORD#{since}"))
    }

    /// How many wrong codes of second factors there were since then.
    pub(crate) fn second_factor_attempts(vendor: VendorId, user: UserId, since: &FailuresSince) -> Self {
        Self::new(format!("{vendor}#ATTEMPTS#{user}"), format!("SECOND-FACTOR#{since}"))
    }

    /// How often a second factor was tried in a minute, counted since the epoch.
    pub(crate) fn tries_in_minute(vendor: VendorId, user: UserId, minute: i64) -> Self {
        Self::new(format!("{vendor}#ATTEMPTS#{user}"), format!("MINUTE#{minute}"))
    }

    /// The second factors of a user.
    pub(crate) fn factors(vendor: VendorId, user: UserId) -> Self {
        Self::new(format!("{vendor}#MFA#{user}"), "FACTORS")
    }

    /// The sign-in that waits for a second factor, by the hash of its token.
    pub(crate) fn challenge(vendor: VendorId, token: &TokenHash) -> Self {
        Self::new(format!("{vendor}#CHALLENGE#{}", token.to_key()), "CHALLENGE")
    }

    /// The passwords that a user had.
    pub(crate) fn password_history(vendor: VendorId, user: UserId) -> Self {
        Self::new(format!("{vendor}#PASSWORDS#{user}"), "HISTORY")
    }

    /// The code that was asked for on a device.
    pub(crate) fn code(vendor: VendorId, device: &TokenHash) -> Self {
        Self::new(format!("{vendor}#DEVICE#{}", device.to_key()), "CODE")
    }

    /// An API token, where its client id leads.
    pub(crate) fn api_token(vendor: VendorId, token: ApiTokenId) -> Self {
        Self::new(format!("{vendor}#APITOKEN#{token}"), "TOKEN")
    }

    /// One of the exchanges of an API token that its refresh tokens go on from.
    pub(crate) fn api_token_login(vendor: VendorId, token: ApiTokenId, slot: u8) -> Self {
        Self::new(format!("{vendor}#APITOKEN#{token}"), format!("LOGIN#{slot:02}"))
    }

    pub(crate) fn api_token_entry(
        vendor: VendorId,
        owner: &ApiTokenOwner,
        since: Timestamp,
        token: ApiTokenId,
    ) -> Self {
        Self::new(api_tokens_partition(vendor, owner), format!("{API_TOKEN_ENTRY}{since}#{token}"))
    }

    /// Counts the API tokens of a tenant or a user.
    pub(crate) fn api_token_count(vendor: VendorId, owner: &ApiTokenOwner) -> Self {
        Self::new(api_tokens_partition(vendor, owner), "COUNT")
    }

    /// Finds an invitation link by its token, of whose hash the id is a part.
    pub(crate) fn invite_token(vendor: VendorId, invite: InviteId) -> Self {
        Self::new(format!("{vendor}#INVITE#{invite}"), "TOKEN")
    }

    pub(crate) fn tenant_invite(vendor: VendorId, tenant: &TenantId, slot: InviteSlot) -> Self {
        let sk = match slot {
            InviteSlot::Member(user) => format!("MEMBER#{user}"),
            InviteSlot::Vendor(invite) => format!("VENDOR#{invite}"),
        };
        Self::new(invites_partition(vendor, tenant), sk)
    }

    /// Counts the invitation links of a tenant.
    pub(crate) fn invite_count(vendor: VendorId, tenant: &TenantId) -> Self {
        Self::new(invite_counts_partition(vendor), tenant.to_string())
    }

    pub(crate) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk)),
            (SK.to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}

pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";

/// Beginnings of sort keys that are queried.
pub(crate) const SESSION: &str = "SESSION#";
pub(crate) const CHILD: &str = "CHILD#";
pub(crate) const ROLE: &str = "ROLE#";
pub(crate) const PERMISSION: &str = "PERMISSION#";
pub(crate) const CATEGORY: &str = "CATEGORY#";
pub(crate) const HOUR: &str = "HOUR#";
pub(crate) const GROUP: &str = "GROUP#";
pub(crate) const MAIL_TEMPLATE: &str = "TEMPLATE#";
pub(crate) const API_TOKEN_ENTRY: &str = "TOKEN#";

/// What the sort keys of the members of `group` begin with.
pub(crate) fn group_members(group: GroupId) -> String {
    format!("MEMBER#{group}#")
}

/// The groups of a tenant, and who is in them.
pub(crate) fn groups_partition(vendor: VendorId, tenant: &TenantId) -> String {
    format!("{vendor}#GROUPS#{tenant}")
}

pub(crate) fn user_partition(vendor: VendorId, user: UserId) -> String {
    Key::user(vendor, user).pk
}

pub(crate) fn tenant_partition(vendor: VendorId, tenant: &TenantId) -> String {
    format!("{vendor}#TENANT#{tenant}")
}

/// What is counted of every tenant stands together, where a tenant without an id would stand: there can be none.
pub(crate) fn role_counts_partition(vendor: VendorId) -> String {
    format!("{vendor}#TENANT#")
}

pub(crate) fn catalog_partition(vendor: VendorId) -> String {
    format!("{vendor}#CATALOG")
}

pub(crate) fn invites_partition(vendor: VendorId, tenant: &TenantId) -> String {
    format!("{vendor}#INVITES#{tenant}")
}

/// As with roles, what is counted of every tenant stands together, where a tenant without an id would stand.
pub(crate) fn invite_counts_partition(vendor: VendorId) -> String {
    format!("{vendor}#INVITES#")
}

pub(crate) fn mail_partition(vendor: VendorId) -> String {
    format!("{vendor}#MAIL")
}

/// It has no part that is a user's or a tenant's own partition, so that who may touch those may not touch this.
pub(crate) fn api_tokens_partition(vendor: VendorId, owner: &ApiTokenOwner) -> String {
    match owner {
        ApiTokenOwner::Tenant(tenant) => format!("{vendor}#APITOKEN#OF-TENANT#{tenant}"),
        ApiTokenOwner::User(user) => format!("{vendor}#APITOKEN#OF-USER#{user}"),
    }
}

fn journal_partition(vendor: VendorId, of: Option<&TenantId>) -> String {
    format!("{vendor}#AUDIT#{}", of.map(TenantId::as_str).unwrap_or_default())
}

fn roles_partition(vendor: VendorId, tenant: Option<&TenantId>) -> String {
    tenant.map_or_else(|| catalog_partition(vendor), |tenant| tenant_partition(vendor, tenant))
}

pub(crate) fn bucket_partition(vendor: VendorId, list: &List, bucket: u32) -> String {
    format!("{vendor}#LIST#{}#{bucket}", list.name())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_layout_of_every_key() {
        let vendor = VendorId::from(Uuid::from_u128(1));
        let user = UserId::from(Uuid::from_u128(2));
        let (acme, labs): (TenantId, TenantId) = ("acme".parse().unwrap(), "labs".parse().unwrap());
        let role = RoleId::from(Uuid::from_u128(3));
        let group = GroupId::from(Uuid::from_u128(8));
        let start = Timestamp::from_millis(0);
        let members = List::Members(acme.clone());
        let api_token = ApiTokenId::from(Uuid::from_u128(8));
        let keys = [
            Key::host("auth.example.com"),
            Key::environment(vendor),
            Key::login(vendor, &"jane@example.com".parse().unwrap()),
            Key::user(vendor, user),
            Key::session(vendor, user, Uuid::from_u128(4).into()),
            Key::tenant(vendor, &acme),
            Key::child(vendor, &acme, &labs),
            Key::role(vendor, None, role),
            Key::role(vendor, Some(&acme), role),
            Key::role_name(vendor, None, "admin"),
            Key::role_name(vendor, Some(&acme), "admin"),
            Key::role_count(vendor, &acme),
            Key::permission(vendor, Uuid::from_u128(5).into()),
            Key::permission_name(vendor, "docs.read"),
            Key::category(vendor, Uuid::from_u128(6).into()),
            Key::category_name(vendor, "Documents"),
            Key::group(vendor, &acme, group),
            Key::group_name(vendor, &acme, "Editors"),
            Key::group_count(vendor, &acme),
            Key::group_size(vendor, &acme, group),
            Key::group_member(vendor, &acme, group, user),
            Key::directory(vendor, &List::Tenants),
            Key::directory(vendor, &List::Users),
            Key::directory(vendor, &members),
            Key::list_entry(vendor, &members, 7, start, &user.to_string()),
            Key::fact(vendor, Uuid::from_u128(7).into()),
            Key::filed(vendor, Uuid::from_u128(7).into()),
            Key::journal(vendor, None),
            Key::journal(vendor, Some(&acme)),
            Key::journal_hour(vendor, Some(&acme), Hour::of(start)),
            Key::journal_record(vendor, None, 12, 1_234),
            Key::journal_record(vendor, Some(&acme), 12, 1_234),
            Key::mail_template(vendor, TemplateKind::ActivateUser),
            Key::ticket(vendor, TicketPurpose::PasswordReset, user),
            Key::attempts(vendor, user, &FailuresSince::default()),
            Key::second_factor_attempts(vendor, user, &FailuresSince::default()),
            Key::tries_in_minute(vendor, user, 29_453_760),
            Key::factors(vendor, user),
            Key::challenge(vendor, &rookery_domain::PlainToken::presented("token".to_owned()).hash()),
            Key::password_history(vendor, user),
            Key::code(vendor, &rookery_domain::PlainToken::presented("device".to_owned()).hash()),
            Key::api_token(vendor, api_token),
            Key::api_token_login(vendor, api_token, 7),
            Key::api_token_entry(vendor, &ApiTokenOwner::Tenant(acme.clone()), start, api_token),
            Key::api_token_entry(vendor, &ApiTokenOwner::User(user), start, api_token),
            Key::api_token_count(vendor, &ApiTokenOwner::User(user)),
            Key::invite_token(vendor, Uuid::from_u128(8).into()),
            Key::tenant_invite(vendor, &acme, InviteSlot::Member(user)),
            Key::tenant_invite(vendor, &acme, InviteSlot::Vendor(Uuid::from_u128(8).into())),
            Key::invite_count(vendor, &acme),
        ];
        let layout: Vec<_> = keys.iter().map(|key| format!("{} | {}", key.pk, key.sk)).collect();
        insta::assert_snapshot!(layout.join("\n"));
    }
}
