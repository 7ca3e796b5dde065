//! Links by which people join a tenant. They join where they sign up or sign in.

mod members;
mod public;
mod response;
#[cfg(test)]
mod tests;
mod vendors;

rookery_http::endpoints![
    vendors::create,
    vendors::list,
    vendors::remove,
    members::get,
    members::create,
    members::update,
    members::remove,
    members::create_v2,
    public::verify,
    public::configuration,
];
