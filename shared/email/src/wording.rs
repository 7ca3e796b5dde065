//! What the mails say unless an environment has them say something else.
//!
//! A mail is worded once: its HTML, its plain text and its subject are composed of the same sentences. They are templates
//! with variables in the manner of Handlebars; see [`crate::template`] for what such a template may do.

use rookery_domain::TemplateKind;

/// What one kind of mail says.
pub(crate) struct Wording {
    pub(crate) subject: &'static str,
    /// What lists of mails show beside the subject.
    pub(crate) preview: &'static str,
    pub(crate) heading: &'static str,
    /// Paragraphs; what stands between `**` is emphasised.
    pub(crate) message: &'static [&'static str],
    pub(crate) action: Action,
    /// Why the recipient gets it, and what to do if they should not.
    pub(crate) reason: &'static str,
}

/// What the recipient does with the mail.
pub(crate) enum Action {
    /// They read it.
    None,
    /// They press a button with this label. The sentence says for how long it works.
    Link(&'static str, &'static str),
    /// They type the code. The sentence says for how long it works.
    Code(&'static str),
}

const HELLO: &str = "Hello{{#if name}} {{name}}{{/if}},";
const WORKS_ONCE: &str = "This link works once and expires in {{linkDays}} days.";
const WORKS_ONCE_SOON: &str = "This link works once and expires soon.";
const CODE_EXPIRES: &str =
    "The code works once and expires soon. Nobody at {{senderName}} will ever ask you for it.";
const NOT_YOU: &str = "You get this mail because it concerns the security of your account {{email}}. If it was not you, \
                       change your password and tell your administrator.";

/// The wording of `kind`.
#[expect(clippy::too_many_lines, reason = "a table of texts")]
pub(crate) fn of(kind: TemplateKind) -> Wording {
    match kind {
        TemplateKind::ActivateUser => Wording {
            subject: "Activate your {{senderName}} account",
            preview: "Your account{{#if tenantName}} at {{tenantName}}{{/if}} is ready. The link expires in {{linkDays}} days.",
            heading: "Activate your account",
            message: &[
                HELLO,
                "An account for **{{email}}** is ready for you{{#if tenantName}} at **{{tenantName}}**{{/if}} on \
                 {{senderName}}. Activate it to sign in for the first time.",
            ],
            action: Action::Link("Activate account", WORKS_ONCE),
            reason: "You get this mail because somebody created an account with your address{{#if tenantName}} at \
                     {{tenantName}}{{/if}}. If you did not expect it, ignore this mail: the account stays inactive.",
        },
        TemplateKind::ActivateUserWithCode => Wording {
            subject: "Activate your {{senderName}} account",
            preview: "Your account{{#if tenantName}} at {{tenantName}}{{/if}} is ready. Here is your code.",
            heading: "Activate your account",
            message: &[
                HELLO,
                "An account for **{{email}}** is ready for you{{#if tenantName}} at **{{tenantName}}**{{/if}} on \
                 {{senderName}}. Type this code to activate it:",
            ],
            action: Action::Code(CODE_EXPIRES),
            reason: "You get this mail because somebody created an account with your address{{#if tenantName}} at \
                     {{tenantName}}{{/if}}. If you did not expect it, ignore this mail: the account stays inactive.",
        },
        TemplateKind::InviteToTenant => Wording {
            subject: "{{#if issuerName}}{{issuerName}} invited you to join{{else}}You are invited to join{{/if}} \
                      {{#if tenantName}}{{tenantName}}{{else}}{{senderName}}{{/if}}",
            preview: "Accept the invitation to work there with your account. The link expires in {{linkDays}} days.",
            heading: "Join {{#if tenantName}}{{tenantName}}{{else}}your team{{/if}}",
            message: &[
                HELLO,
                "{{#if issuerName}}**{{issuerName}}**{{#if issuerEmail}} ({{issuerEmail}}){{/if}} invited you{{else}}\
                 {{#if issuerEmail}}**{{issuerEmail}}** invited you{{else}}You are invited{{/if}}{{/if}} to join \
                 **{{#if tenantName}}{{tenantName}}{{else}}a team{{/if}}** on {{senderName}}.",
                "After you accept, you can switch to it whenever you are signed in as {{email}}.",
            ],
            action: Action::Link("Accept invitation", WORKS_ONCE),
            reason: "You get this mail because somebody invited your address to {{#if tenantName}}{{tenantName}}{{else}}a \
                     team{{/if}}. If you did not expect it, ignore this mail: you join nothing unless you accept.",
        },
        TemplateKind::InviteToTenantWithCode => Wording {
            subject: "{{#if issuerName}}{{issuerName}} invited you to join{{else}}You are invited to join{{/if}} \
                      {{#if tenantName}}{{tenantName}}{{else}}{{senderName}}{{/if}}",
            preview: "Accept the invitation to work there with your account. Here is your code.",
            heading: "Join {{#if tenantName}}{{tenantName}}{{else}}your team{{/if}}",
            message: &[
                HELLO,
                "{{#if issuerName}}**{{issuerName}}** invited you{{else}}You are invited{{/if}} to join \
                 **{{#if tenantName}}{{tenantName}}{{else}}a team{{/if}}** on {{senderName}}. Type this code to accept:",
            ],
            action: Action::Code(CODE_EXPIRES),
            reason: "You get this mail because somebody invited your address to {{#if tenantName}}{{tenantName}}{{else}}a \
                     team{{/if}}. If you did not expect it, ignore this mail: you join nothing unless you accept.",
        },
        TemplateKind::BulkInvitesToTenant => Wording {
            subject: "You are invited to join {{#if tenantName}}{{tenantName}}{{else}}{{senderName}}{{/if}}",
            preview: "You and your colleagues are invited. The link expires in {{linkDays}} days.",
            heading: "Join {{#if tenantName}}{{tenantName}}{{else}}your team{{/if}}",
            message: &[
                HELLO,
                "You and your colleagues are invited to join **{{#if tenantName}}{{tenantName}}{{else}}a team{{/if}}** on \
                 {{senderName}}, as {{email}}.",
            ],
            action: Action::Link("Accept invitation", WORKS_ONCE),
            reason: "You get this mail because somebody invited your address to {{#if tenantName}}{{tenantName}}{{else}}a \
                     team{{/if}}. If you did not expect it, ignore this mail: you join nothing unless you accept.",
        },
        TemplateKind::UserUsedInvitation => Wording {
            subject: "{{#if issuerName}}{{issuerName}}{{else}}Somebody{{/if}} joined {{#if tenantName}}{{tenantName}}{{else}}\
                      your team{{/if}}",
            preview: "They used the invitation link that you made.",
            heading: "Your invitation was used",
            message: &[
                HELLO,
                "{{#if issuerName}}**{{issuerName}}**{{#if issuerEmail}} ({{issuerEmail}}){{/if}}{{else}}{{#if issuerEmail}}\
                 **{{issuerEmail}}**{{else}}Somebody{{/if}}{{/if}} joined \
                 **{{#if tenantName}}{{tenantName}}{{else}}your team{{/if}}** by the invitation link that you made.",
                "If you do not know them, remove them from the team and revoke the link.",
            ],
            action: Action::None,
            reason: "You get this mail because you asked to be told when somebody uses your invitation link.",
        },
        TemplateKind::ResetPassword => Wording {
            subject: "Reset your {{senderName}} password",
            preview: "Choose a new password for {{email}}.",
            heading: "Reset your password",
            message: &[
                HELLO,
                "Somebody asked to reset the password of **{{email}}** on {{senderName}}. If it was you, choose a new one:",
            ],
            action: Action::Link("Choose a new password", WORKS_ONCE_SOON),
            reason: "You get this mail because somebody asked to reset the password of your account. If it was not you, \
                     ignore this mail: your password stays as it is.",
        },
        TemplateKind::MagicLink => Wording {
            subject: "Sign in to {{senderName}}",
            preview: "Your link to sign in as {{email}}.",
            heading: "Sign in to {{senderName}}",
            message: &[HELLO, "Press the button to sign in as **{{email}}**."],
            action: Action::Link("Sign in", WORKS_ONCE_SOON),
            reason: "You get this mail because somebody asked to sign in with your address. If it was not you, ignore this \
                     mail: without it, nobody signs in.",
        },
        TemplateKind::OTC => Wording {
            subject: "{{code}} is your {{senderName}} code",
            preview: "Your code to sign in as {{email}}.",
            heading: "Sign in to {{senderName}}",
            message: &[HELLO, "Type this code to sign in as **{{email}}**:"],
            action: Action::Code(CODE_EXPIRES),
            reason: "You get this mail because somebody asked to sign in with your address. If it was not you, ignore this \
                     mail: without the code, nobody signs in.",
        },
        TemplateKind::MFAOTC => Wording {
            subject: "{{code}} is your {{senderName}} code",
            preview: "The second step to sign in as {{email}}.",
            heading: "Finish signing in",
            message: &[HELLO, "Type this code to finish signing in as **{{email}}**:"],
            action: Action::Code(CODE_EXPIRES),
            reason: "You get this mail because somebody signed in with your password. If it was not you, change it: \
                     whoever tried knows it.",
        },
        TemplateKind::EmailVerification => Wording {
            subject: "Verify your address for {{senderName}}",
            preview: "Tell us that {{email}} is yours.",
            heading: "Verify your address",
            message: &[HELLO, "Press the button to show that **{{email}}** is yours."],
            action: Action::Link("Verify address", WORKS_ONCE_SOON),
            reason: "You get this mail because somebody gave your address to {{senderName}}. If it was not you, ignore this \
                     mail.",
        },
        TemplateKind::VerifyNewEmail => Wording {
            subject: "Verify your new address for {{senderName}}",
            preview: "Then you sign in with {{email}}.",
            heading: "Verify your new address",
            message: &[
                HELLO,
                "Press the button to show that **{{email}}** is yours. From then on you sign in to {{senderName}} with it.",
            ],
            action: Action::Link("Verify address", WORKS_ONCE_SOON),
            reason: "You get this mail because somebody wants to sign in with your address. If it was not you, ignore this \
                     mail.",
        },
        TemplateKind::EmailAddressChanged => Wording {
            subject: "Your {{senderName}} address changed",
            preview: "You sign in with another address from now on.",
            heading: "Your address changed",
            message: &[
                HELLO,
                "The address of your account on {{senderName}} changed. **{{email}}** no longer signs in.",
            ],
            action: Action::None,
            reason: "You get this mail because this was the address of your account. If you did not change it, tell your \
                     administrator at once.",
        },
        TemplateKind::ResetPhoneNumber => Wording {
            subject: "Change your phone number on {{senderName}}",
            preview: "Here is your code.",
            heading: "Change your phone number",
            message: &[
                HELLO,
                "Somebody asked to change the phone number of **{{email}}**. Type this code to go on:",
            ],
            action: Action::Code(CODE_EXPIRES),
            reason: "You get this mail because somebody asked to change the phone number of your account. If it was not \
                     you, ignore this mail: the number stays as it is.",
        },
        TemplateKind::PwnedPassword => Wording {
            subject: "Your {{senderName}} password is known to others",
            preview: "Choose another one, here and wherever else you use it.",
            heading: "Choose another password",
            message: &[
                HELLO,
                "The password of **{{email}}** stands in lists of stolen passwords{{#if timesPwned}}, {{timesPwned}} \
                 times{{/if}}. It was not stolen from {{senderName}}: somebody had the same one elsewhere.",
                "Choose another one, here and wherever else you use it.",
            ],
            action: Action::None,
            reason: "You get this mail because it concerns the security of your account {{email}}.",
        },
        TemplateKind::ConnectNewDevice => Wording {
            subject: "New sign-in to {{senderName}}",
            preview: "Somebody signed in as {{email}} on a device that was not seen before.",
            heading: "New sign-in",
            message: &[
                HELLO,
                "Somebody signed in as **{{email}}** on a device that was not seen before{{#if userAgent}}: \
                 {{userAgent}}{{/if}}{{#if ipAddress}}, from {{ipAddress}}{{/if}}.",
                "If it was you, there is nothing to do.",
            ],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::BruteForceProtection => Wording {
            subject: "Your {{senderName}} account is locked",
            preview: "There were too many wrong passwords.",
            heading: "Your account is locked",
            message: &[
                HELLO,
                "There were too many wrong passwords for **{{email}}**. So that nobody guesses the right one, the account \
                 is locked. If it was you, unlock it:",
            ],
            action: Action::Link("Unlock account", WORKS_ONCE_SOON),
            reason: "You get this mail because your account is locked. If it was not you, leave it locked for now: whoever \
                     tries does not get in.",
        },
        TemplateKind::UnlockUser => Wording {
            subject: "Unlock your {{senderName}} account",
            preview: "Then you can sign in as {{email}} again.",
            heading: "Unlock your account",
            message: &[HELLO, "The account **{{email}}** is locked. Press the button to unlock it."],
            action: Action::Link("Unlock account", WORKS_ONCE_SOON),
            reason: "You get this mail because somebody asked to unlock your account. If it was not you, ignore this mail: \
                     it stays locked.",
        },
        TemplateKind::UnlockUserSuccess => Wording {
            subject: "Your {{senderName}} account is unlocked",
            preview: "You can sign in as {{email}} again.",
            heading: "Your account is unlocked",
            message: &[HELLO, "The account **{{email}}** is unlocked: you can sign in again."],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::SuspiciousIP => Wording {
            subject: "Unusual sign-in to {{senderName}}",
            preview: "It came from an address that others have complained about.",
            heading: "Unusual sign-in",
            message: &[
                HELLO,
                "Somebody signed in as **{{email}}** from an address that others have complained about{{#if ipAddress}}: \
                 {{ipAddress}}{{/if}}.",
            ],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::ImpossibleTravel => Wording {
            subject: "Unusual sign-in to {{senderName}}",
            preview: "It came from too far away from the one before.",
            heading: "Unusual sign-in",
            message: &[
                HELLO,
                "Somebody signed in as **{{email}}** from a place{{#if ipAddress}} ({{ipAddress}}){{/if}} that nobody \
                 reaches so soon after the sign-in before.",
            ],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::BotDetection => Wording {
            subject: "Unusual sign-in to {{senderName}}",
            preview: "It looked like a program's.",
            heading: "Unusual sign-in",
            message: &[
                HELLO,
                "Somebody tried to sign in as **{{email}}**{{#if ipAddress}} from {{ipAddress}}{{/if}} in a way that looks \
                 like a program's.",
            ],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::MFAEnroll => Wording {
            subject: "Your {{senderName}} account has a second step",
            preview: "It is asked for from now on.",
            heading: "Signing in has a second step",
            message: &[HELLO, "Signing in as **{{email}}** takes a second step from now on."],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::MFAUnenroll => Wording {
            subject: "Your {{senderName}} account has no second step any more",
            preview: "Your password alone signs in.",
            heading: "Signing in has one step",
            message: &[HELLO, "Signing in as **{{email}}** takes no second step any more."],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::NewMFAMethod => Wording {
            subject: "Another way to confirm your {{senderName}} sign-in",
            preview: "It was added to {{email}}.",
            heading: "Another second step",
            message: &[HELLO, "Another way to confirm a sign-in was added to **{{email}}**."],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::RemoveMFAMethod => Wording {
            subject: "One way less to confirm your {{senderName}} sign-in",
            preview: "It was removed from {{email}}.",
            heading: "One second step less",
            message: &[HELLO, "A way to confirm a sign-in was removed from **{{email}}**."],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::MFARecoveryCode => Wording {
            subject: "Your {{senderName}} recovery code changed",
            preview: "The one before no longer works.",
            heading: "Your recovery code changed",
            message: &[
                HELLO,
                "The recovery code of **{{email}}** was used or replaced. The one before no longer works.",
            ],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::SmsAuthenticationEnabled => Wording {
            subject: "Text messages sign in to your {{senderName}} account",
            preview: "They can from now on.",
            heading: "Signing in by text message",
            message: &[HELLO, "A code in a text message signs in as **{{email}}** from now on."],
            action: Action::None,
            reason: NOT_YOU,
        },
        TemplateKind::ApprovalFlowApprove => Wording {
            subject: "Something waits for your approval on {{senderName}}",
            preview: "Have a look and decide.",
            heading: "Your approval is needed",
            message: &[
                HELLO,
                "{{#if issuerName}}**{{issuerName}}**{{else}}Somebody{{/if}} asks for your approval\
                 {{#if tenantName}} in **{{tenantName}}**{{/if}}.",
            ],
            action: Action::Link("Have a look", WORKS_ONCE_SOON),
            reason: "You get this mail because you may approve what others ask for.",
        },
    }
}
