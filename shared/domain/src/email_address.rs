//! E-mail addresses, in one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// An e-mail address: trimmed, composed (Unicode NFC) and in lower case, so that one mailbox is one user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("email must be an e-mail address of at most 254 bytes, such as jane@example.com")]
pub struct EmailAddressError;

impl EmailAddress {
    /// The longest address that a mail server must take (RFC 5321, section 4.5.3.1.3), in bytes.
    const MAX_BYTES: usize = 254;

    /// The address as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = EmailAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Checked before any work on it: the text may be as long as a request body.
        if text.len() > Self::MAX_BYTES * 2 {
            return Err(EmailAddressError);
        }
        let text = text.trim();
        let spelled = match text.is_ascii() {
            true => text.to_ascii_lowercase(),
            false => text.nfc().collect::<String>().to_lowercase(),
        };
        let rules = email_address::Options::default().without_display_text().without_domain_literal();
        let parses = email_address::EmailAddress::parse_with_options(&spelled, rules).is_ok();
        if !parses || spelled.len() > Self::MAX_BYTES || spelled.chars().any(char::is_control) {
            return Err(EmailAddressError);
        }
        Ok(Self(spelled))
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        text.parse::<EmailAddress>().ok().map(String::from)
    }

    #[test]
    fn one_mailbox_has_one_spelling() {
        assert_eq!(parse("  Jane.Doe@Example.COM "), Some("jane.doe@example.com".into()));
        assert_eq!(parse("Zoe\u{308}@example.com"), parse("zo\u{eb}@example.com"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "x".repeat(300));
        for bad in ["", "jane", "@example.com", "jane@", "Jane <jane@example.com>", "a b@example.com", &long]
        {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
