//! Telephone numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A telephone number in international form: `+` and 7 to 15 digits, the first of them not zero. Single dashes may stand
/// between digits, and stay as they were written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// The text is no telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("phoneNumber must be '+' and 7 to 15 digits, the first of them not 0, such as +1-212-555-0100")]
pub struct PhoneNumberError;

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = text.strip_prefix('+').ok_or(PhoneNumberError)?;
        let runs_of_digits =
            number.split('-').all(|run| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit()));
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        if runs_of_digits && !number.starts_with('0') && (7..=15).contains(&digits) {
            Ok(Self(text))
        } else {
            Err(PhoneNumberError)
        }
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_international_and_of_a_sensible_length() {
        for good in ["+4930123", "+1-212-555-0100", "+1-2-3-4-5-6-7", "+123456789012345"] {
            assert_eq!(good.parse::<PhoneNumber>().map(String::from), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "+",
            "1234567",
            "+0123456",
            "+123456",
            "+1234567890123456",
            "+1--2345678",
            "+1234567-",
            "+12 34567",
        ] {
            assert_eq!(bad.parse::<PhoneNumber>(), Err(PhoneNumberError), "{bad:?}");
        }
    }
}
