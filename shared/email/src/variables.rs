//! What the templates of a mail are given to say.

use rookery_domain::TemplateKind;

use crate::template::TemplateFault;
use crate::wording::{self, Action};

/// The variable that holds the link, or the application where there is no link.
pub(crate) const LINK: &str = "redirectURL";

/// What all mails are given: the recipient, their tenant, the link and the sender.
const COMMON: [&str; 12] = [
    "email",
    "name",
    "phoneNumber",
    "profilePictureUrl",
    "tenantName",
    "metadata",
    "emailMetadata",
    LINK,
    "successRedirectUrl",
    "senderName",
    "senderEmail",
    "subject",
];

/// Who it is that invites, has joined, or asks.
const ISSUER: [&str; 4] = ["issuerName", "issuerEmail", "issuerMetadata", "issuerProfilePictureUrl"];

/// Those that are objects, of which a template names the members.
const OBJECTS: [&str; 3] = ["metadata", "emailMetadata", "issuerMetadata"];

/// The names of the variables of one kind of mail.
pub(crate) struct Variables(Vec<&'static str>);

impl Variables {
    pub(crate) fn of(kind: TemplateKind) -> Self {
        let mut names = COMMON.to_vec();
        if matches!(wording::of(kind).action, Action::Code(_)) {
            names.push("code");
        }
        match kind {
            TemplateKind::ActivateUser => names.push("linkDays"),
            TemplateKind::InviteToTenant | TemplateKind::BulkInvitesToTenant => {
                names.push("linkDays");
                names.extend(ISSUER);
            }
            TemplateKind::InviteToTenantWithCode
            | TemplateKind::UserUsedInvitation
            | TemplateKind::ApprovalFlowApprove => names.extend(ISSUER),
            TemplateKind::PwnedPassword => names.push("timesPwned"),
            TemplateKind::ConnectNewDevice
            | TemplateKind::SuspiciousIP
            | TemplateKind::ImpossibleTravel
            | TemplateKind::BotDetection => names.extend(["ipAddress", "userAgent"]),
            TemplateKind::ResetPassword
            | TemplateKind::ActivateUserWithCode
            | TemplateKind::MagicLink
            | TemplateKind::OTC
            | TemplateKind::MFAOTC
            | TemplateKind::EmailVerification
            | TemplateKind::VerifyNewEmail
            | TemplateKind::EmailAddressChanged
            | TemplateKind::ResetPhoneNumber
            | TemplateKind::BruteForceProtection
            | TemplateKind::UnlockUser
            | TemplateKind::UnlockUserSuccess
            | TemplateKind::MFAEnroll
            | TemplateKind::MFAUnenroll
            | TemplateKind::NewMFAMethod
            | TemplateKind::RemoveMFAMethod
            | TemplateKind::MFARecoveryCode
            | TemplateKind::SmsAuthenticationEnabled => {}
        }
        Self(names)
    }

    /// Requires `path` to be one of them, or a member of one that is an object: `metadata.team`.
    pub(crate) fn require(&self, path: &str) -> Result<(), TemplateFault> {
        let unknown = || TemplateFault::Unknown { name: path.to_owned(), known: self.0.join(", ") };
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let (head, member) = path.split_once('.').map_or((path, None), |(head, member)| (head, Some(member)));
        let is_known = path.chars().all(is_plain)
            && self.0.contains(&head)
            && member.is_none_or(|_| OBJECTS.contains(&head));
        is_known.then_some(()).ok_or_else(unknown)
    }
}
