//! The whole API in one process, for a desk and for tests: no AWS account, and nothing to install.
//!
//! The endpoints are those of the functions on Lambda. The table is in an embedded engine, the signing keys are files,
//! and mails are captured and shown on a page instead of being sent.

mod banner;
mod body;
mod environment;
mod error;
mod home;
mod options;
mod pages;
mod server;
#[cfg(test)]
mod tests;
mod worker;

pub use banner::banner;
pub use error::StartError;
pub use options::Options;
pub use server::{Facts, Server};
