//! Passwords, and which ones are good enough.

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

/// What a new password must satisfy. It works as the OWASP password strength test does: a long pass phrase is excused
/// from the tests for kinds of characters, and nothing is excused from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters of a password that is no pass phrase.
    pub min_length: usize,
    /// The most characters.
    pub max_length: usize,
    /// From this many characters on, it is a pass phrase.
    pub min_phrase_length: usize,
    /// How many of the four kinds (lower case, upper case, digits, others) a password must have.
    pub min_kinds: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 10, max_length: 128, min_phrase_length: 20, min_kinds: 3 }
    }
}

/// Why a password is refused. The texts tell its owner what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRejection {
    /// Too short.
    #[error("password must be at least {0} characters long")]
    TooShort(usize),
    /// Too long.
    #[error("password must be at most {0} characters long")]
    TooLong(usize),
    /// Too few kinds of characters.
    #[error("password must have {0} of: lower-case letters, upper-case letters, digits, other characters")]
    TooUniform(usize),
    /// The same character three times in a row.
    #[error("password must not repeat a character three times in a row")]
    Repeats,
}

impl PasswordPolicy {
    /// Whether `password` may be used.
    ///
    /// # Errors
    /// The first reason why it may not.
    pub fn check(&self, password: &Password) -> Result<(), PasswordRejection> {
        let characters: Zeroizing<Vec<char>> =
            Zeroizing::new(password.expose().chars().take(self.max_length + 1).collect());
        if characters.len() < self.min_length {
            return Err(PasswordRejection::TooShort(self.min_length));
        }
        if characters.len() > self.max_length {
            return Err(PasswordRejection::TooLong(self.max_length));
        }
        if characters.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]) {
            return Err(PasswordRejection::Repeats);
        }
        let is_phrase = characters.len() >= self.min_phrase_length;
        if !is_phrase && kinds(&characters) < self.min_kinds {
            return Err(PasswordRejection::TooUniform(self.min_kinds));
        }
        Ok(())
    }
}

fn kinds(characters: &[char]) -> usize {
    let tests: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, char::is_numeric, |character| !character.is_alphanumeric()];
    tests.iter().filter(|test| characters.iter().any(|character| test(*character))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), PasswordRejection> {
        PasswordPolicy::default().check(&text.into())
    }

    #[test]
    fn the_default_policy() {
        assert_eq!(check("Correct-Horse-7"), Ok(()));
        assert_eq!(check("correct horse battery staple"), Ok(()), "a pass phrase needs no digits");
        assert_eq!(check("Sh0rt!"), Err(PasswordRejection::TooShort(10)));
        assert_eq!(check("alllowercase"), Err(PasswordRejection::Repeats));
        assert_eq!(check("onlylowercase"), Err(PasswordRejection::TooUniform(3)));
        assert_eq!(check(&"xY1-".repeat(40)), Err(PasswordRejection::TooLong(128)));
    }

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
