//! What the mails say, and that what people write into them stays text.

use serde_json::json;

use super::*;
use crate::test_mails::{activation, invitation, object, recipient, sender};
use crate::{ActivateUser, InviteToTenant, Issuer, Recipient, Sample};

fn render(mail: &impl Mail) -> Message {
    super::render(&sender(), &"jane.doe@example.com".parse().unwrap(), mail, None).unwrap()
}

fn to(name: &str) -> Recipient {
    Recipient { name: Some(name.into()), ..recipient() }
}

fn as_text(kind: TemplateKind, sample: &Sample) -> String {
    format!("=== {}\n{}\n\n{}", kind.as_str(), sample.subject, sample.text)
}

#[test]
fn every_mail_as_text() {
    let texts = TemplateKind::ALL.iter().map(|kind| as_text(*kind, &Sample::of(*kind).unwrap()));
    insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_mail_reads_well_without_the_names() {
    let texts = TemplateKind::ALL.iter().map(|kind| as_text(*kind, &Sample::bare(*kind).unwrap()));
    insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_link_a_code_and_a_notice_as_html() {
    for kind in [TemplateKind::ActivateUser, TemplateKind::OTC, TemplateKind::NewMFAMethod] {
        insta::assert_snapshot!(kind.as_str(), Sample::of(kind).unwrap().html);
    }
}

#[test]
fn what_html_says_plain_text_says_too() {
    for kind in TemplateKind::ALL {
        let built_in = BuiltIn::of(*kind);
        let changed = MailTemplate {
            html: Some(built_in.html),
            subject: Some(built_in.subject.to_owned()),
            ..MailTemplate::of(*kind, rookery_domain::Timestamp::from_millis(0))
        };
        assert_eq!(check(&changed), Ok(()), "{kind:?}: what is built in can be saved");
        let sample = Sample::of(*kind).unwrap();
        assert!(
            !sample.html.contains("{{") && !sample.html.contains("<!--me") && !sample.html.contains("**")
        );
        let link = "https://app.cloudbase.example";
        assert_eq!(sample.html.contains(link), sample.text.contains(link), "{kind:?}");
        assert_eq!(sample.html.contains("481516"), sample.text.contains("481516"), "{kind:?}");
        assert!(!kind.has_link() || sample.text.contains(link), "{kind:?}");
        assert!(sample.subject.chars().count() <= 64, "{kind:?}: {}", sample.subject);
    }
}

#[test]
fn the_variables_have_the_apis_names() {
    let message = render(&invitation());
    let names: Vec<_> = message.variables.keys().map(String::as_str).collect();
    let expected = [
        "email",
        "emailMetadata",
        "issuerEmail",
        "issuerMetadata",
        "issuerName",
        "issuerProfilePictureUrl",
        "linkDays",
        "metadata",
        "name",
        "phoneNumber",
        "profilePictureUrl",
        "redirectURL",
        "tenantName",
    ];
    assert_eq!(names, expected);
    let known = crate::variables::Variables::of(TemplateKind::InviteToTenant);
    assert!(names.iter().all(|name| known.require(name).is_ok()));
    assert_eq!(json!(message.variables["metadata"]), json!({ "team": "sales" }));
}

#[test]
fn markup_in_a_name_is_text() {
    let hostile = r#"<script>alert("x")</script>'&"#;
    let recipient = Recipient { tenant_name: hostile.into(), ..to(hostile) };
    let issuer = invitation().issuer.map(|issuer| Issuer { name: Some(hostile.into()), ..issuer });
    let message = render(&InviteToTenant { recipient, issuer, ..invitation() });
    assert!(!message.html.contains("<script") && !message.html.contains("</script"));
    assert!(message.html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#x27;&amp;"));
    assert!(message.text.contains(hostile), "plain text is not escaped");
    assert!(message.subject.contains(hostile), "nor is a subject");
}

#[test]
fn a_template_in_a_name_is_text() {
    let hostile = "{{redirectURL}}{{#if name}}x{{/if}}{{{name}}}{{!-- --}}";
    let message = render(&ActivateUser { recipient: to(hostile), ..activation() });
    assert!(message.text.contains(hostile) && message.html.contains(hostile));
    assert_eq!(message.html, render(&activation()).html.replace("Jane Doe", hostile));
}

#[test]
fn a_line_break_in_a_name_begins_no_header() {
    let sender = Sender { name: "Cloudbase\r\nBcc: eve@example.com\u{2028}\0".into(), ..sender() };
    let recipient = Recipient { tenant_name: "A\r\nBcc: eve@example.com".into(), ..recipient() };
    let mail = InviteToTenant { recipient, ..invitation() };
    let message = super::render(&sender, &mail.recipient.email, &mail, None).unwrap();
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
        let outcome = super::render(&sender(), &mail.recipient.email, &mail, None);
        assert!(matches!(outcome, Err(EmailError::Variables(_))), "{address}");
    }
}

#[test]
fn a_subject_shows_what_it_says_and_as_much_of_a_name_as_a_person_reads() {
    let named = |issuer: &str, tenant: &str| {
        let recipient = Recipient { tenant_name: tenant.to_owned(), ..recipient() };
        let issuer = invitation().issuer.map(|known| Issuer { name: Some(issuer.to_owned()), ..known });
        render(&InviteToTenant { recipient, issuer, ..invitation() }).subject
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

#[test]
fn what_an_environment_changed_is_what_is_sent() {
    let changed = MailTemplate {
        html: Some("<p>{{name}} {{metadata.team}} {{metadata.none.at.all}}{{{redirectURL}}}</p>".into()),
        subject: Some("Hi\n{{name}} of {{senderName}}".into()),
        sender: Some("hello@cloudbase.example".parse().unwrap()),
        from_name: Some("Cloud\u{202e}base Support".into()),
        success_redirect_url: Some("https://app.cloudbase.example/home".to_owned().try_into().unwrap()),
        ..MailTemplate::of(TemplateKind::ActivateUser, rookery_domain::Timestamp::from_millis(0))
    };
    assert_eq!(check(&changed), Ok(()));
    let mail = ActivateUser { recipient: to("<Jane>"), ..activation() };
    let message = super::render(&sender(), &mail.recipient.email, &mail, Some(&changed)).unwrap();
    assert_eq!(message.html, format!("<p>&lt;Jane&gt; sales {}</p>", mail.redirect_url));
    assert_eq!(message.subject, "Hi <Jane> of Cloudbase Support");
    assert_eq!(
        (message.from.as_str(), message.from_name.as_str()),
        ("hello@cloudbase.example", "Cloudbase Support")
    );
    assert!(message.text.contains(mail.redirect_url.as_str()), "the plain text is the built-in one");
    let elsewhere = MailTemplate { sender: Some("hello@elsewhere.example".parse().unwrap()), ..changed };
    let message = super::render(&sender(), &mail.recipient.email, &mail, Some(&elsewhere)).unwrap();
    assert_eq!(message.from, sender().address);
}

#[test]
fn an_integer_of_any_size_stays_what_it_is() {
    let metadata = serde_json::from_str(r#"{ "id": 123456789012345678901234567890 }"#).unwrap();
    let changed = MailTemplate {
        html: Some("{{metadata.id}}".into()),
        ..MailTemplate::of(TemplateKind::ActivateUser, rookery_domain::Timestamp::from_millis(0))
    };
    let mail = ActivateUser { recipient: Recipient { metadata, ..recipient() }, ..activation() };
    let message = super::render(&sender(), &mail.recipient.email, &mail, Some(&changed)).unwrap();
    assert!(
        message.html.starts_with("1234567890") || message.html.starts_with("1.2345678"),
        "{}",
        message.html
    );
}

#[test]
fn a_value_is_no_template_and_no_member_is_made_up() {
    let metadata = object(json!({ "$serde_json::private::RawValue": "{\"a\":1}" }));
    let mail = ActivateUser { recipient: Recipient { metadata, ..recipient() }, ..activation() };
    assert!(render(&mail).html.contains("Jane Doe"));
}
