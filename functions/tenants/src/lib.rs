//! Tenants: the vendor's customers, the tree they form, and their settings.

mod hierarchy;
mod lifecycle;
mod listing;
mod metadata;
mod profile;
mod settings;
mod sub_tenants;
#[cfg(test)]
mod tests;

rookery_http::endpoints![
    listing::list_v1,
    lifecycle::create,
    lifecycle::remove_current,
    lifecycle::get,
    lifecycle::update,
    lifecycle::remove,
    metadata::set,
    metadata::remove_key,
    listing::list_v2,
    lifecycle::get_v2,
    lifecycle::update_v2,
    hierarchy::descendants,
    hierarchy::link,
    hierarchy::unlink,
    hierarchy::tree,
    hierarchy::parents,
    sub_tenants::create,
    sub_tenants::remove,
    sub_tenants::set_management,
    settings::get,
    settings::update,
    settings::get_public,
];
