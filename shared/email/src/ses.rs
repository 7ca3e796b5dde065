//! Mail through Amazon SES.

use aws_sdk_ses::Client;
use aws_sdk_ses::error::{BuildError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_ses::operation::send_email::SendEmailError;
use aws_sdk_ses::types;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use rookery_domain::EmailAddress;

use crate::{Message, SendError, Transport};

/// Sends through SES, one request a message.
#[derive(Clone, Debug)]
pub struct SesTransport {
    client: Client,
    configuration_set: Option<String>,
}

impl SesTransport {
    /// Sends with `client`; bounces and complaints are published as `configuration_set` says.
    #[must_use]
    pub fn new(client: Client, configuration_set: Option<String>) -> Self {
        Self { client, configuration_set }
    }

    async fn send_email(&self, message: &Message) -> Result<(), SendError> {
        let body = utf8(&message.subject)
            .and_then(|subject| {
                let body =
                    types::Body::builder().text(utf8(&message.text)?).html(utf8(&message.html)?).build();
                Ok(types::Message::builder().subject(subject).body(body).build())
            })
            .map_err(|error| SendError::Rejected(error.to_string()))?;
        self.client
            .send_email()
            .source(mailbox(&message.from_name, &message.from))
            .destination(types::Destination::builder().to_addresses(address(&message.to)).build())
            .message(body)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await
            .map(|_| ())
            .map_err(|error| refusal(&error))
    }
}

impl Transport for SesTransport {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(self.send_email(message))
    }
}

fn utf8(text: &str) -> Result<types::Content, BuildError> {
    types::Content::builder().data(text).charset("UTF-8").build()
}

/// A name and an address as one mailbox of a `From` header (RFC 5322, section 3.4).
fn mailbox(name: &str, from: &EmailAddress) -> String {
    let address = address(from);
    if name.is_empty() {
        return address;
    }
    if name.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\" <{address}>");
    }
    format!("{} <{address}>", encoded_words(name))
}

/// A text as encoded words (RFC 2047), each within the 75 characters that one may have.
fn encoded_words(text: &str) -> String {
    let longest = 45;
    let mut words = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= longest => word.push(c),
            Some(_) | None => words.push(c.into()),
        }
    }
    let encoded: Vec<_> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    encoded.join(" ")
}

/// An address with its domain in ASCII: SES takes no other.
fn address(address: &EmailAddress) -> String {
    let text = address.as_str();
    let ascii = text.rsplit_once('@').and_then(|(local, domain)| {
        let domain = url::Host::parse(domain).ok()?;
        Some(format!("{local}@{domain}"))
    });
    ascii.unwrap_or_else(|| text.to_owned())
}

fn refusal<R>(error: &SdkError<SendEmailError, R>) -> SendError {
    let Some(service_error) = error.as_service_error() else {
        return SendError::Unavailable("no answer".into());
    };
    match service_error.code() {
        Some("Throttling" | "ThrottlingException" | "TooManyRequestsException" | "RequestLimitExceeded") => {
            SendError::Throttled
        }
        Some(code @ ("MessageRejected" | "InvalidParameterValue" | "ValidationError")) => {
            SendError::Rejected(code.to_owned())
        }
        // Anything else is about the account, its permissions or the service: the next message would fare no better.
        code => SendError::Unavailable(code.unwrap_or("no code").to_owned()),
    }
}

#[cfg(test)]
mod tests;
