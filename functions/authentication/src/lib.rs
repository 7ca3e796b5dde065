//! Users signing in and out: passwords, mailed links and codes, the sessions that come of them, and the keys that verify their
//! tokens. And programs that sign in with an API token.

mod api_tokens;
mod discovery;
mod email_code;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lockout;
mod logout;
mod magic_link;
mod passwordless;
#[cfg(test)]
mod recorded;
mod refresh;
#[cfg(test)]
mod removed_tenants;
mod second_factor;
mod sessions;
mod sign_in;
#[cfg(test)]
mod support;

rookery_http::endpoints![
    sign_in::sign_in,
    magic_link::prelogin,
    magic_link::postlogin,
    email_code::prelogin,
    email_code::postlogin,
    second_factor::verify,
    second_factor::verify_one,
    second_factor::enrol,
    second_factor::verify_enrolment,
    second_factor::recover,
    refresh::refresh,
    api_tokens::exchange_v1,
    api_tokens::refresh_v1,
    api_tokens::exchange,
    api_tokens::refresh,
    logout::log_out,
    sessions::list,
    sessions::current,
    sessions::end_all,
    sessions::end,
    discovery::jwks,
    discovery::openid_configuration,
];
