//! What the audit log has a word for.

use crate::Severity;

macro_rules! actions {
    ($($(#[doc = $sentence:literal])* $name:ident => $word:literal, $resource:literal, $severity:ident;)*) => {
        /// Something that is recorded in the audit log.
        ///
        /// The words are part of the API: whoever searches a log or reacts to it relies on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[doc = $sentence])* $name,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its word, as it stands in `action` of a record.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What it is, as a sentence.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($sentence),*).trim_ascii(),)*
                }
            }

            /// What kind of thing it concerns.
            #[must_use]
            pub fn resource(self) -> &'static str {
                match self {
                    $(Self::$name => $resource,)*
                }
            }

            /// How grave it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }
        }
    };
}

actions! {
    /// A user signed in.
    SignedIn => "user.signedIn", "authentication", Info;
    /// Somebody did not sign in.
    SignInRefused => "user.signInRefused", "authentication", Medium;
    /// A user who signs in was asked for a second factor.
    SecondFactorAsked => "user.secondFactorAsked", "authentication", Info;
    /// A link or a code that signs a user in was mailed to them.
    SignInMailed => "user.signInMailed", "authentication", Info;
    /// A user signed out.
    SignedOut => "user.signedOut", "authentication", Info;
    /// Sessions of a user were ended otherwise than by signing out.
    SessionsRevoked => "user.sessionsRevoked", "authentication", Medium;
    /// A user's oldest session ended, as there were too many with the latest.
    SessionReplaced => "user.sessionReplaced", "authentication", Info;
    /// A refresh token was used again after it had been exchanged, which ended its session.
    RefreshTokenReused => "user.refreshTokenReused", "authentication", High;
    /// A user was made, or invited.
    UserCreated => "user.created", "users", Info;
    /// A user set their first password by the link that was mailed to them.
    UserActivated => "user.activated", "users", Info;
    /// A user's profile changed.
    UserUpdated => "user.updated", "users", Info;
    /// A user has another e-mail address.
    UserEmailChanged => "user.emailChanged", "users", Medium;
    /// A user was marked as verified.
    UserVerified => "user.verified", "users", Info;
    /// A user was locked.
    UserLocked => "user.locked", "users", High;
    /// A user was locked after too many wrong passwords.
    UserLockedOut => "user.lockedOut", "users", High;
    /// A link that unlocks a user was mailed to them.
    UnlockLinkIssued => "user.unlockLinkIssued", "users", Info;
    /// A user unlocked themselves by a link.
    UserUnlockedByLink => "user.unlockedByLink", "users", Medium;
    /// A user was unlocked.
    UserUnlocked => "user.unlocked", "users", Info;
    /// A user became or ceased to be a super user.
    SuperUserChanged => "user.superUserChanged", "users", High;
    /// A user became visible or invisible.
    UserVisibilityChanged => "user.visibilityChanged", "users", Medium;
    /// A link that activates a user was made or sent again.
    ActivationLinkIssued => "user.activationLinkIssued", "users", Info;
    /// A link that resets a user's password was made or sent.
    PasswordResetLinkIssued => "user.passwordResetLinkIssued", "users", Info;
    /// A user set another password by a link.
    PasswordReset => "user.passwordReset", "users", Medium;
    /// A user changed their password.
    PasswordChanged => "user.passwordChanged", "users", Medium;
    /// A user enrolled a second factor.
    SecondFactorEnrolled => "user.secondFactorEnrolled", "users", Medium;
    /// A user gave a second factor up.
    SecondFactorDisabled => "user.secondFactorDisabled", "users", Medium;
    /// A user who had lost their second factors gave them up by the recovery code.
    SecondFactorRecovered => "user.secondFactorRecovered", "users", High;
    /// The vendor took a user's second factors away.
    SecondFactorUnenrolled => "user.secondFactorUnenrolled", "users", High;
    /// A link that invites a user to a tenant was made or sent again.
    InvitationLinkIssued => "user.invitationLinkIssued", "users", Info;
    /// A user was invited or added to a tenant.
    UserAddedToTenant => "user.addedToTenant", "users", Info;
    /// A user accepted an invitation to a tenant.
    InvitationAccepted => "user.invitationAccepted", "users", Info;
    /// A user was taken out of a tenant.
    UserRemovedFromTenant => "user.removedFromTenant", "users", Medium;
    /// A user was moved from one tenant to another.
    UserMoved => "user.movedToTenant", "users", Medium;
    /// The tenant that a user works in changed.
    TenantSwitched => "user.tenantSwitched", "users", Info;
    /// A user was deleted.
    UserDeleted => "user.deleted", "users", Medium;
    /// An invitation link of a tenant was made.
    TenantInviteCreated => "tenantInvite.created", "users", Info;
    /// How long an invitation link works, or whether its maker is told of its use, changed.
    TenantInviteUpdated => "tenantInvite.updated", "users", Info;
    /// An invitation link was deleted.
    TenantInviteDeleted => "tenantInvite.deleted", "users", Medium;
    /// A user joined a tenant by an invitation link.
    TenantInviteUsed => "tenantInvite.used", "users", Info;
    /// Roles were given to a user or taken from them.
    UserRolesChanged => "user.rolesChanged", "roles", Medium;
    /// Roles were made.
    RoleCreated => "role.created", "roles", Info;
    /// Roles changed, or what they permit.
    RoleUpdated => "role.updated", "roles", Medium;
    /// Roles were deleted.
    RoleDeleted => "role.deleted", "roles", Medium;
    /// A group was made.
    GroupCreated => "group.created", "groups", Info;
    /// A group's name or description changed.
    GroupUpdated => "group.updated", "groups", Info;
    /// A group was deleted.
    GroupDeleted => "group.deleted", "groups", Medium;
    /// Roles were given to a group or taken from it.
    GroupRolesChanged => "group.rolesChanged", "groups", Medium;
    /// Users were put into a group or taken out of it.
    GroupMembersChanged => "group.membersChanged", "groups", Medium;
    /// Permissions were made.
    PermissionCreated => "permission.created", "permissions", Info;
    /// Permissions changed.
    PermissionUpdated => "permission.updated", "permissions", Medium;
    /// Permissions were deleted.
    PermissionDeleted => "permission.deleted", "permissions", Medium;
    /// Categories of permissions were made.
    CategoryCreated => "permissionCategory.created", "permissions", Info;
    /// Categories of permissions changed.
    CategoryUpdated => "permissionCategory.updated", "permissions", Info;
    /// Categories of permissions were deleted.
    CategoryDeleted => "permissionCategory.deleted", "permissions", Medium;
    /// An API token of a tenant was made.
    TenantApiTokenCreated => "tenantApiToken.created", "apiTokens", Medium;
    /// An API token of a tenant changed, or what it allows.
    TenantApiTokenUpdated => "tenantApiToken.updated", "apiTokens", Medium;
    /// An API token of a tenant was deleted.
    TenantApiTokenDeleted => "tenantApiToken.deleted", "apiTokens", Medium;
    /// An API token of a user's own was made.
    UserApiTokenCreated => "userApiToken.created", "apiTokens", Medium;
    /// An API token of a user's own was deleted.
    UserApiTokenDeleted => "userApiToken.deleted", "apiTokens", Medium;
    /// A tenant was made.
    TenantCreated => "tenant.created", "tenants", Info;
    /// A tenant's name, data or settings changed.
    TenantUpdated => "tenant.updated", "tenants", Info;
    /// What a tenant asks of its users' sessions and passwords changed.
    TenantPolicyChanged => "tenant.policyChanged", "settings", Medium;
    /// A tenant was put below another.
    TenantLinked => "tenant.linked", "tenants", Medium;
    /// A tenant was taken from below another.
    TenantUnlinked => "tenant.unlinked", "tenants", Medium;
    /// A tenant was deleted.
    TenantDeleted => "tenant.deleted", "tenants", Medium;
    /// What an environment's mails of one kind say changed.
    MailTemplateChanged => "mailTemplate.changed", "settings", Medium;
    /// The environment's settings changed.
    SettingsChanged => "environment.settingsChanged", "settings", Medium;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_is_one_action_and_names_what_it_is_about() {
        let words: BTreeSet<_> = Action::ALL.iter().map(|action| action.word()).collect();
        assert_eq!(words.len(), Action::ALL.len());
        let well_formed = |word: &&&str| {
            word.split_once('.').is_some_and(|(subject, verb)| !subject.is_empty() && !verb.is_empty())
        };
        assert_eq!(words.iter().filter(well_formed).count(), words.len());
    }

    #[test]
    fn the_documentation_has_every_word_and_no_other() {
        let documented = include_str!("../../../docs/audit-log.md");
        let rows = documented.lines().filter(|line| line.starts_with("| `") && line.contains('.'));
        let rows: Vec<_> = rows.filter(|line| line.matches('|').count() == 5).collect();
        let row = |action: &Action| {
            let (word, resource, sentence) = (action.word(), action.resource(), action.sentence());
            format!("| `{word}` | `{resource}` | {} | {sentence} |", action.severity().name())
        };
        assert_eq!(rows, Action::ALL.iter().map(row).collect::<Vec<_>>());
    }
}
