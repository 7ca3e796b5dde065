//! Environments and people to put into the table.

use rookery_domain::{
    Group, GroupColor, GroupId, ManagedBy, Membership, MembershipStatus, Metadata, Session, SessionLimits,
    SystemEntropy, Tenant, TenantId, Timestamp, User, UserId, VendorId,
};
use rookery_store::{EnvironmentStore, NewUser};
use rookery_testkit::connect;

pub(crate) const ENTROPY: SystemEntropy = SystemEntropy;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000).plus_seconds(seconds)
}

/// An environment that nobody else uses.
pub(crate) async fn environment() -> EnvironmentStore {
    connect().await.environment(VendorId::random(&ENTROPY))
}

pub(crate) fn tenant(id: &str) -> Tenant {
    Tenant::new(id.parse().unwrap(), &ENTROPY, at(0))
}

pub(crate) fn membership(tenant: &TenantId, seconds: i64) -> Membership {
    Membership::new(tenant.clone(), Vec::new(), MembershipStatus::Activated, at(seconds))
}

pub(crate) fn user(email: &str, tenants: &[&TenantId], seconds: i64) -> NewUser {
    let user = User {
        name: Some(email.to_owned()),
        verified: true,
        memberships: tenants.iter().map(|tenant| membership(tenant, seconds)).collect(),
        ..User::new(UserId::random(&ENTROPY), email.parse().unwrap(), at(seconds))
    };
    NewUser { user, password_hash: None }
}

pub(crate) fn session(user: UserId, tenant: &TenantId) -> Session {
    let limits = SessionLimits::of_refresh_token(3_600, tenant);
    Session::begin(&ENTROPY, at(0), (user, 0), tenant.clone(), &limits).1
}

pub(crate) fn group(tenant: &TenantId, name: &str) -> Group {
    Group {
        id: GroupId::random(&ENTROPY),
        tenant_id: tenant.clone(),
        name: name.to_owned(),
        color: GroupColor::default(),
        description: None,
        metadata: Metadata::default(),
        managed_by: ManagedBy::default(),
        role_ids: Vec::new(),
        created_at: at(0),
        updated_at: at(0),
    }
}
