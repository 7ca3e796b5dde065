//! What the command line says.

use clap::{Args, Parser, Subcommand};
use rookery_domain::{EmailAddress, WebAddress};
use url::Url;

/// What an operator does to a deployment that no endpoint does.
///
/// AWS credentials and the Region are found as the AWS CLI finds them.
#[derive(Parser)]
#[command(name = "rookery-admin")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make the first environment, and print its client id and secret; if there is one, change nothing.
    CreateEnvironment(NewEnvironment),
    /// Make another secret for an environment, and print it; the latest one before it stays good.
    NewSecret(NewSecret),
    /// Have KMS make the key pairs that the signing mode `KmsWrapped` needs, and print them as parameters of the stack.
    NewKeyPairs(NewKeyPairs),
}

/// An environment to be made.
#[derive(Args)]
pub(crate) struct NewEnvironment {
    /// The deployment's table.
    #[arg(long)]
    pub(crate) table: String,
    /// Where browsers and back ends reach the API: the issuer of access tokens.
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) base_url: Url,
    /// One more host name by which the API is reached.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,
    /// The address that mails come from.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) sender: EmailAddress,
    /// What mails call the product.
    #[arg(long, default_value = "Rookery")]
    pub(crate) name: String,
    /// Where the application is that mails link to [default: the base URL].
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) application_url: Option<Url>,
    /// A web origin whose pages may call with credentials, beside the application's own.
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) allow_origin: Vec<Url>,
}

/// A secret to be made.
#[derive(Args)]
pub(crate) struct NewSecret {
    /// The deployment's table.
    #[arg(long)]
    pub(crate) table: String,
    /// The environment's base URL, or any other by which it is reached.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Url,
}

/// Key pairs to be made.
#[derive(Args)]
pub(crate) struct NewKeyPairs {
    /// The key in KMS that the private keys are encrypted under: the stack's output `WrappingKey`.
    #[arg(long, value_name = "KEY")]
    pub(crate) wrapping_key: String,
}

/// The address of a page. Any other kind has no origin of its own, so that others would share what it is trusted with.
fn web_address(text: &str) -> Result<Url, String> {
    let address = WebAddress::try_from(text.to_owned()).map_err(|error| error.to_string())?;
    address.url().ok_or_else(|| "it must not be empty".to_owned())
}
