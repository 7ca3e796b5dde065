//! The kinds of mail, and what an environment changed of one.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{EmailAddress, RecordId, Timestamp, VendorId, WebAddress};

macro_rules! template_kinds {
    ($($(#[$doc:meta])* $name:ident $(leads to $path:literal)?,)*) => {
        /// A kind of mail, under the API's name for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum TemplateKind {
            $($(#[$doc])* $name,)*
        }

        impl TemplateKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Where in the application the link leads that it brings; nowhere if it brings none.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($path)?),)*
                }
            }
        }
    };
}

template_kinds! {
    /// Whoever forgot their password sets another.
    ResetPassword leads to "/account/reset-password",
    /// To a new user: activate the account.
    ActivateUser leads to "/account/activate",
    /// The same, with a code in place of a link.
    ActivateUserWithCode,
    /// To a user who has an account: join a tenant.
    InviteToTenant leads to "/account/invitation/accept",
    /// The same, with a code in place of a link.
    InviteToTenantWithCode,
    /// An invitation that went to many at once.
    BulkInvitesToTenant leads to "/account/invitation/accept",
    /// Somebody joined by a link that the recipient made.
    UserUsedInvitation,
    /// Sign in by a link.
    MagicLink leads to "/account/login/magic-link",
    /// Sign in by a code.
    OTC,
    /// The second factor: a code.
    MFAOTC,
    /// An address is verified.
    EmailVerification,
    /// A new address is verified before it takes the place of the one before.
    VerifyNewEmail,
    /// To the address before: there is another now.
    EmailAddressChanged,
    /// A phone number is replaced.
    ResetPhoneNumber,
    /// A password is known to others.
    PwnedPassword,
    /// A sign-in came from a device that was not seen before.
    ConnectNewDevice,
    /// An account is locked after too many wrong passwords.
    BruteForceProtection leads to "/account/unlock",
    /// An account can be unlocked.
    UnlockUser,
    /// An account was unlocked.
    UnlockUserSuccess,
    /// A sign-in came from an address with a bad name.
    SuspiciousIP,
    /// Two sign-ins were too far apart.
    ImpossibleTravel,
    /// A sign-in looked like a program's.
    BotDetection,
    /// A second factor is asked for from now on.
    MFAEnroll,
    /// No second factor is asked for any more.
    MFAUnenroll,
    /// There is another second factor.
    NewMFAMethod,
    /// There is one second factor less.
    RemoveMFAMethod,
    /// A recovery code was used or replaced.
    MFARecoveryCode,
    /// Signing in by text message is possible from now on.
    SmsAuthenticationEnabled,
    /// Something waits for the recipient's approval.
    ApprovalFlowApprove,
}

impl TemplateKind {
    /// Whether it brings a link.
    #[must_use]
    pub const fn has_link(self) -> bool {
        !self.path().is_empty()
    }

    /// Whether an environment that changes it has to say where its link leads.
    #[must_use]
    pub const fn needs_address(self) -> bool {
        matches!(
            self,
            Self::ResetPassword
                | Self::ActivateUser
                | Self::InviteToTenant
                | Self::BulkInvitesToTenant
                | Self::MagicLink
        )
    }

    /// The id of what the environment `vendor` changed of it.
    #[must_use]
    pub fn id_in(self, vendor: VendorId) -> RecordId {
        Uuid::new_v5(&vendor.as_uuid(), self.as_str().as_bytes()).into()
    }
}

/// There is no such kind of mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mail of this type: it must be one of {}", TemplateKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownTemplateKind;

impl FromStr for TemplateKind {
    type Err = UnknownTemplateKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(UnknownTemplateKind)
    }
}

/// What an environment changed of one kind of mail. What is not there is as it is built in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MailTemplate {
    /// The kind.
    pub kind: TemplateKind,
    /// Whether mails of this kind are sent at all.
    pub active: bool,
    /// The HTML body, with variables.
    pub html: Option<String>,
    /// The subject, with variables.
    pub subject: Option<String>,
    /// The address it comes from.
    pub sender: Option<EmailAddress>,
    /// The name it comes from.
    pub from_name: Option<String>,
    /// The page that its link leads to.
    pub redirect_url: Option<WebAddress>,
    /// The page that the application goes on to after that.
    pub success_redirect_url: Option<WebAddress>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Default for MailTemplate {
    fn default() -> Self {
        Self::of(TemplateKind::ActivateUser, Timestamp::from_millis(0))
    }
}

impl MailTemplate {
    /// The kind `kind` as it is built in.
    #[must_use]
    pub fn of(kind: TemplateKind, now: Timestamp) -> Self {
        Self {
            kind,
            active: true,
            html: None,
            subject: None,
            sender: None,
            from_name: None,
            redirect_url: None,
            success_redirect_url: None,
            updated_at: now,
        }
    }
}
