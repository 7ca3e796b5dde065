//! Which passwords are good enough.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Password;

/// What an environment, or one tenant, asks of a new password. It works as the OWASP password strength test does: a long
/// pass phrase is excused from the optional tests, and nothing is excused from the others.
///
/// The default is what NIST asks for (SP 800-63B-4, section 3.1.1.2): length, and no rules of composition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub min_length: usize,
    /// The most characters.
    pub max_length: usize,
    /// Whether a long password is excused from the optional tests.
    pub allow_passphrases: bool,
    /// From this many characters on, it is long.
    pub min_phrase_length: usize,
    /// How many of the optional tests a password has to pass.
    pub min_optional_tests_to_pass: usize,
    /// The optional tests.
    pub optional_tests: PasswordTests,
    /// The tests that every password has to pass.
    pub required_tests: PasswordTests,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        let optional_tests = PasswordTests {
            require_lowercase: true,
            require_uppercase: true,
            require_numbers: true,
            require_special_chars: true,
            check_three_repeated_chars: false,
        };
        Self {
            min_length: 10,
            max_length: 128,
            allow_passphrases: true,
            min_phrase_length: 20,
            min_optional_tests_to_pass: 0,
            optional_tests,
            required_tests: PasswordTests::default(),
        }
    }
}

/// Tests that a password may be put to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the API's own switches, each independent of the others")]
pub struct PasswordTests {
    /// It has a lower-case letter.
    pub require_lowercase: bool,
    /// It has an upper-case letter.
    pub require_uppercase: bool,
    /// It has a digit.
    pub require_numbers: bool,
    /// It has a character that is neither a letter nor a digit.
    pub require_special_chars: bool,
    /// It has no character three times in a row.
    pub check_three_repeated_chars: bool,
}

