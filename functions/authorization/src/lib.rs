//! Authorization: roles, permissions and the categories that permissions are listed under.
//!
//! The environment's own are the vendor's to write. A tenant's roles are also its users' to write, who can give no more
//! than they have: see `author`.

mod assignment;
mod author;
mod categories;
mod custom_roles;
mod limits;
mod permissions;
mod role_changes;
mod role_lists;
mod roles;
#[cfg(test)]
mod tests;

rookery_http::endpoints![
    role_lists::list_v1,
    roles::create,
    roles::update,
    roles::remove,
    roles::set_permissions,
    role_lists::list_v2,
    custom_roles::create,
    role_lists::distinct_levels,
    role_lists::distinct_tenants,
    permissions::list,
    permissions::create,
    permissions::update,
    permissions::remove,
    assignment::add_to_roles,
    assignment::classify,
    categories::list,
    categories::create,
    categories::update,
    categories::remove,
];
