//! Text that a caller supplies, within limits.

use unicode_normalization::UnicodeNormalization as _;

/// A text is too long or holds control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than allowed.
    #[error("{field} must be at most {max} characters long")]
    TooLong {
        /// The field's name on the wire.
        field: &'static str,
        /// How many characters it may have.
        max: usize,
    },
    /// Empty, or nothing but white space.
    #[error("{field} must not be empty")]
    Empty {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// Control characters, which have no place in a line of text.
    #[error("{field} must not contain control characters")]
    Control {
        /// The field's name on the wire.
        field: &'static str,
    },
}

/// `text` as it is, if it is a line of at most `max` characters.
///
/// # Errors
/// [`TextError`] names `field` and what is wrong with it.
pub fn bounded(field: &'static str, text: String, max: usize) -> Result<String, TextError> {
    if text.chars().nth(max).is_some() {
        return Err(TextError::TooLong { field, max });
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control { field });
    }
    Ok(text)
}

/// `text` as it is, if it is a line of at most `max` characters and not blank.
///
/// # Errors
/// [`TextError`] names `field` and what is wrong with it.
pub fn required(field: &'static str, text: String, max: usize) -> Result<String, TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty { field });
    }
    bounded(field, text, max)
}

/// `text` as searches compare it: in one case, and in one spelling of what Unicode spells in several.
#[must_use]
pub fn folded(text: &str) -> String {
    text.to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_characters_and_what_is_required_is_not_blank() {
        assert!(bounded("name", "ä".repeat(3), 3).is_ok());
        assert_eq!(bounded("name", "ä".repeat(4), 3), Err(TextError::TooLong { field: "name", max: 3 }));
        assert_eq!(bounded("name", "a\nb".to_owned(), 3), Err(TextError::Control { field: "name" }));
        assert!(bounded("name", String::new(), 3).is_ok());
        assert_eq!(required("name", " ".to_owned(), 3), Err(TextError::Empty { field: "name" }));
    }

    #[test]
    fn case_and_spelling_make_no_difference_to_a_search() {
        assert_eq!(folded("A\u{308}DAM"), "\u{e4}dam");
        assert_eq!(folded("\u{c4}dam"), folded("a\u{308}DAM"));
    }
}
