//! The mails Rookery sends: what they say, and how they leave.
//!
//! A mail is a struct that implements [`Mail`]; its fields are the variables of its templates. The [`Mailer`] renders
//! it into a [`Message`] and hands that to a [`Transport`]: SES in the cloud, [`CapturedMail`] on a laptop and in
//! tests. What a mail is about, and whether to send it at all, is for the callers to decide.

mod captured;
mod compose;
mod links;
mod mail;
mod mailer;
mod message;
mod render;
mod samples;
mod ses;
mod template;
#[cfg(test)]
mod test_mails;
mod transport;
mod variables;
mod wording;

pub use captured::{CapturedMail, CapturedMessage};
pub use links::link;
pub use mail::{
    ActivateUser, BruteForceProtection, EmailAddressChanged, InviteToTenant, Issuer, MagicLink, Mail,
    OneTimeCodeMail, Recipient, ResetPassword, UnlockUserSuccess, UserUsedInvitation,
};
pub use mailer::{EmailError, Mailer, Sender};
pub use message::Message;
pub use render::{BuiltIn, check};
pub use samples::Sample;
pub use ses::SesTransport;
pub use template::TemplateFault;
pub use transport::{SendError, Transport};
