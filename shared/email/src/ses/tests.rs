//! What goes over the wire to SES, and what its answers mean.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::{BehaviorVersion, Credentials, Region};
use rookery_domain::{JsonObject, TemplateKind};

use super::*;

const ACCEPTED: &str =
    "<SendEmailResponse><SendEmailResult><MessageId>1</MessageId></SendEmailResult></SendEmailResponse>";

/// Answers one request on a port of its own, and hands back the form that it held.
fn serve_once(status: u16, body: String) -> (String, JoinHandle<HashMap<String, String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                None if line.trim().is_empty() => break,
                Some(_) | None => {}
            }
        }
        let mut form = vec![0; length];
        reader.read_exact(&mut form).unwrap();
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        reader.get_mut().write_all((head + &body).as_bytes()).unwrap();
        url::form_urlencoded::parse(&form).into_owned().collect()
    });
    (endpoint, served)
}

fn transport(endpoint: &str) -> SesTransport {
    let config = aws_sdk_ses::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    SesTransport::new(Client::from_conf(config), Some("rookery".into()))
}

fn message() -> Message {
    Message {
        to: "jane@bücher.example".parse().unwrap(),
        from: "no-reply@example.com".parse().unwrap(),
        from_name: "Café".into(),
        subject: "Grüße".into(),
        text: "text ✓".into(),
        html: "<p>✓</p>".into(),
        template: TemplateKind::ActivateUser,
        variables: JsonObject::new(),
    }
}

async fn answered(status: u16, body: impl Into<String>) -> Result<(), SendError> {
    let (endpoint, served) = serve_once(status, body.into());
    let outcome = transport(&endpoint).send(&message()).await;
    served.join().unwrap();
    outcome
}

fn error(code: &str) -> String {
    let text = "Email address is not verified: jane@example.com";
    format!("<ErrorResponse><Error><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>")
}

#[tokio::test]
async fn a_message_goes_out_whole() {
    let (endpoint, served) = serve_once(200, ACCEPTED.into());
    assert_eq!(transport(&endpoint).send(&message()).await, Ok(()));
    let form = served.join().unwrap();
    let expected = [
        ("Action", "SendEmail"),
        ("Source", "=?UTF-8?B?Q2Fmw6k=?= <no-reply@example.com>"),
        ("Destination.ToAddresses.member.1", "jane@xn--bcher-kva.example"),
        ("Message.Subject.Data", "Grüße"),
        ("Message.Subject.Charset", "UTF-8"),
        ("Message.Body.Text.Data", "text ✓"),
        ("Message.Body.Text.Charset", "UTF-8"),
        ("Message.Body.Html.Data", "<p>✓</p>"),
        ("Message.Body.Html.Charset", "UTF-8"),
        ("ConfigurationSetName", "rookery"),
    ];
    for (field, value) in expected {
        assert_eq!(form.get(field).map(String::as_str), Some(value), "{field}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    assert_eq!(answered(400, error("Throttling")).await, Err(SendError::Throttled));
    assert_eq!(
        answered(400, error("MessageRejected")).await,
        Err(SendError::Rejected("MessageRejected".into()))
    );
    for (status, code) in
        [(400, "AccountSendingPausedException"), (403, "AccessDenied"), (503, "ServiceUnavailable")]
    {
        assert_eq!(answered(status, error(code)).await, Err(SendError::Unavailable(code.into())));
    }
}

#[tokio::test]
async fn nobody_answering_is_unavailable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = transport(&format!("http://{closed}")).send(&message()).await;
    assert_eq!(outcome, Err(SendError::Unavailable("no answer".into())));
}

#[test]
fn names_are_quoted_or_encoded() {
    let from = "a@example.com".parse().unwrap();
    assert_eq!(mailbox("", &from), "a@example.com");
    assert_eq!(mailbox("Acme, Inc.", &from), r#""Acme, Inc." <a@example.com>"#);
    assert_eq!(mailbox(r#"a" <b@x.example>, \"#, &from), r#""a\" <b@x.example>, \\" <a@example.com>"#);
    for word in encoded_words(&"ü".repeat(100)).split(' ') {
        assert!(word.len() <= 75 && word.starts_with("=?UTF-8?B?"), "{word}");
    }
}
