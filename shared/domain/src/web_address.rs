//! Addresses of pages and pictures.

use serde::{Deserialize, Serialize};
use url::Url;

/// The address of a page: `http` or `https`, and not `javascript:` or another scheme that runs or reads what it names.
/// Nothing at all is one too: clients that show a form send its empty fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(String);

/// The address of a picture: that of a page, or the picture itself as `data:image/…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PictureAddress(String);

/// The text is no address that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebAddressError {
    /// No address of a page.
    #[error("it must be an http or https address of at most 4095 characters, such as https://example.com")]
    Page,
    /// No address of a picture.
    #[error("it must be an http, https or data:image/ address of at most 4095 characters")]
    Picture,
}

/// The longest address, in characters: one of a picture may hold a small picture.
const LONGEST: usize = 4_095;

impl WebAddress {
    /// The address, unless it is empty.
    #[must_use]
    pub fn url(&self) -> Option<Url> {
        page(&self.0)
    }
}

impl TryFrom<String> for WebAddress {
    type Error = WebAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_one = is_short(&text) && (text.is_empty() || page(&text).is_some());
        is_one.then_some(Self(text)).ok_or(WebAddressError::Page)
    }
}

impl TryFrom<String> for PictureAddress {
    type Error = WebAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_one = is_short(&text) && (text.is_empty() || page(&text).is_some() || is_picture(&text));
        is_one.then_some(Self(text)).ok_or(WebAddressError::Picture)
    }
}

impl From<WebAddress> for String {
    fn from(address: WebAddress) -> Self {
        address.0
    }
}

impl From<PictureAddress> for String {
    fn from(address: PictureAddress) -> Self {
        address.0
    }
}

/// The address of a page that `text` is, as browsers read it.
pub(crate) fn page(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn is_picture(text: &str) -> bool {
    let is_image = |url: Url| url.scheme() == "data" && url.path().to_ascii_lowercase().starts_with("image/");
    text.parse().is_ok_and(is_image)
}

fn is_short(text: &str) -> bool {
    text.chars().nth(LONGEST).is_none() && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_that_of_a_page_or_of_a_picture() {
        for (text, is_page, is_picture) in [
            ("https://example.com/a?b=c#d", true, true),
            ("http://localhost:3000", true, true),
            ("HTTPS://EXAMPLE.COM", true, true),
            ("", true, true),
            ("data:image/png;base64,iVBORw0KGgo=", false, true),
            ("data:text/html,<script>", false, false),
            ("javascript:alert(1)", false, false),
            (" javascript:alert(1)", false, false),
            ("java\tscript:alert(1)", false, false),
            ("vbscript:x", false, false),
            ("file:///etc/passwd", false, false),
            ("//example.com", false, false),
            ("example.com", false, false),
            ("https://", false, false),
            ("/logo.png", false, false),
        ] {
            assert_eq!(WebAddress::try_from(text.to_owned()).is_ok(), is_page, "{text:?}");
            assert_eq!(PictureAddress::try_from(text.to_owned()).is_ok(), is_picture, "{text:?}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST));
        assert!(WebAddress::try_from(long.clone()).is_err() && PictureAddress::try_from(long).is_err());
    }
}
