//! Rendering and sending in one step.

use std::sync::Arc;

use rookery_domain::{EmailAddress, MailTemplate};
use tracing::Instrument as _;

use crate::render::render;
use crate::template::TemplateFault;
use crate::{Mail, Message, SendError, Transport};

/// Who a mail comes from: an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The address.
    pub address: EmailAddress,
    /// The environment's name, as its users know it.
    pub name: String,
}

/// A mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum EmailError {
    /// The mail's variables cannot be written: its link leads elsewhere than to the web.
    #[error("the mail has unusable variables")]
    Variables(#[source] serde_json::Error),
    /// A template is none that may be used.
    #[error("the mail has an unusable template")]
    Template(#[from] TemplateFault),
    /// A template renders to too much.
    #[error("the mail cannot be rendered")]
    Render(#[from] Box<handlebars::RenderError>),
    /// The transport did not accept it.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Renders mails and sends them.
#[derive(Clone)]
pub struct Mailer {
    transport: Arc<dyn Transport>,
}

impl Mailer {
    /// A mailer that sends by `transport`.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport }
    }

    /// Sends `mail` to `to`, as it is built in or as `changed` has it.
    ///
    /// # Errors
    /// It cannot be rendered, or the transport does not accept it.
    pub async fn send<M: Mail>(
        &self,
        sender: &Sender,
        to: &EmailAddress,
        mail: &M,
        changed: Option<&MailTemplate>,
    ) -> Result<(), EmailError> {
        // The address and the token stay out of the span: spans are logged.
        let span = tracing::info_span!("send_mail", template = M::TEMPLATE.as_str());
        async {
            let message = render(sender, to, mail, changed)?;
            match self.transport.send(&message).await {
                Err(SendError::Rejected(code)) if message.from != sender.address => {
                    tracing::error!(
                        code,
                        "the template's own sender is not accepted: the environment's sends it"
                    );
                    let message = Message { from: sender.address.clone(), ..message };
                    Ok(self.transport.send(&message).await?)
                }
                outcome => Ok(outcome?),
            }
        }
        .instrument(span)
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::future::BoxFuture;
    use rookery_domain::TemplateKind;

    use super::*;
    use crate::test_mails::{activation, message, sender};

    struct Throttling;

    impl Transport for Throttling {
        fn send<'a>(&'a self, _message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
            Box::pin(async { Err(SendError::Throttled) })
        }
    }

    #[tokio::test]
    async fn the_transports_refusal_is_the_mailers() {
        let mailer = Mailer::new(Arc::new(Throttling));
        let mail = activation();
        // On a task of its own, as handlers run: the future must be `Send`.
        let sending = async move { mailer.send(&sender(), &mail.recipient.email, &mail, None).await };
        let outcome = tokio::spawn(sending).await.unwrap();
        assert!(matches!(outcome, Err(EmailError::Send(SendError::Throttled))));
    }

    #[test]
    fn a_message_is_printed_without_its_token() {
        assert_eq!(format!("{:?}", message()), "Message { template: ActivateUser, .. }");
    }

    /// Accepts what comes from the environment's own address alone.
    #[derive(Default)]
    struct Strict(Mutex<Vec<String>>);

    impl Transport for Strict {
        fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
            Box::pin(async {
                self.0.lock().unwrap().push(message.from.to_string());
                match message.from == sender().address {
                    true => Ok(()),
                    false => Err(SendError::Rejected("MessageRejected".into())),
                }
            })
        }
    }

    #[tokio::test]
    async fn a_sender_that_is_not_accepted_gives_way_to_the_environments() {
        let strict = Arc::new(Strict::default());
        let mail = activation();
        let changed = MailTemplate {
            sender: Some("hello@cloudbase.example".parse().unwrap()),
            ..MailTemplate::of(TemplateKind::ActivateUser, rookery_domain::Timestamp::from_millis(0))
        };
        let mailer = Mailer::new(strict.clone());
        mailer.send(&sender(), &mail.recipient.email, &mail, Some(&changed)).await.unwrap();
        assert_eq!(*strict.0.lock().unwrap(), ["hello@cloudbase.example", "no-reply@cloudbase.example"]);
    }
}
