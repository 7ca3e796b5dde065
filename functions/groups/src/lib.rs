//! Groups of users in a tenant, with roles that all of their members have.

mod caller;
mod configuration;
mod lists;
mod members;
mod profile;
mod roles;
mod show;

rookery_http::endpoints![
    lists::list_v1,
    profile::create,
    lists::get_by_ids,
    profile::get,
    profile::update,
    profile::remove,
    configuration::get,
    configuration::update,
    roles::add,
    roles::remove,
    members::add,
    members::remove,
    lists::list_v2,
];

#[cfg(test)]
mod tests;
