//! Users: lists of them, their own profiles, and how they join tenants.

mod activation;
mod creation;
mod filter;
mod groups;
mod invitations;
mod links;
mod listing;
mod me;
mod membership;
mod mfa;
mod own_tenants;
mod password_history;
mod password_reset;
mod passwords;
mod profile;
mod reading;
mod renewal;
mod roles;
mod scope;
mod sign_up;
#[cfg(test)]
mod tests;
mod unlocking;
mod updating;

rookery_http::endpoints![
    listing::list_v1,
    me::update_v1,
    creation::create_v1,
    sign_up::sign_up,
    listing::list_v2,
    creation::create_v2,
    reading::get,
    updating::update,
    membership::remove,
    reading::get_by_email,
    roles::add,
    roles::remove,
    membership::set_active,
    membership::add,
    membership::move_all,
    updating::verify,
    updating::lock,
    updating::unlock,
    updating::set_invisible,
    updating::set_super_user,
    updating::set_email,
    links::generate_activation,
    listing::list_v3,
    listing::roles,
    groups::list,
    me::get_v2,
    me::update_v2,
    me::get_v3,
    me::authorization,
    me::switch_tenant,
    own_tenants::list_v1,
    own_tenants::list_v2,
    own_tenants::list_v3,
    activation::activate,
    activation::reset,
    activation::strategy,
    passwords::configuration,
    passwords::change,
    password_reset::request,
    password_reset::validate,
    password_reset::verify,
    password_reset::generate_link,
    unlocking::unlock,
    mfa::devices,
    mfa::enrol,
    mfa::enrol_by_older_path,
    mfa::verify,
    mfa::verify_by_older_path,
    mfa::disable,
    mfa::disable_by_older_path,
    invitations::accept,
    invitations::reset,
    invitations::reset_all,
];
