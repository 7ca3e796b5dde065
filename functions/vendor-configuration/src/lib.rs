//! How sign-in works in an environment.

mod identity;
mod mfa;
mod passwords;
mod sessions;

rookery_http::endpoints![
    identity::get,
    identity::update,
    identity::get_public,
    passwords::get,
    passwords::update,
    sessions::get,
    sessions::update,
    sessions::get_of_environment,
    mfa::get,
    mfa::update,
];

#[cfg(test)]
mod tests;
