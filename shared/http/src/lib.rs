//! What every endpoint group shares on the HTTP side.
//!
//! - [`AppState`]: what handlers work with.
//! - [`endpoints!`]: which endpoints a group has.
//! - [`auth`]: who calls. The type in a handler's signature is the permission it needs.
//! - [`ApiError`]: the one error, and the one place where it becomes a status and a body.
//! - [`RateLimited`]: which endpoints have a rate limit of their own.
//! - [`extract`] and [`Query`]: bodies and query strings whose mistakes are named.
//! - [`invites`]: invitation links, and who joins a tenant by one.
//! - [`mails`]: the mails that follow a change.
//! - [`members`] and [`newcomers`]: people in tenants, and people who come to them.
//! - [`policies`] and [`lockout`]: what is asked of those who sign in, and who is locked for guessing.
//! - [`Device`]: the browser or app that a request comes from.
//! - [`sign_in`]: the one door for sign-ins.
//! - [`second_factor`]: what some have to show beside that.
//! - [`session`]: the answer and cookies that come of it, and what becomes of a session.
//! - [`wire`]: the shapes that several groups answer.
//! - [`service`]: what stands around a group's router, and [`Observed`]: what it finds out about a request.

mod actor;
pub mod auth;
pub mod cookies;
mod deferred;
mod device;
pub mod endpoints;
mod error;
pub mod extract;
mod grants;
mod host;
pub mod invites;
pub mod lockout;
pub mod mails;
pub mod members;
pub mod newcomers;
mod observed;
pub mod openapi;
pub mod page;
pub mod password_policy;
mod patch;
pub mod policies;
mod query;
mod rate_limit;
pub mod second_factor;
pub mod service;
pub mod session;
pub mod sign_in;
mod state;
pub mod wire;

pub use device::Device;
pub use error::{ApiError, ApiResult, ErrorBody, ErrorCode};
pub use extract::{Batch, Body, Created, OptionalBody, Path};
pub use grants::{Standing, standing_in, with_own_roles};
pub use host::{ClientAddress, ClientInfo, HostEnvironment, no_environment};
pub use observed::Observed;
pub use patch::{Patch, empty_is_null, not_null};
pub use query::Query;
pub use rate_limit::{GatewayRoute, RateLimited};
pub use state::{AppState, Costly, Parts};
