//! What only vendors do with users: make them without a mail, and see them whole.

#[cfg(test)]
mod tests;
mod users;

rookery_http::endpoints![users::create, users::get];
