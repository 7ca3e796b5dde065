//! What an operator does to a deployment that no endpoint does.
//!
//! It works with the operator's own AWS credentials, on the table and the keys themselves. What it made is printed as one
//! line of JSON on standard output; what that means goes to standard error.

mod environment;
mod key_pair;
mod options;

use std::error::Error;
use std::process::ExitCode;

use aws_config::BehaviorVersion;
use clap::Parser as _;
use rookery_domain::{SystemClock, SystemEntropy, with_causes};
use rookery_store::{Connection, Store};

use options::{Command, Options};

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run(Options::parse().command)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rookery-admin: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    let config = Box::pin(aws_config::load_defaults(BehaviorVersion::latest())).await;
    match command {
        Command::CreateEnvironment(wanted) => {
            let store = Store::new(Connection::new(&config, &wanted.table));
            let outcome = environment::create(&store, &wanted, &SystemClock, &SystemEntropy).await?;
            eprintln!("{}", outcome.explanation());
            println!("{}", serde_json::to_string(&outcome)?);
        }
        Command::NewSecret(wanted) => {
            let store = Store::new(Connection::new(&config, &wanted.table));
            let outcome = environment::new_secret(&store, &wanted, &SystemClock, &SystemEntropy).await?;
            eprintln!("{}", outcome.explanation());
            println!("{}", serde_json::to_string(&outcome)?);
        }
        Command::NewKeyPairs(wanted) => {
            let pairs = key_pair::make(&aws_sdk_kms::Client::new(&config), &wanted.wrapping_key).await?;
            eprintln!("These are parameters of the stack. Keep them: they cannot be made again.");
            println!("{}", serde_json::to_string(&pairs)?);
        }
    }
    Ok(())
}
