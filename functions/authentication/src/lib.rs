//! Users signing in and out: passwords, the sessions that come of them, and the keys that verify their tokens.

mod discovery;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod limits;
mod logout;
#[cfg(test)]
mod recorded;
mod refresh;
#[cfg(test)]
mod removed_tenants;
mod sessions;
mod sign_in;
#[cfg(test)]
mod support;

rookery_http::endpoints![
    sign_in::sign_in,
    refresh::refresh,
    logout::log_out,
    sessions::list,
    sessions::current,
    sessions::end_all,
    sessions::end,
    discovery::jwks,
    discovery::openid_configuration,
];
