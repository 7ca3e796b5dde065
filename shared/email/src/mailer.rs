//! Rendering and sending in one step.

use std::sync::Arc;

use rookery_domain::EmailAddress;
use tracing::Instrument as _;

use crate::render::Renderer;
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
    /// A template is broken, or asks for too much work.
    #[error("the mail cannot be rendered")]
    Render(#[from] minijinja::Error),
    /// The transport did not accept it.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Renders mails and sends them.
#[derive(Clone)]
pub struct Mailer {
    renderer: Arc<Renderer>,
    transport: Arc<dyn Transport>,
}

impl Mailer {
    /// A mailer that sends by `transport`.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { renderer: Arc::new(Renderer::new()), transport }
    }

    /// What [`Self::send`] would send.
    ///
    /// # Errors
    /// The mail's link is no web address, or a template fails.
    pub fn render(
        &self,
        sender: &Sender,
        to: &EmailAddress,
        mail: &impl Mail,
    ) -> Result<Message, EmailError> {
        self.renderer.render(sender, to, mail)
    }

    /// Sends `mail` to `to`.
    ///
    /// # Errors
    /// It cannot be rendered, or the transport does not accept it.
    pub async fn send<M: Mail>(
        &self,
        sender: &Sender,
        to: &EmailAddress,
        mail: &M,
    ) -> Result<(), EmailError> {
        // The address and the token stay out of the span: spans are logged.
        let span = tracing::info_span!("send_mail", template = M::TEMPLATE.as_str());
        async {
            let message = self.render(sender, to, mail)?;
            Ok(self.transport.send(&message).await?)
        }
        .instrument(span)
        .await
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;

    use super::*;
    use crate::render::samples;

    struct Throttling;

    impl Transport for Throttling {
        fn send<'a>(&'a self, _message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
            Box::pin(async { Err(SendError::Throttled) })
        }
    }

    #[tokio::test]
    async fn the_transports_refusal_is_the_mailers() {
        let mailer = Mailer::new(Arc::new(Throttling));
        let mail = samples::activation();
        // On a task of its own, as handlers run: the future must be `Send`.
        let sending = async move { mailer.send(&samples::sender(), &mail.email, &mail).await };
        let outcome = tokio::spawn(sending).await.unwrap();
        assert!(matches!(outcome, Err(EmailError::Send(SendError::Throttled))));
    }

    #[test]
    fn a_message_is_printed_without_its_token() {
        let mailer = Mailer::new(Arc::new(Throttling));
        let mail = samples::activation();
        let message = mailer.render(&samples::sender(), &mail.email, &mail).unwrap();
        assert_eq!(format!("{message:?}"), "Message { template: ActivateUser, .. }");
    }
}
