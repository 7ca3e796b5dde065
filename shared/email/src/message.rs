//! A mail that is ready to leave.

use std::fmt;

use rookery_domain::{EmailAddress, JsonObject, TemplateKind};

/// A rendered mail.
#[derive(Clone, PartialEq)]
pub struct Message {
    /// Whom it is for.
    pub to: EmailAddress,
    /// The address it comes from.
    pub from: EmailAddress,
    /// The name it comes from.
    pub from_name: String,
    /// The subject: one line.
    pub subject: String,
    /// The body for readers that show no HTML.
    pub text: String,
    /// The body.
    pub html: String,
    /// The template it was rendered with.
    pub template: TemplateKind,
    /// What the template was given.
    pub variables: JsonObject,
}

// The bodies and the variables hold a token, which has no place in a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("template", &self.template).finish_non_exhaustive()
    }
}
