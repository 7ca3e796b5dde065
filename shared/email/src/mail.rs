//! The mails, and what each is given to say.
//!
//! The variables have the names of the API's own templates, so that one written for it can be used as it is.

use rookery_domain::{EmailAddress, JsonObject, OneTimeToken, PhoneNumber, TemplateKind, User};
use serde::{Serialize, Serializer};
use url::Url;

/// A mail before it is rendered: as JSON, it is an object of the variables that its templates may name.
pub trait Mail: Serialize + Sync {
    /// The templates to render it with.
    const TEMPLATE: TemplateKind;
}

/// Whom a mail is for: what every mail may say of them.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// The user's address.
    pub email: EmailAddress,
    /// What to call the user.
    pub name: Option<String>,
    /// Their phone number.
    pub phone_number: Option<PhoneNumber>,
    /// Their picture.
    pub profile_picture_url: Option<String>,
    /// The user's metadata.
    pub metadata: JsonObject,
    /// The tenant that the mail is about, or the environment.
    pub tenant_name: String,
    /// What the caller added for this one mail.
    pub email_metadata: JsonObject,
}

impl Recipient {
    /// `user`, in the tenant that is called `tenant_name`.
    #[must_use]
    pub fn new(user: &User, tenant_name: &str, email_metadata: JsonObject) -> Self {
        Self {
            email: user.email.clone(),
            name: user.name.clone(),
            phone_number: user.phone_number.clone(),
            profile_picture_url: user.profile_picture_url.clone(),
            metadata: user.metadata.as_object(),
            tenant_name: tenant_name.to_owned(),
            email_metadata,
        }
    }
}

/// Days that a link works.
const LINK_DAYS: i64 = OneTimeToken::LIFETIME_SECONDS / 86_400;

/// To a new user: activate the account.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivateUser {
    /// Whom it is for.
    #[serde(flatten)]
    pub recipient: Recipient,
    /// The [`link`](crate::link) to press.
    #[serde(rename = "redirectURL", serialize_with = "web_address")]
    pub redirect_url: Url,
    /// Days that the link works.
    pub link_days: i64,
}

impl ActivateUser {
    /// The mail to `recipient`.
    #[must_use]
    pub fn new(recipient: Recipient, redirect_url: Url) -> Self {
        Self { recipient, redirect_url, link_days: LINK_DAYS }
    }
}

impl Mail for ActivateUser {
    const TEMPLATE: TemplateKind = TemplateKind::ActivateUser;
}

macro_rules! plain_mails {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Whom it is for.
            #[serde(flatten)]
            pub recipient: Recipient,
            /// The [`link`](crate::link) to press, or the application if there is none.
            #[serde(rename = "redirectURL", serialize_with = "web_address")]
            pub redirect_url: Url,
        }

        impl $name {
            /// The mail to `recipient`.
            #[must_use]
            pub fn new(recipient: Recipient, redirect_url: Url) -> Self {
                Self { recipient, redirect_url }
            }
        }

        impl Mail for $name {
            const TEMPLATE: TemplateKind = TemplateKind::$name;
        }
    )*};
}

plain_mails! {
    /// To whoever forgot their password: set another.
    ResetPassword,
    /// To whoever wants to sign in: the link that does.
    MagicLink,
    /// To whom too many wrong passwords have locked: unlock the account.
    BruteForceProtection,
    /// To whoever has unlocked their account: it was unlocked.
    UnlockUserSuccess,
    /// To the address that a user had: there is another now.
    EmailAddressChanged,
}

/// To whoever wants to sign in: the code that does.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneTimeCodeMail {
    /// Whom it is for.
    #[serde(flatten)]
    pub recipient: Recipient,
    /// The application.
    #[serde(rename = "redirectURL", serialize_with = "web_address")]
    pub redirect_url: Url,
    /// The digits to type.
    pub code: String,
}

impl Mail for OneTimeCodeMail {
    const TEMPLATE: TemplateKind = TemplateKind::OTC;
}

/// To a user who has an account: join a tenant.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteToTenant {
    /// Whom it is for.
    #[serde(flatten)]
    pub recipient: Recipient,
    /// The [`link`](crate::link) to press.
    #[serde(rename = "redirectURL", serialize_with = "web_address")]
    pub redirect_url: Url,
    /// Days that the link works.
    pub link_days: i64,
    /// Who invites, when it is a person.
    #[serde(flatten)]
    pub issuer: Option<Issuer>,
}

/// Who invites, or has joined.
#[derive(Clone, Serialize)]
pub struct Issuer {
    /// Their name.
    #[serde(rename = "issuerName")]
    pub name: Option<String>,
    /// Their address.
    #[serde(rename = "issuerEmail")]
    pub email: EmailAddress,
    /// Their metadata.
    #[serde(rename = "issuerMetadata")]
    pub metadata: JsonObject,
    /// Their picture.
    #[serde(rename = "issuerProfilePictureUrl")]
    pub profile_picture_url: Option<String>,
}

impl From<&User> for Issuer {
    fn from(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            email: user.email.clone(),
            metadata: user.metadata.as_object(),
            profile_picture_url: user.profile_picture_url.clone(),
        }
    }
}

impl InviteToTenant {
    /// The mail to `recipient`.
    #[must_use]
    pub fn new(recipient: Recipient, redirect_url: Url, issuer: Option<Issuer>) -> Self {
        Self { recipient, redirect_url, link_days: LINK_DAYS, issuer }
    }
}

impl Mail for InviteToTenant {
    const TEMPLATE: TemplateKind = TemplateKind::InviteToTenant;
}

/// To whoever invites by a link: somebody joined by it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserUsedInvitation {
    /// Whom it is for.
    #[serde(flatten)]
    pub recipient: Recipient,
    /// Who joined.
    #[serde(flatten)]
    pub joined: Issuer,
    /// Where the application is.
    #[serde(rename = "redirectURL", serialize_with = "web_address")]
    pub redirect_url: Url,
}

impl Mail for UserUsedInvitation {
    const TEMPLATE: TemplateKind = TemplateKind::UserUsedInvitation;
}

/// Writes a link, unless it leads elsewhere than to the web: a `javascript:` address must not get behind a button.
fn web_address<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(serde::ser::Error::custom("redirectURL must be an http or https address"));
    }
    serializer.serialize_str(url.as_str())
}
