//! What only vendors do with users: make them without a mail, see them whole, look at their
//! passwords, and take second factors away.

mod mfa;
mod passwords;
#[cfg(test)]
mod tests;
mod users;

rookery_http::endpoints![users::create, users::get, passwords::verify, mfa::unenrol];
