//! The mails Rookery sends: what they say, and how they leave.
//!
//! A mail is a struct that implements [`Mail`]; its fields are the variables of its templates. The [`Mailer`] renders
//! it into a [`Message`] and hands that to a [`Transport`]: SES in the cloud, [`CapturedMail`] on a laptop and in
//! tests. What a mail is about, and whether to send it at all, is for the callers to decide.

mod captured;
mod links;
mod mailer;
mod message;
mod render;
mod ses;
mod template;
mod transport;

pub use captured::{CapturedMail, CapturedMessage};
pub use links::{activation_link, invitation_link};
pub use mailer::{EmailError, Mailer, Sender};
pub use message::Message;
pub use ses::SesTransport;
pub use template::{ActivateUser, InviteToTenant, Mail, TemplateKind};
pub use transport::{SendError, Transport};
