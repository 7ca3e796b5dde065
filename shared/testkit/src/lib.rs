//! A whole Rookery within a test: a router, a table, a clock that stands still, and the mail that was sent.
//!
//! Every [`TestApp`] is an environment of its own in a table that the tests of a process share, so tests run side by side
//! and cannot see each other: which is itself what the isolation of environments promises.
//!
//! What a request does when something fails is seen by having it fail: a [`Gate`] stands before the table, and keys and
//! mail can be put out of order.
//!
//! The table is in an embedded engine, or with `ROOKERY_TEST_DYNAMODB_ENDPOINT` in the DynamoDB at that address.

mod app;
mod client;
mod gate;
mod mail;
mod signer;
mod table;

pub use app::{PASSWORD, TestApp, TestUser, new_environment, passwords};
pub use client::{Client, Response};
pub use gate::{Fault, Gate};
pub use table::{connect, connect_through_gate, table};