/// One of them: whether it is asked for, what passes it, and what a password that fails lacks.
type Test = (bool, fn(&[char]) -> bool, &'static str);

impl PasswordTests {
    fn all(self) -> [Test; 5] {
        [
            (self.require_lowercase, |text| text.iter().any(|c| c.is_lowercase()), "a lower-case letter"),
            (self.require_uppercase, |text| text.iter().any(|c| c.is_uppercase()), "an upper-case letter"),
            (self.require_numbers, |text| text.iter().any(|c| c.is_numeric()), "a digit"),
            (
                self.require_special_chars,
                |text| text.iter().any(|c| !c.is_alphanumeric()),
                "a character that is neither a letter nor a digit",
            ),
            (
                self.check_three_repeated_chars,
                |text| !text.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]),
                "no character three times in a row",
            ),
        ]
    }

    fn asked_for(self) -> impl Iterator<Item = Test> {
        self.all().into_iter().filter(|(is_asked_for, ..)| *is_asked_for)
    }

    /// Those that either asks for.
    fn or(self, other: Self) -> Self {
        Self {
            require_lowercase: self.require_lowercase || other.require_lowercase,
            require_uppercase: self.require_uppercase || other.require_uppercase,
            require_numbers: self.require_numbers || other.require_numbers,
            require_special_chars: self.require_special_chars || other.require_special_chars,
            check_three_repeated_chars: self.check_three_repeated_chars || other.check_three_repeated_chars,
        }
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
    /// It fails tests that it has to pass.
    #[error("password must have {}", .0.join(", "))]
    Fails(Vec<&'static str>),
    /// It passes too few of the optional tests.
    #[error("password must have {number} of: {}", .tests.join(", "))]
    PassesTooFew {
        /// How many it has to pass.
        number: usize,
        /// All of them.
        tests: Vec<&'static str>,
    },
}

/// Why a password policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum PasswordPolicyError {
    #[error("minLength must be from 6 to 128")]
    MinLength,
    #[error("maxLength must be from 128 to 1024")]
    MaxLength,
    #[error("minPhraseLength must be at most maxLength")]
    MinPhraseLength,
    #[error("minOptionalTestsToPass must be from 0 to {0}, which is how many optionalTests are switched on")]
    MinOptionalTests(usize),
    #[error("{0} must not be negative")]
    Negative(&'static str),
    #[error("{0} must not ask for less than the environment does")]
    Weaker(&'static str),
}

impl PasswordPolicy {
    /// Whether `password` may be used.
    ///
    /// # Errors
    /// The first reason why it may not.
    pub fn check(&self, password: &Password) -> Result<(), PasswordRejection> {
        let text: Zeroizing<Vec<char>> =
            Zeroizing::new(password.expose().chars().take(self.max_length + 1).collect());
        if text.len() < self.min_length {
            return Err(PasswordRejection::TooShort(self.min_length));
        }
        if text.len() > self.max_length {
            return Err(PasswordRejection::TooLong(self.max_length));
        }
        let failed = self.required_tests.asked_for().filter(|(_, passes, _)| !passes(&text));
        let failed: Vec<_> = failed.map(|(.., lacks)| lacks).collect();
        if !failed.is_empty() {
            return Err(PasswordRejection::Fails(failed));
        }
        let is_phrase = self.allow_passphrases && text.len() >= self.min_phrase_length;
        let passed = self.optional_tests.asked_for().filter(|(_, passes, _)| passes(&text)).count();
        if !is_phrase && passed < self.min_optional_tests_to_pass {
            let tests = self.optional_tests.asked_for().map(|(.., what)| what).collect();
            let number = self.min_optional_tests_to_pass;
            return Err(PasswordRejection::PassesTooFew { number, tests });
        }
        Ok(())
    }

    /// Whether some password could satisfy it, and it is none that invites bad ones.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn check_itself(&self) -> Result<(), PasswordPolicyError> {
        if !(6..=128).contains(&self.min_length) {
            return Err(PasswordPolicyError::MinLength);
        }
        // No less than the largest minimum: somebody who belongs to several tenants can satisfy all of them.
        if !(128..=1024).contains(&self.max_length) {
            return Err(PasswordPolicyError::MaxLength);
        }
        if self.min_phrase_length > self.max_length {
            return Err(PasswordPolicyError::MinPhraseLength);
        }
        let optional = self.optional_tests.asked_for().count();
        if self.min_optional_tests_to_pass > optional {
            return Err(PasswordPolicyError::MinOptionalTests(optional));
        }
        Ok(())
    }

    /// Whether a tenant may ask for this where its environment asks for `floor`.
    ///
    /// # Errors
    /// What asks for less than the environment does.
    pub fn require_within(&self, floor: &Self) -> Result<(), PasswordPolicyError> {
        let together = self.clone().and(floor);
        let fields = [
            ("minLength", together.min_length == self.min_length),
            ("maxLength", together.max_length == self.max_length),
            ("allowPassphrases", together.allow_passphrases == self.allow_passphrases),
            (
                "minPhraseLength",
                !self.allow_passphrases || together.min_phrase_length == self.min_phrase_length,
            ),
            (
                "minOptionalTestsToPass",
                together.min_optional_tests_to_pass == self.min_optional_tests_to_pass,
            ),
            ("requiredTests", together.required_tests == self.required_tests),
        ];
        match fields.into_iter().find(|(_, is_within)| !is_within) {
            Some((field, _)) => Err(PasswordPolicyError::Weaker(field)),
            None => Ok(()),
        }
    }

    /// The strictest of both, value by value. A password has to satisfy each: this is for showing.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            min_length: self.min_length.max(other.min_length),
            max_length: self.max_length.min(other.max_length),
            allow_passphrases: self.allow_passphrases && other.allow_passphrases,
            min_phrase_length: self.min_phrase_length.max(other.min_phrase_length),
            min_optional_tests_to_pass: self.min_optional_tests_to_pass.max(other.min_optional_tests_to_pass),
            optional_tests: self.optional_tests.or(other.optional_tests),
            required_tests: self.required_tests.or(other.required_tests),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &PasswordPolicy, text: &str) -> Result<(), PasswordRejection> {
        policy.check(&text.into())
    }

    #[test]
    fn by_default_only_the_length_counts() {
        let policy = PasswordPolicy::default();
        assert_eq!(policy.check_itself(), Ok(()));
        for good in [
            "aaaaaaaaaa",
            "0123456789",
            "correct horse battery staple",
            "пароль-пароль",
            "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀",
        ] {
            assert_eq!(check(&policy, good), Ok(()), "{good}");
        }
        assert_eq!(check(&policy, "Sh0rt!"), Err(PasswordRejection::TooShort(10)));
        assert_eq!(check(&policy, &"xY1-".repeat(32)), Ok(()));
        assert_eq!(check(&policy, &"xY1-x".repeat(26)), Err(PasswordRejection::TooLong(128)));
    }

    #[test]
    fn what_else_is_asked_for() {
        let policy = PasswordPolicy {
            min_optional_tests_to_pass: 3,
            required_tests: PasswordTests { check_three_repeated_chars: true, ..PasswordTests::default() },
            ..PasswordPolicy::default()
        };
        assert_eq!(check(&policy, "Correct-Horse-7"), Ok(()));
        assert_eq!(check(&policy, "correct horse battery staple"), Ok(()), "a pass phrase needs no digits");
        let refused = check(&policy, "correct-horse").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "password must have 3 of: a lower-case letter, an upper-case letter, a digit, a character that is neither a \
             letter nor a digit"
        );
        let refused = check(&policy, "correct horse battery staplllle").unwrap_err();
        assert_eq!(refused.to_string(), "password must have no character three times in a row");
        let without_phrases = PasswordPolicy { allow_passphrases: false, ..policy };
        assert!(check(&without_phrases, "correct horse battery staple").is_err());
    }

    #[test]
    fn a_policy_that_nothing_satisfies_is_refused() {
        let default = PasswordPolicy::default();
        let refused = |policy: PasswordPolicy| policy.check_itself().unwrap_err();
        for min_length in [0, 5, 129] {
            let policy = PasswordPolicy { min_length, ..default.clone() };
            assert_eq!(refused(policy), PasswordPolicyError::MinLength);
        }
        for max_length in [127, 1_025] {
            let policy = PasswordPolicy { max_length, ..default.clone() };
            assert_eq!(refused(policy), PasswordPolicyError::MaxLength);
        }
        let policy = PasswordPolicy { min_phrase_length: 129, ..default.clone() };
        assert_eq!(refused(policy), PasswordPolicyError::MinPhraseLength);
        let policy = PasswordPolicy { min_optional_tests_to_pass: 5, ..default };
        assert_eq!(refused(policy), PasswordPolicyError::MinOptionalTests(4));
    }

    #[test]
    fn a_tenant_asks_for_no_less_than_its_environment() {
        let floor =
            PasswordPolicy { min_length: 12, min_optional_tests_to_pass: 2, ..PasswordPolicy::default() };
        assert_eq!(floor.require_within(&floor), Ok(()));
        let stricter = PasswordPolicy { min_length: 20, allow_passphrases: false, ..floor.clone() };
        assert_eq!(stricter.require_within(&floor), Ok(()));
        assert_eq!(floor.require_within(&stricter), Err(PasswordPolicyError::Weaker("minLength")));
        let fewer = PasswordPolicy { min_optional_tests_to_pass: 1, ..floor.clone() };
        assert_eq!(fewer.require_within(&floor), Err(PasswordPolicyError::Weaker("minOptionalTestsToPass")));
        assert_eq!(floor.clone().and(&stricter), stricter);
    }
}
