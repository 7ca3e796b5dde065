//! What environments and tenants ask of those who sign in.

mod adoption;
mod lockout;
mod mfa;
mod password_history;

rookery_http::endpoints![
    lockout::create,
    lockout::update,
    lockout::get,
    lockout::get_of_environment,
    mfa::create,
    mfa::update,
    mfa::put,
    mfa::get,
    mfa::get_of_environment,
    mfa::allows_remembering,
    password_history::create,
    password_history::update,
    password_history::get,
    password_history::get_of_environment,
];

#[cfg(test)]
mod tests;
