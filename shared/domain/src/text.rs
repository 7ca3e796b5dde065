//! Text that a caller supplies, within limits.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use unicase::UniCase;
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
    /// White space that nobody sees, which would make two keys of one.
    #[error("{field} must not begin or end with white space")]
    Padded {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// Characters that nobody sees, which would make two keys of one.
    #[error("{field} must not contain invisible characters")]
    Invisible {
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

/// `text` as it is, if it is a line of at most `max` characters by which something is known: one that looks like another is
/// the same.
///
/// # Errors
/// [`TextError`] names `field` and what is wrong with it.
pub fn identifying(field: &'static str, text: String, max: usize) -> Result<String, TextError> {
    let text = required(field, text, max)?;
    if text.trim().len() < text.len() {
        return Err(TextError::Padded { field });
    }
    if text.chars().any(is_invisible) {
        return Err(TextError::Invisible { field });
    }
    Ok(text)
}

/// Whether a character leaves no mark of its own and is no space: it controls, joins, or sets a direction.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// `text` as searches compare it: in one case (Unicode, section 3.13, "Default Case Folding"), and in one spelling of what
/// Unicode spells in several.
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let folded = UniCase::unicode(text.nfd().collect::<String>()).to_folded_case();
    folded.nfc().collect()
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
    fn what_identifies_has_nothing_that_nobody_sees() {
        let refusal = |text: &str| identifying("key", text.to_owned(), 9).unwrap_err();
        assert!(identifying("key", "a b".to_owned(), 9).is_ok());
        for padded in [" a", "a ", "a\u{a0}", "\u{3000}a"] {
            assert_eq!(refusal(padded), TextError::Padded { field: "key" }, "{padded:?}");
        }
        for hidden in ["a\u{200b}", "a\u{202e}b", "\u{feff}a", "a\u{ad}b"] {
            assert_eq!(refusal(hidden), TextError::Invisible { field: "key" }, "{hidden:?}");
        }
    }

    #[test]
    fn case_and_spelling_make_no_difference_to_a_search() {
        assert_eq!(folded("A\u{308}DAM"), "\u{e4}dam");
        assert_eq!(folded("\u{c4}dam"), folded("a\u{308}DAM"));
        assert_eq!(folded("STRASSE"), folded("stra\u{df}e"));
        assert_eq!(folded("\u{1e9e}"), "ss");
        assert_eq!(folded("\u{39f}\u{394}\u{39f}\u{3a3}"), folded("\u{3bf}\u{3b4}\u{3bf}\u{3c2}"));
    }
}
