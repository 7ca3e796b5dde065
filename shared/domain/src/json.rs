//! Free-form JSON (RFC 8259), read by rules of our own.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A JSON value of whatever shape, as a caller sent it.
///
/// A library's own type for this gives some keys a meaning, and which ones depends on what features are switched on
/// anywhere in a program; a value behind such a key may be parsed once more, as deep as it likes. Here every key is a key,
/// and a value nests at most [`Json::MAX_DEPTH`] levels deep.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of RFC 8259")]
pub enum Json {
    Null,
    Bool(bool),
    Number(JsonNumber),
    String(String),
    Array(Vec<Json>),
    Object(JsonObject),
}

/// A JSON object. Its members are sorted by name; of several with one name the last counts.
pub type JsonObject = BTreeMap<String, Json>;

/// A JSON number: an integer if it is written as one and 64 bits hold it, else a floating-point number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JsonNumber {
    /// An integer from 0 on.
    Unsigned(u64),
    /// An integer below 0.
    Negative(i64),
    /// Any other number.
    Float(f64),
}

impl Json {
    /// How deep values may nest.
    pub const MAX_DEPTH: usize = 64;

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// Whether every number in it is the one that was sent: an integer that takes more than 64 bits loses its last digits.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::String(_) => true,
            Self::Number(number) => number.is_exact(),
            Self::Array(items) => items.iter().all(Self::is_exact),
            Self::Object(members) => members.values().all(Self::is_exact),
        }
    }
}

impl JsonNumber {
    fn is_exact(self) -> bool {
        // 2^63 and 2^64: what is written as an integer between them is one.
        match self {
            Self::Unsigned(_) | Self::Negative(_) => true,
            Self::Float(number) => {
                number > -9_223_372_036_854_775_808.0 && number < 18_446_744_073_709_551_616.0
            }
        }
    }
}

/// As compact JSON.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => value.serialize(serializer),
            Self::Number(JsonNumber::Unsigned(number)) => number.serialize(serializer),
            Self::Number(JsonNumber::Negative(number)) => number.serialize(serializer),
            Self::Number(JsonNumber::Float(number)) => number.serialize(serializer),
            Self::String(text) => text.serialize(serializer),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Within(Self::MAX_DEPTH).deserialize(deserializer)
    }
}

/// Reads a value that nests at most so many levels deep.
#[derive(Clone, Copy)]
struct Within(usize);

impl Within {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let below = self.0.checked_sub(1).map(Self);
        below.ok_or_else(|| E::custom(format!("values nest at most {} levels deep", Json::MAX_DEPTH)))
    }
}

impl<'de> DeserializeSeed<'de> for Within {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(JsonNumber::Unsigned(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        let number = u64::try_from(number).map_or(JsonNumber::Negative(number), JsonNumber::Unsigned);
        Ok(Json::Number(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Json, E> {
        match number.is_finite() {
            true => Ok(Json::Number(JsonNumber::Float(number))),
            false => Err(E::custom("a number is too large")),
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let within = self.below()?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(within)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let within = self.below()?;
        let mut members = JsonObject::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(within)?;
            members.insert(name, value);
        }
        Ok(Json::Object(members))
    }
}

/// A JSON object of at most `MAX` bytes of JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct BoundedObject<const MAX: usize>(JsonObject);

impl<const MAX: usize> From<BoundedObject<MAX>> for JsonObject {
    fn from(object: BoundedObject<MAX>) -> Self {
        object.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for BoundedObject<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Json::Object(object) = Json::deserialize(deserializer)? else {
            return Err(D::Error::custom("a JSON object is needed"));
        };
        let bytes = serde_json::to_vec(&object).map_err(D::Error::custom)?.len();
        match bytes <= MAX {
            true => Ok(Self(object)),
            false => Err(D::Error::custom(format!("the object must be at most {MAX} bytes of JSON"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Json, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            "null",
            "true",
            "0",
            "18446744073709551615",
            "-9223372036854775808",
            "2.5",
            "1e300",
            r#""text \" \u0000""#,
            "[]",
            r#"{"a":[1,{"b":null}],"c":"d"}"#,
        ] {
            let written = read(text).unwrap().to_string();
            assert_eq!(read(&written), read(text), "{text}");
        }
        assert_eq!(read(r#"{"b":1,"a":2,"b":3}"#).unwrap().to_string(), r#"{"a":2,"b":3}"#);
        assert!(read("1e999").is_err());
    }

    #[test]
    fn no_key_has_a_meaning_of_its_own() {
        for key in [
            "$serde_json::private::RawValue",
            "$serde_json::private::Number",
            "$__toml_private_datetime",
            "@type",
        ] {
            for value in [r#""[[[[1]]]]""#, r#""1""#, "1", r#"{"a":1}"#] {
                let text = format!(r#"{{"{key}":{value}}}"#);
                assert_eq!(read(&text).unwrap().to_string(), text);
            }
        }
    }

    #[test]
    fn values_nest_so_deep_and_no_deeper() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(Json::MAX_DEPTH)).is_ok());
        let refused = read(&nested(Json::MAX_DEPTH + 1)).unwrap_err();
        assert!(refused.starts_with("values nest at most 64 levels deep"), "{refused}");
    }

    #[test]
    fn an_integer_that_lost_digits_is_noticed() {
        for exact in ["18446744073709551615", "-9223372036854775808", "[1.5]", r#"{"a":1e10}"#] {
            assert!(read(exact).unwrap().is_exact(), "{exact}");
        }
        for lossy in ["18446744073709551616", "-9223372036854775809", r#"[{"a":[1e30]}]"#] {
            assert!(!read(lossy).unwrap().is_exact(), "{lossy}");
        }
    }

    #[test]
    fn an_object_has_a_largest_size() {
        let read =
            |text: &str| serde_json::from_str::<BoundedObject<11>>(text).map_err(|error| error.to_string());
        assert!(read(r#"{ "a" : "xyz" }"#).is_ok());
        assert!(read(r#"{"a":"wxyz"}"#).unwrap_err().contains("at most 11 bytes"));
        assert!(read("[]").unwrap_err().contains("a JSON object is needed"));
    }
}
