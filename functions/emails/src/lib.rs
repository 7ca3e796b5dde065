//! What an environment's mails say.

mod templates;
#[cfg(test)]
mod tests;

rookery_http::endpoints![templates::update, templates::list, templates::remove, templates::get_default];
