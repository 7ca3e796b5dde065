//! From a mail to its subject and bodies.

use rookery_domain::{EmailAddress, Json, JsonObject, MailTemplate, TemplateKind, is_invisible};

use crate::template::{Format, Template, TemplateFault};
use crate::{EmailError, Mail, Message, Sender, compose, wording};

/// Renders `mail`, as it is built in or as `changed` has it.
pub(crate) fn render<M: Mail>(
    sender: &Sender,
    to: &EmailAddress,
    mail: &M,
    changed: Option<&MailTemplate>,
) -> Result<Message, EmailError> {
    let changed_from = changed.and_then(|changed| changed.from_name.clone());
    let sender = Sender {
        name: one_line(changed_from.as_ref().unwrap_or(&sender.name)),
        address: own_sender(sender, changed).unwrap_or(&sender.address).clone(),
    };
    let mut variables = variables(mail)?;
    if let Some(page) = changed.and_then(|changed| changed.success_redirect_url.clone()) {
        variables.insert("successRedirectUrl".to_owned(), Json::String(page.into()));
    }
    let Rendered { subject, text, html } = texts(M::TEMPLATE, &sender, &variables, changed)?;
    let Sender { address: from, name: from_name } = sender;
    Ok(Message { to: to.clone(), from, from_name, subject, text, html, template: M::TEMPLATE, variables })
}

/// The address that the template has mails come from, if SES sends for it: it does for the domain of the environment's own.
fn own_sender<'t>(sender: &Sender, changed: Option<&'t MailTemplate>) -> Option<&'t EmailAddress> {
    let own = changed.and_then(|changed| changed.sender.as_ref())?;
    let is_at_home = own.domain() == sender.address.domain();
    if !is_at_home {
        tracing::warn!("the template's own sender is at another domain: the environment's sends the mail");
    }
    is_at_home.then_some(own)
}

/// What a mail says.
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// What a mail of `kind` says with `variables`. The plain text is the built-in one, whatever the HTML says.
pub(crate) fn texts(
    kind: TemplateKind,
    sender: &Sender,
    variables: &JsonObject,
    changed: Option<&MailTemplate>,
) -> Result<Rendered, EmailError> {
    let built_in = BuiltIn::of(kind);
    let subject = changed.and_then(|changed| changed.subject.as_deref()).unwrap_or(built_in.subject);
    let html = changed.and_then(|changed| changed.html.as_deref()).unwrap_or(&built_in.html);
    let write = |source: &str, format, variables: &JsonObject| -> Result<String, EmailError> {
        Ok(Template::parse(source, kind)?.render(format, variables).map_err(Box::new)?)
    };
    let with_sender = |name: &str, mut variables: JsonObject| {
        variables.insert("senderName".to_owned(), Json::String(name.to_owned()));
        variables.insert("senderEmail".to_owned(), Json::String(sender.address.to_string()));
        variables
    };
    let in_subject = with_sender(&shown(&sender.name), shown_in_subject(variables));
    let subject = one_line(&write(subject, Format::Text, &in_subject)?);
    let mut variables = with_sender(&sender.name, variables.clone());
    variables.insert("subject".to_owned(), Json::String(subject.clone()));
    Ok(Rendered {
        text: write(&built_in.text, Format::Text, &variables)?,
        html: write(html, Format::Html, &variables)?,
        subject,
    })
}

/// The templates of a mail as it is built in.
#[derive(Clone, Debug)]
pub struct BuiltIn {
    /// The subject.
    pub subject: &'static str,
    /// The HTML body.
    pub html: String,
    /// The plain text.
    pub text: String,
}

impl BuiltIn {
    /// Those of `kind`.
    #[must_use]
    pub fn of(kind: TemplateKind) -> Self {
        let wording = wording::of(kind);
        Self { subject: wording.subject, html: compose::html(&wording), text: compose::text(&wording) }
    }
}

/// Whether mails can be rendered as `changed` has them.
///
/// # Errors
/// The template of the field that is named cannot be used.
pub fn check(changed: &MailTemplate) -> Result<(), (&'static str, TemplateFault)> {
    for (field, source) in [("subject", &changed.subject), ("htmlTemplate", &changed.html)] {
        if let Some(source) = source {
            Template::parse(source, changed.kind).map_err(|fault| (field, fault))?;
        }
    }
    Ok(())
}

fn variables(mail: &impl Mail) -> Result<JsonObject, EmailError> {
    let text = serde_json::to_vec(mail).map_err(EmailError::Variables)?;
    serde_json::from_slice(&text).map_err(EmailError::Variables)
}

/// `text` on one line: a line break in a header would begin another header.
fn one_line(text: &str) -> String {
    // Joiners are part of how some scripts and pictures are written; other invisible characters change what a line seems to say.
    let is_shown = |c: &char| !is_invisible(*c) || c.is_whitespace() || matches!(c, '\u{200c}' | '\u{200d}');
    let shown: String = text.chars().filter(is_shown).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many characters of a name a subject shows: as many as a list of mails does.
const SHOWN: usize = 64;

/// `name` as a subject shows it.
fn shown(name: &str) -> String {
    let name = one_line(name);
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", name[..end].trim_end()),
        None => name,
    }
}

/// The variables, with names as a subject shows them.
fn shown_in_subject(variables: &JsonObject) -> JsonObject {
    let shown = |value: &Json| match value {
        Json::String(text) => Json::String(shown(text)),
        other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
            other.clone()
        }
    };
    variables.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
}

#[cfg(test)]
mod tests;
