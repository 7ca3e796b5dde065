//! From a mail to its subject and bodies.

use minijinja::value::{Serde, Value as TemplateValue};
use minijinja::{AutoEscape, Environment, HtmlEscape, Output, State, UndefinedBehavior, context};
use rookery_domain::{EmailAddress, Json, JsonObject, OneTimeToken, is_invisible};

use crate::{EmailError, Mail, Message, Sender, TemplateKind};

/// How much work one template may ask for: some fifty times what the longest of ours does.
const FUEL: u64 = 100_000;

/// Renders mails with the built-in templates.
pub(crate) struct Renderer {
    templates: Environment<'static>,
}

impl Renderer {
    pub(crate) fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_loader(|name| Ok(built_in(name)));
        templates.set_formatter(write_value);
        templates.set_undefined_behavior(UndefinedBehavior::Chainable);
        templates.set_fuel(Some(FUEL));
        // In debug mode an error quotes the variables, and with them the token.
        templates.set_debug(false);
        templates.add_global("linkDays", OneTimeToken::LIFETIME_SECONDS / 86_400);
        Self { templates }
    }

    pub(crate) fn render<M: Mail>(
        &self,
        sender: &Sender,
        to: &EmailAddress,
        mail: &M,
    ) -> Result<Message, EmailError> {
        let variables = variables(mail)?;
        let folder = folder(M::TEMPLATE);
        let from_name = one_line(&sender.name);
        let with_sender = |name: &str, variables: &JsonObject| {
            let variables = TemplateValue::from(Serde(variables));
            context! { senderName => name, senderEmail => sender.address.as_str(), ..variables }
        };
        let in_subject = with_sender(&shown(&from_name), &shown_in_subject(&variables));
        let subject = one_line(&self.file(folder, "subject.txt", &in_subject)?);
        let with_subject = context! { subject => &subject, ..with_sender(&from_name, &variables) };
        Ok(Message {
            to: to.clone(),
            from: sender.address.clone(),
            from_name,
            text: self.file(folder, "body.txt", &with_subject)?,
            html: self.file(folder, "body.html", &with_subject)?,
            subject,
            template: M::TEMPLATE,
            variables,
        })
    }

    fn file(&self, folder: &str, name: &str, context: &TemplateValue) -> Result<String, minijinja::Error> {
        self.templates.get_template(&format!("{folder}/{name}"))?.render(context)
    }
}

fn variables(mail: &impl Mail) -> Result<JsonObject, EmailError> {
    let text = serde_json::to_vec(mail).map_err(EmailError::Variables)?;
    serde_json::from_slice(&text).map_err(EmailError::Variables)
}

const fn folder(kind: TemplateKind) -> &'static str {
    match kind {
        TemplateKind::ActivateUser => "activate-user",
        TemplateKind::InviteToTenant => "invite-to-tenant",
    }
}

/// The text of a template. It is parsed at first use: a function that sends no mail spends nothing on it.
fn built_in(name: &str) -> Option<&'static str> {
    Some(match name {
        "base.html" => include_str!("../templates/base.html"),
        "base.txt" => include_str!("../templates/base.txt"),
        "parts/button.html" => include_str!("../templates/parts/button.html"),
        "activate-user/subject.txt" => include_str!("../templates/activate-user/subject.txt"),
        "activate-user/body.txt" => include_str!("../templates/activate-user/body.txt"),
        "activate-user/body.html" => include_str!("../templates/activate-user/body.html"),
        "invite-to-tenant/subject.txt" => include_str!("../templates/invite-to-tenant/subject.txt"),
        "invite-to-tenant/body.txt" => include_str!("../templates/invite-to-tenant/body.txt"),
        "invite-to-tenant/body.html" => include_str!("../templates/invite-to-tenant/body.html"),
        _ => return None,
    })
}

/// Writes one value into a template: null as nothing, and escaped wherever the template is HTML.
fn write_value(out: &mut Output, state: &mut State, value: &TemplateValue) -> Result<(), minijinja::Error> {
    if value.is_none() {
        return Ok(());
    }
    if *state.auto_escape() != AutoEscape::Html || value.is_safe() {
        return minijinja::escape_formatter(out, state, value);
    }
    // A slash is harmless in text and in a quoted attribute, and a link stays readable in the source.
    let escaped = HtmlEscape(&value.to_string()).to_string().replace("&#x2f;", "/");
    out.write_str(&escaped).map_err(minijinja::Error::from)
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
pub(crate) mod samples {
    //! Mails for tests.

    use serde_json::{Value, json};

    use super::*;
    use crate::{ActivateUser, InviteToTenant};

    pub(crate) fn sender() -> Sender {
        Sender { address: "no-reply@cloudbase.example".parse().unwrap(), name: "Cloudbase".into() }
    }

    fn object(value: Value) -> JsonObject {
        serde_json::from_value(value).unwrap()
    }

    pub(crate) fn activation() -> ActivateUser {
        ActivateUser {
            email: "jane.doe@example.com".parse().unwrap(),
            name: Some("Jane Doe".into()),
            tenant_name: "Northwind Traders".into(),
            redirect_url: concat!(
                "https://app.cloudbase.example/account/activate?userId=8d7b3c56-5b51-4a35-9d2c-0d4b6f5c1a10",
                "&token=3q2-7wSCa0l9vQ1sM8fK2yJx4bT6hZ0nUeRdPgWoLiE",
            )
            .parse()
            .unwrap(),
            metadata: object(json!({ "team": "sales" })),
            email_metadata: object(json!({ "campaign": "spring" })),
        }
    }

    pub(crate) fn invitation() -> InviteToTenant {
        let ActivateUser { email, name, tenant_name, redirect_url, metadata, email_metadata } = activation();
        let mut redirect_url = redirect_url;
        redirect_url.set_path("/account/invitation/accept");
        InviteToTenant {
            email,
            name,
            tenant_name,
            redirect_url,
            metadata,
            email_metadata,
            issuer_name: Some("Amara Okafor".into()),
            issuer_email: Some("amara@northwind.example".parse().unwrap()),
        }
    }
}

#[cfg(test)]
mod tests;
