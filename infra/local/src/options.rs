//! What the command line says.

use std::path::PathBuf;

use clap::{ArgGroup, Parser};
use rookery_domain::{VendorId, WebAddress};
use url::Url;

/// Run the whole API on this machine.
///
/// When it is ready, one line of JSON on standard output says where it is and how to sign in to it. Standard error has the
/// same for people, and the logs.
#[derive(Parser)]
#[command(name = "rookery-local", group = ArgGroup::new("data").required(true))]
#[command(after_help = "The environment variable RUST_LOG says what is logged, such as debug.")]
pub struct Options {
    /// The port to listen on, on 127.0.0.1; 0 is any that is free.
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// The folder that keeps the data, which is made if need be.
    #[arg(long, value_name = "DIR", group = "data")]
    pub data_dir: Option<PathBuf>,
    /// Keep the data in memory, until the end.
    #[arg(long, group = "data")]
    pub ephemeral: bool,
    /// The DynamoDB that holds the table, which is made there if need be and stays [default: an engine within the server].
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub dynamodb_endpoint: Option<String>,
    /// The environment's client id [default: a new one, or the one in the folder].
    #[arg(long, value_name = "UUID")]
    pub client_id: Option<VendorId>,
    /// The environment's secret [default: a new one, or the one in the folder].
    #[arg(long, value_name = "TEXT")]
    pub secret: Option<String>,
    /// One more host name that leads to the environment, beside 127.0.0.1 and localhost.
    #[arg(long, value_name = "HOST")]
    pub vendor_host: Option<String>,
    /// Where the application is that mails link to [default: port 3001 of localhost].
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub application_url: Option<String>,
    /// One more web origin that may call with credentials, beside the usual ones of development servers.
    #[arg(long, value_name = "ORIGIN", value_parser = web_origin)]
    pub allow_origin: Vec<String>,
    /// Say nothing to people when it is ready.
    #[arg(long)]
    pub quiet: bool,
}

fn web_address(text: &str) -> Result<String, String> {
    parse(text)?;
    Ok(text.trim_end_matches('/').to_owned())
}

fn web_origin(text: &str) -> Result<String, String> {
    Ok(parse(text)?.origin().ascii_serialization())
}

fn parse(text: &str) -> Result<Url, String> {
    let address = WebAddress::try_from(text.to_owned()).map_err(|error| error.to_string())?;
    address.url().ok_or_else(|| "it must not be empty".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_data_is_must_be_said_once() {
        let parse = |arguments: &str| {
            Options::try_parse_from(format!("rookery-local {arguments}").split_whitespace())
        };
        assert!(parse("").is_err());
        assert!(parse("--ephemeral --data-dir x").is_err());
        assert!(parse("--ephemeral").is_ok_and(|options| options.port == 3000));
    }

    #[test]
    fn an_origin_has_no_path_and_an_address_no_slash_at_the_end() {
        assert_eq!(web_origin("https://App.example.com:443/x").unwrap(), "https://app.example.com");
        assert_eq!(web_address("https://example.com/app/").unwrap(), "https://example.com/app");
        assert!(web_address("javascript:alert(1)").is_err());
    }
}
