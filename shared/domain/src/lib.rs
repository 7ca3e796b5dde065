//! What Rookery is about: tenants, users, roles, sessions, and the rules between them.
//!
//! This crate knows no AWS, no HTTP and no async runtime. It has no clock and no randomness of its own either:
//! whatever needs them takes a [`Clock`] or an [`Entropy`].

mod action;
mod actor;
mod api_token;
mod audit;
mod built_in;
mod causes;
mod clock;
mod destination;
mod email_address;
mod entropy;
mod environment;
mod group;
mod ids;
mod json;
mod lockout_policy;
mod mail_template;
mod metadata;
mod mfa_policy;
mod one_time_code;
mod page;
mod password;
mod password_history;
mod password_policy;
mod permission;
mod phone_number;
mod policies;
mod role;
mod second_factors;
mod secret;
mod session;
mod session_policy;
mod tenant;
mod tenant_invite;
mod text;
mod ticket;
mod user;
mod web_address;
mod whole_number;

pub use action::Action;
pub use actor::{Actor, ActorKind, Origin};
pub use api_token::{
    ApiRefreshToken, ApiRefreshTokenError, ApiToken, ApiTokenGrants, ApiTokenHolder, ApiTokenLogin,
    ApiTokenOwner,
};
pub use audit::{AuditRecord, Severity};
pub use built_in::{built_in_permissions, first_roles};
pub use causes::with_causes;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use destination::{SecretDestination, UnregisteredOrigin, require_registered};
pub use email_address::{EmailAddress, EmailAddressError};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use environment::{
    AuthStrategy, CookieSameSite, Environment, IdentityConfiguration, IdentityConfigurationError,
    JwtAlgorithm, MachineToMachineAuthStrategy, MfaConfiguration, VendorSecrets,
};
pub use group::{Group, GroupColor, GroupColorError, GroupsConfiguration};
pub use ids::{
    ApiTokenId, AuthenticatorId, CategoryId, GroupId, InvalidTenantId, InviteId, PermissionId, PolicyId,
    RecordId, RoleId, SessionId, TenantId, UserId, VendorId,
};
pub use json::{BoundedObject, Json, JsonNumber, JsonObject};
pub use lockout_policy::{LockoutPolicy, LockoutPolicyError};
pub use mail_template::{MailTemplate, TemplateKind, UnknownTemplateKind};
pub use metadata::{Metadata, MetadataError};
pub use mfa_policy::{MfaDemand, MfaEnforcement, MfaPolicy, MfaPolicyError};
pub use one_time_code::{OneTimeCode, PlainCode};
pub use page::{Order, Page, PageRequest};
pub use password::Password;
pub use password_history::{PasswordHistory, PasswordHistoryPolicy, PasswordHistoryPolicyError};
pub use password_policy::{PasswordPolicy, PasswordPolicyError, PasswordRejection, PasswordTests};
pub use permission::{AssignmentType, Permission, PermissionCategory, covers, is_reserved};
pub use phone_number::{PhoneNumber, PhoneNumberError};
pub use policies::{Adopted, Policies};
pub use role::{Authority, Catalog, Grants, Role, RoleLevel, RoleLevelError};
pub use second_factors::{
    Authenticator, PendingAuthenticator, RecoveryCode, RememberedDevice, SecondFactorChallenge,
    SecondFactorError, SecondFactors,
};
pub use secret::{PlainToken, Sealed, TokenHash};
pub use session::{Presented, RefreshToken, RefreshTokenError, Session};
pub use session_policy::{Limit, SessionLimits, SessionPolicy, SessionPolicyError};
pub use tenant::{LiveTenant, RegisteredUrls, Tenant, TenantProfile, TenantType};
pub use tenant_invite::{InviteLifetimeError, InviteSlot, Inviter, LinkToken, TenantInvite, may_invite};
pub use text::{TextError, bounded, folded, identifying, is_invisible, required};
pub use ticket::{AddressedToken, Ticket, TicketPurpose};
pub use user::{
    FailuresSince, LockReason, ManagedBy, Membership, MembershipStatus, OneTimeToken, OneTimeTokenError,
    Provider, User,
};
pub use web_address::{PictureAddress, WebAddress, WebAddressError};
pub use whole_number::WholeNumber;
