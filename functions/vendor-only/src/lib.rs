//! What only vendors do with users: make them without a mail, see them whole, and look at their
//! passwords.

mod passwords;
#[cfg(test)]
mod tests;
mod users;

rookery_http::endpoints![users::create, users::get, passwords::verify];
