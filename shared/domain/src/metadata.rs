//! Free-form JSON that a customer keeps beside a tenant or a user.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON value that travels as a string of JSON.
///
/// Callers send it as JSON or as a string that holds JSON, and always get the string back: published clients decode
/// nothing else. It is usually an object; a client that stores a bare number gets its number back. It is stored as
/// that string too: JSON may nest deeper, and count further, than the table's own types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Metadata(Value);

/// The metadata cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// A string that holds no JSON.
    #[error("metadata must be a JSON object, or a string that holds one")]
    NotJson,
    /// Merging needs an object on both sides.
    #[error("metadata must be a JSON object to be merged by key")]
    NotAnObject,
    /// Too large.
    #[error("metadata must be at most {0} bytes of JSON")]
    TooLarge(usize),
}

impl Metadata {
    /// The largest metadata, in bytes of JSON: its owner is an item of the table, which has a largest size.
    pub const MAX_BYTES: usize = 16_384;

    /// The largest metadata of a user, in bytes of JSON: all of it travels in every access token.
    pub const MAX_BYTES_IN_TOKEN: usize = 4_096;

    /// Reads what a caller sent.
    ///
    /// # Errors
    /// A string that holds no JSON, or more than [`Self::MAX_BYTES`].
    pub fn from_wire(sent: Value) -> Result<Self, MetadataError> {
        let value = match sent {
            Value::String(text) if text.len() > Self::MAX_BYTES => {
                return Err(MetadataError::TooLarge(Self::MAX_BYTES));
            }
            Value::String(text) if text.trim().is_empty() => Value::Object(Map::new()),
            Value::String(text) => serde_json::from_str(&text).map_err(|_| MetadataError::NotJson)?,
            Value::Null => Value::Object(Map::new()),
            sent @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => sent,
        };
        Self(value).within(Self::MAX_BYTES)
    }

    /// Reads what a caller sent as the metadata of a user.
    ///
    /// # Errors
    /// A string that holds no JSON, or more than [`Self::MAX_BYTES_IN_TOKEN`].
    pub fn of_user(sent: Value) -> Result<Self, MetadataError> {
        Self::from_wire(sent)?.within(Self::MAX_BYTES_IN_TOKEN)
    }

    /// The string of JSON that the API answers.
    #[must_use]
    pub fn to_wire(&self) -> String {
        self.0.to_string()
    }

    /// Whether it has keys and values.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.is_object()
    }

    /// The keys and values, as the claim `metadata` of an access token shows them; empty when it is no object.
    #[must_use]
    pub fn as_object(&self) -> Map<String, Value> {
        self.0.as_object().cloned().unwrap_or_default()
    }

    /// Whether every key of `part` is here too, with the same value.
    #[must_use]
    pub fn includes(&self, part: &Self) -> bool {
        match (&self.0, &part.0) {
            (Value::Object(whole), Value::Object(part)) => {
                part.iter().all(|(key, value)| whole.get(key) == Some(value))
            }
            (whole, part) => whole == part,
        }
    }

    /// This metadata with `added`'s keys set, overwriting those it has.
    ///
    /// # Errors
    /// Either side is no object, or the result is too large.
    pub fn merged(&self, added: Self) -> Result<Self, MetadataError> {
        let (Value::Object(mut merged), Value::Object(added)) = (self.0.clone(), added.0) else {
            return Err(MetadataError::NotAnObject);
        };
        merged.extend(added);
        Self(Value::Object(merged)).within(Self::MAX_BYTES)
    }

    /// This metadata without `key`.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut value = self.0.clone();
        if let Some(object) = value.as_object_mut() {
            object.remove(key);
        }
        Self(value)
    }

    fn within(self, max: usize) -> Result<Self, MetadataError> {
        if self.to_wire().len() > max { Err(MetadataError::TooLarge(max)) } else { Ok(self) }
    }
}

impl TryFrom<String> for Metadata {
    type Error = MetadataError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_wire(Value::String(text))
    }
}

impl From<Metadata> for String {
    fn from(metadata: Metadata) -> Self {
        metadata.to_wire()
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self(Value::Object(Map::new()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wire(sent: Value) -> Result<String, MetadataError> {
        Metadata::from_wire(sent).map(|metadata| metadata.to_wire())
    }

    #[test]
    fn an_object_and_the_string_that_holds_it_are_the_same() {
        assert_eq!(wire(json!({"a": 1})), wire(json!(r#"{"a": 1}"#)));
        assert_eq!(wire(json!(42)).unwrap(), "42");
        assert_eq!(wire(json!(null)).unwrap(), "{}");
        assert_eq!(wire(json!("")).unwrap(), "{}");
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        assert_eq!(wire(json!("{nonsense")), Err(MetadataError::NotJson));
        let of_size = |size: usize| json!({ "a": "x".repeat(size - r#"{"a":""}"#.len()) });
        assert_eq!(wire(of_size(16_385)), Err(MetadataError::TooLarge(16_384)));
        assert_eq!(Metadata::of_user(of_size(4_097)), Err(MetadataError::TooLarge(4_096)));
        assert!(wire(of_size(16_384)).is_ok() && Metadata::of_user(of_size(4_096)).is_ok());
    }

    #[test]
    fn a_part_is_recognised_key_by_key() {
        let whole = Metadata(json!({"plan": "pro", "seats": 5}));
        assert!(whole.includes(&Metadata(json!({"seats": 5}))) && whole.includes(&Metadata::default()));
        assert!(!whole.includes(&Metadata(json!({"seats": 6}))) && !whole.includes(&Metadata(json!(5))));
    }

    #[test]
    fn merging_sets_keys_and_keeps_the_others() {
        let stored = Metadata::from_wire(json!({"a": 1, "b": 2})).unwrap();
        let added = Metadata::from_wire(json!({"b": 3})).unwrap();
        assert_eq!(stored.merged(added).unwrap().to_wire(), r#"{"a":1,"b":3}"#);
        assert_eq!(stored.without("a").to_wire(), r#"{"b":2}"#);
        assert_eq!(stored.merged(Metadata(json!(1))), Err(MetadataError::NotAnObject));
    }
}
