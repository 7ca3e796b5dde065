//! What the mails say, and that what people write into them stays text.

use serde_json::{Value, json};

use super::samples::{activation, invitation, sender};
use super::*;
use crate::{ActivateUser, InviteToTenant};

fn render(mail: &impl Mail) -> Message {
    let to = "jane.doe@example.com".parse().unwrap();
    Renderer::new().render(&sender(), &to, mail).unwrap()
}

/// Renders `source` as if it were a mail's own body.
fn render_source(name: &str, source: &str, context: &Value) -> Result<String, minijinja::Error> {
    let renderer = Renderer::new();
    renderer.templates.render_named_str(name, source, TemplateValue::from(Serde(context)))
}

fn snapshot(name: &str, message: &Message) {
    insta::assert_snapshot!(format!("{name}_text"), format!("{}\n\n{}", message.subject, message.text));
    insta::assert_snapshot!(format!("{name}_html"), message.html);
}

#[test]
fn activate_user() {
    snapshot("activate_user", &render(&activation()));
}

#[test]
fn invite_to_tenant() {
    snapshot("invite_to_tenant", &render(&invitation()));
}

#[test]
fn mails_read_well_without_the_names() {
    let activation = ActivateUser { name: None, tenant_name: String::new(), ..activation() };
    let invitation = InviteToTenant {
        name: None,
        tenant_name: String::new(),
        issuer_name: None,
        issuer_email: None,
        ..invitation()
    };
    snapshot("activate_user_bare", &render(&activation));
    snapshot("invite_to_tenant_bare", &render(&invitation));
}

#[test]
fn the_variables_have_the_apis_names() {
    let message = render(&invitation());
    let names: Vec<_> = message.variables.keys().map(String::as_str).collect();
    let expected = [
        "email",
        "emailMetadata",
        "issuerEmail",
        "issuerName",
        "metadata",
        "name",
        "redirectURL",
        "tenantName",
    ];
    assert_eq!(names, expected);
    assert_eq!(json!(message.variables["metadata"]), json!({ "team": "sales" }));
    assert_eq!(json!(message.variables["emailMetadata"]), json!({ "campaign": "spring" }));
}

#[test]
fn markup_in_a_name_is_text() {
    let hostile = r#"<script>alert("x")</script>'&"#;
    let mail = InviteToTenant {
        name: Some(hostile.into()),
        tenant_name: hostile.into(),
        issuer_name: Some(hostile.into()),
        ..invitation()
    };
    let message = render(&mail);
    assert!(!message.html.contains("<script") && !message.html.contains("</script"));
    assert!(message.html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#x27;&amp;"));
    assert!(message.text.contains(hostile), "plain text is not escaped");
    assert!(message.subject.contains(hostile), "nor is a subject");
}

#[test]
fn a_template_in_a_name_is_text() {
    let hostile = "{{ 7 * 7 }}{% for x in range(9) %}{{ redirectURL }}{% endfor %}{# #}";
    let message = render(&ActivateUser { name: Some(hostile.into()), ..activation() });
    assert!(message.text.contains(hostile) && message.html.contains(hostile));
    assert_eq!(message.html, render(&activation()).html.replace("Jane Doe", hostile));
}

#[test]
fn a_line_break_in_a_name_begins_no_header() {
    let sender = Sender { name: "Cloudbase\r\nBcc: eve@example.com\u{2028}\0".into(), ..sender() };
    let mail = InviteToTenant { tenant_name: "A\r\nBcc: eve@example.com".into(), ..invitation() };
    let message = Renderer::new().render(&sender, &mail.email, &mail).unwrap();
    assert_eq!(message.subject, "Amara Okafor invited you to join A Bcc: eve@example.com");
    assert_eq!(message.from_name, "Cloudbase Bcc: eve@example.com");
}

#[test]
fn a_link_cannot_leave_its_attribute() {
    let mail = ActivateUser {
        redirect_url: r#"https://app.example.com/"onmouseover='x'?a="><b>&token=t#'><i>"#.parse().unwrap(),
        ..activation()
    };
    let html = render(&mail).html;
    assert!(!html.contains("onmouseover='") && !html.contains("<b>") && !html.contains("<i>"));
    assert!(html.contains("&amp;token=t"));
}

#[test]
fn a_link_leads_to_the_web_only() {
    for address in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"] {
        let mail = ActivateUser { redirect_url: address.parse().unwrap(), ..activation() };
        let outcome = Renderer::new().render(&sender(), &mail.email, &mail);
        assert!(matches!(outcome, Err(EmailError::Variables(_))), "{address}");
    }
}

#[test]
fn what_is_missing_is_rendered_as_nothing() {
    let context = json!({ "name": null, "metadata": { "team": null } });
    let source =
        "[{{ name }}{{ metadata.team }}{{ metadata.team.lead }}{{ emailMetadata.a.b }}{{ tenantName }}]";
    for name in ["body.txt", "body.html"] {
        assert_eq!(render_source(name, source, &context).unwrap(), "[]", "{name}");
    }
}

#[test]
fn a_broken_or_endless_template_is_an_error() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    for source in ["{% if %}", "{{ name|nonsense }}", "{% include 'nowhere.html' %}", endless] {
        assert!(render_source("body.html", source, &json!({ "name": "x" })).is_err(), "{source}");
    }
}

#[test]
fn an_error_does_not_quote_the_variables() {
    let error = render_source("body.txt", "{{ token|nonsense }}", &json!({ "token": "s3cret" })).unwrap_err();
    assert!(!format!("{error} {error:?} {error:#}").contains("s3cret"));
}

#[test]
fn a_subject_shows_what_it_says_and_as_much_of_a_name_as_a_person_reads() {
    let named = |issuer: &str, tenant: &str| {
        render(&InviteToTenant {
            issuer_name: Some(issuer.to_owned()),
            tenant_name: tenant.to_owned(),
            ..invitation()
        })
        .subject
    };
    assert_eq!(named("A\u{202e}b", "C\u{2028}D\u{200f}\u{2067}E"), "Ab invited you to join C DE");
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    assert!(named(family, "Acme").starts_with(family), "joiners are part of how it is written");
    let long = named("Amara", &"Your account is at risk, call us now. ".repeat(6));
    assert_eq!(
        long,
        "Amara invited you to join Your account is at risk, call us now. Your account is at risk, c…"
    );
}
