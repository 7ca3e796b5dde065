//! What the page of templates shows: a mail of each kind, to somebody of whom everything is known.

use rookery_domain::TemplateKind;
use rookery_email::{EmailError, Sample};
use serde::Serialize;

/// A kind of mail in the list.
#[derive(Serialize)]
pub(super) struct Row {
    id: &'static str,
    subject: String,
}

/// A mail of one kind as it is looked at.
#[derive(Serialize)]
pub(super) struct View {
    id: &'static str,
    subject: String,
    text: String,
    /// The body for a frame of its own, whose links open outside it.
    html: String,
}

pub(super) fn rows() -> Result<Vec<Row>, EmailError> {
    let row = |kind: &TemplateKind| Ok(Row { id: kind.as_str(), subject: Sample::of(*kind)?.subject });
    TemplateKind::ALL.iter().map(row).collect()
}

pub(super) fn view(kind: TemplateKind) -> Result<View, EmailError> {
    let Sample { subject, text, html } = Sample::of(kind)?;
    Ok(View { id: kind.as_str(), subject, text, html: format!("<base target=\"_blank\">{html}") })
}
