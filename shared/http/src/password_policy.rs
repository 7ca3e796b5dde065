//! What is asked of new passwords, as the API shows it.

use rookery_domain::{PasswordPolicy, PasswordTests};
use serde::Serialize;
use utoipa::ToSchema;

/// What is asked of new passwords.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordConfiguration {
    /// Whether a long password is excused from the optional tests.
    allow_passphrases: bool,
    /// The most characters.
    max_length: usize,
    /// The fewest characters.
    min_length: usize,
    /// From how many characters on a password is long.
    min_phrase_length: usize,
    /// How many of the optional tests a password has to pass.
    min_optional_tests_to_pass: usize,
    /// Whether passwords are refused that are known to have leaked.
    block_pwned_passwords: bool,
    /// Tests of which some have to be passed.
    optional_tests: Tests,
    /// Tests that every password has to pass.
    required_tests: Tests,
}

/// Which tests are switched on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the API's own switches, each independent of the others")]
struct Tests {
    /// A lower-case letter.
    require_lowercase: bool,
    /// An upper-case letter.
    require_uppercase: bool,
    /// A digit.
    require_numbers: bool,
    /// A character that is neither a letter nor a digit.
    require_special_chars: bool,
    /// No character three times in a row.
    check_three_repeated_chars: bool,
}

impl From<PasswordPolicy> for PasswordConfiguration {
    fn from(policy: PasswordPolicy) -> Self {
        Self {
            allow_passphrases: policy.allow_passphrases,
            max_length: policy.max_length,
            min_length: policy.min_length,
            min_phrase_length: policy.min_phrase_length,
            min_optional_tests_to_pass: policy.min_optional_tests_to_pass,
            block_pwned_passwords: false,
            optional_tests: policy.optional_tests.into(),
            required_tests: policy.required_tests.into(),
        }
    }
}

impl From<PasswordTests> for Tests {
    fn from(tests: PasswordTests) -> Self {
        Self {
            require_lowercase: tests.require_lowercase,
            require_uppercase: tests.require_uppercase,
            require_numbers: tests.require_numbers,
            require_special_chars: tests.require_special_chars,
            check_three_repeated_chars: tests.check_three_repeated_chars,
        }
    }
}
