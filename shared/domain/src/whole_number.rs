//! Integers in bodies.

use std::fmt;

use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// An integer of JSON, however it is written: some clients know only floating-point numbers, and send `3600.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WholeNumber(i64);

impl From<i64> for WholeNumber {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl From<WholeNumber> for i64 {
    fn from(number: WholeNumber) -> Self {
        number.0
    }
}

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeNumberVisitor)
    }
}

struct WholeNumberVisitor;

impl Visitor<'_> for WholeNumberVisitor {
    type Value = WholeNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<WholeNumber, E> {
        Ok(WholeNumber(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<WholeNumber, E> {
        let refused = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
        i64::try_from(number).map(WholeNumber).map_err(refused)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a whole number within the bounds is one exactly")]
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<WholeNumber, E> {
        // 2^53: beyond it, neighbouring integers are the same floating-point number.
        let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
        match exact {
            true => Ok(WholeNumber(number as i64)),
            false => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        serde_json::from_str::<WholeNumber>(text).ok().map(i64::from)
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        for text in ["3600", "3600.0", "3.6e3", "36000e-1"] {
            assert_eq!(read(text), Some(3_600), "{text}");
        }
        assert_eq!((read("-1.0"), read("-0.0"), read("-7")), (Some(-1), Some(0), Some(-7)));
        for text in ["0.5", "1e300", "\"1\"", "true", "null", "[1]", "18446744073709551615"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
