//! The kinds of mail, and what each is given to say.
//!
//! The variables have the names of the API's own templates, so that one written for it can be used as it is.

use rookery_domain::{EmailAddress, JsonObject};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// A kind of mail, under the API's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TemplateKind {
    /// To a new user: activate the account.
    ActivateUser,
    /// To a user who has an account: join a tenant.
    InviteToTenant,
}

impl TemplateKind {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActivateUser => "ActivateUser",
            Self::InviteToTenant => "InviteToTenant",
        }
    }
}

/// A mail before it is rendered: as JSON, it is an object of the variables that its templates may name.
pub trait Mail: Serialize + Sync {
    /// The templates to render it with.
    const TEMPLATE: TemplateKind;
}

/// To a new user: activate the account.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivateUser {
    /// The user's address.
    pub email: EmailAddress,
    /// What to call the user.
    pub name: Option<String>,
    /// The tenant that the account is made in.
    pub tenant_name: String,
    /// The link to press, from [`activation_link`](crate::activation_link).
    #[serde(rename = "redirectURL", serialize_with = "web_address")]
    pub redirect_url: Url,
    /// The user's metadata.
    pub metadata: JsonObject,
    /// What the caller added for this one mail.
    pub email_metadata: JsonObject,
}

impl Mail for ActivateUser {
    const TEMPLATE: TemplateKind = TemplateKind::ActivateUser;
}

/// To a user who has an account: join a tenant.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteToTenant {
    /// The user's address.
    pub email: EmailAddress,
    /// What to call the user.
    pub name: Option<String>,
    /// The tenant to join.
    pub tenant_name: String,
    /// The link to press, from [`invitation_link`](crate::invitation_link).
    #[serde(rename = "redirectURL", serialize_with = "web_address")]
    pub redirect_url: Url,
    /// The user's metadata.
    pub metadata: JsonObject,
    /// What the caller added for this one mail.
    pub email_metadata: JsonObject,
    /// The name of who invites, when it was a person.
    pub issuer_name: Option<String>,
    /// The address of who invites, when it was a person.
    pub issuer_email: Option<EmailAddress>,
}

impl Mail for InviteToTenant {
    const TEMPLATE: TemplateKind = TemplateKind::InviteToTenant;
}

/// Writes a link, unless it leads elsewhere than to the web: a `javascript:` address must not get behind a button.
fn web_address<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(serde::ser::Error::custom("redirectURL must be an http or https address"));
    }
    serializer.serialize_str(url.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_name_is_the_same_in_json() {
        for kind in [TemplateKind::ActivateUser, TemplateKind::InviteToTenant] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
