//! Passwords.

use std::fmt;

use serde::Deserialize;
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};
use zeroize::Zeroizing;

/// A password in clear, on its way to being hashed: in Unicode's compatibility composition (NFKC), so that it is the same
/// from every keyboard (NIST SP 800-63B, "Password Verifiers").
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Password {
    text: Zeroizing<String>,
    /// What was typed, if that is another text.
    typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Longer, in bytes, than any password policy allows.
    const ABSURD_BYTES: usize = 4096;

    /// The password itself, for the hash function.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The password without normalization, if that is another text.
    #[must_use]
    pub fn as_typed(&self) -> Option<Self> {
        self.typed.clone().map(|text| Self { text, typed: None })
    }

    /// Longer than any password policy allows; such a text is never hashed, as that would be work for nothing.
    #[must_use]
    pub fn is_absurdly_long(&self) -> bool {
        self.text.len() > Self::ABSURD_BYTES
    }
}

impl From<String> for Password {
    fn from(typed: String) -> Self {
        let typed = Zeroizing::new(typed);
        if typed.len() > Self::ABSURD_BYTES || is_nfkc(&typed) {
            return Self { text: typed, typed: None };
        }
        // A text that outgrew its memory would leave a copy there.
        let mut text = Zeroizing::new(String::with_capacity(typed.nfkc().map(char::len_utf8).sum()));
        text.extend(typed.nfkc());
        Self { text, typed: Some(typed) }
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let (composed, decomposed) =
            (Password::from("Ma\u{f1}ana-Caf\u{e9}"), Password::from("Man\u{303}ana-Cafe\u{301}"));
        assert_eq!(composed.expose(), decomposed.expose());
        assert_eq!(Password::from("\u{ff21}\u{3000}1").expose(), "A 1");
        assert!(composed.as_typed().is_none());
        assert_eq!(decomposed.as_typed().unwrap().expose(), "Man\u{303}ana-Cafe\u{301}");
    }

    #[test]
    fn a_password_cannot_be_printed() {
        assert_eq!(format!("{:?}", Password::from("hunter2")), "Password(…)");
    }
}
