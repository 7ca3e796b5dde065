//! How sign-in works in an environment.

mod identity;

rookery_http::endpoints![identity::get, identity::update, identity::get_public];

#[cfg(test)]
mod tests;
