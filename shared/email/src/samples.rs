//! A mail of each kind, to look at.

use rookery_domain::{Json, JsonObject, TemplateKind};

use crate::render::{Rendered, texts};
use crate::variables::{LINK, Variables};
use crate::{EmailError, Sender};

/// A mail as its recipient would see it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The subject.
    pub subject: String,
    /// The body for readers that show no HTML.
    pub text: String,
    /// The body.
    pub html: String,
}

impl Sample {
    /// A mail of `kind`, to somebody of whom everything is known.
    ///
    /// # Errors
    /// It cannot be rendered.
    pub fn of(kind: TemplateKind) -> Result<Self, EmailError> {
        Self::with(kind, &variables(kind))
    }

    /// A mail of `kind`, to somebody of whom nothing is known but the address.
    ///
    /// # Errors
    /// It cannot be rendered.
    pub fn bare(kind: TemplateKind) -> Result<Self, EmailError> {
        let needed = ["email", "redirectURL", "code", "linkDays"];
        let known = variables(kind).into_iter().filter(|(name, _)| needed.contains(&name.as_str()));
        Self::with(kind, &known.collect())
    }

    fn with(kind: TemplateKind, variables: &JsonObject) -> Result<Self, EmailError> {
        let Rendered { subject, text, html } = texts(kind, &sender()?, variables, None)?;
        Ok(Self { subject, text, html })
    }
}

fn sender() -> Result<Sender, EmailError> {
    let address = "no-reply@cloudbase.example".parse().map_err(serde::de::Error::custom);
    Ok(Sender { address: address.map_err(EmailError::Variables)?, name: "Cloudbase".to_owned() })
}

/// What the mail of `kind` is given.
pub(crate) fn variables(kind: TemplateKind) -> JsonObject {
    let known = Variables::of(kind);
    let values = SAMPLES.iter().filter(|(name, _)| known.require(name).is_ok());
    let values = values.map(|(name, value)| ((*name).to_owned(), Json::String((*value).to_owned())));
    values.chain([(LINK.to_owned(), Json::String(link(kind)))]).collect()
}

fn link(kind: TemplateKind) -> String {
    let application = "https://app.cloudbase.example";
    match kind.path() {
        "" => application.to_owned(),
        path => format!(
            "{application}{path}?userId=8d7b3c56-5b51-4a35-9d2c-0d4b6f5c1a10\
             &token=3q2-7wSCa0l9vQ1sM8fK2yJx4bT6hZ0nUeRdPgWoLiE"
        ),
    }
}

const SAMPLES: [(&str, &str); 13] = [
    ("email", "jane.doe@example.com"),
    ("name", "Jane Doe"),
    ("phoneNumber", "+14155550132"),
    ("profilePictureUrl", "https://www.cloudbase.example/jane.png"),
    ("tenantName", "Northwind Traders"),
    ("successRedirectUrl", "https://app.cloudbase.example/welcome"),
    ("code", "481516"),
    ("linkDays", "7"),
    ("issuerName", "Amara Okafor"),
    ("issuerEmail", "amara@northwind.example"),
    ("timesPwned", "12"),
    ("ipAddress", "203.0.113.7"),
    ("userAgent", "Firefox on Linux"),
];
