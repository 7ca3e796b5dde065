//! What the page of mails shows of them.

use rookery_email::CapturedMessage;
use serde::Serialize;

/// A mail in the list.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    id: u64,
    to: &'a str,
    subject: &'a str,
    sent_at: String,
}

pub(super) fn row(message: &CapturedMessage) -> Row<'_> {
    Row {
        id: message.id,
        to: message.to.as_str(),
        subject: &message.subject,
        sent_at: readable(&message.sent_at.to_string()),
    }
}

/// A moment, to the second.
fn readable(timestamp: &str) -> String {
    let seconds = timestamp.split('.').next().unwrap_or(timestamp);
    format!("{} UTC", seconds.replace('T', " "))
}

/// A mail as it is looked at.
#[derive(Serialize)]
pub(super) struct View<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    template: &'static str,
    text: &'a str,
    /// The body for a frame of its own, whose links open outside it.
    html: String,
    /// The link that the mail is about.
    link: Option<&'a str>,
}

pub(super) fn view(message: &CapturedMessage) -> View<'_> {
    View {
        row: row(message),
        template: message.template.as_str(),
        text: &message.text,
        html: format!("<base target=\"_blank\">{}", message.html),
        link: message.variables.get("redirectURL").and_then(|link| link.as_str()),
    }
}
