//! What stands around every router, through a router.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer_size;
mod deadline;
mod invites;
mod observed;
