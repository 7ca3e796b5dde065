//! Shapes that several endpoint groups answer.

mod role;
mod user;

pub use role::{PermissionResponse, RoleResponse};
pub use user::{UserDetails, UserResponse, UserTenantResponse, Viewer};
