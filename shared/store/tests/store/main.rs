//! The store against a real engine: isolation, races, lists that cross buckets, and connections.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "the store does not ask who begins a session")]

mod consumption;
mod costs;
mod documented;
mod faults;
mod grouping;
mod import;
mod invites;
mod isolation;
mod journal;
mod lists;
mod opening;
mod races;
mod removal;
mod repositories;
mod support;
