//! Stories that cross endpoint groups, told to a server over HTTP.
//!
//! The server is at `ROOKERY_BASE_URL`, with `ROOKERY_CLIENT_ID`, `ROOKERY_SECRET` and, to read the mails that it sent,
//! `ROOKERY_MAIL_URL`; without these, one is started within this process, with its table in an embedded engine or, where
//! `ROOKERY_TEST_DYNAMODB_ENDPOINT` says so, in the DynamoDB there. The stories share one environment, and each
//! makes tenants and users of its own, so they run side by side and against a server that has data.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api_tokens;
mod audit;
mod doors;
mod groups;
mod invitation;
mod lockout;
mod mails;
mod management;
mod newcomer;
mod passwordless;
mod passwords;
mod policies;
mod readme;
mod second_factor;
mod session;
mod sign_up;
mod support;
mod tokens;
