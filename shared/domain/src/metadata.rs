//! Free-form JSON that a customer keeps beside a tenant or a user.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Json, JsonObject};

/// A JSON object that travels as a string of JSON.
///
/// Callers send it as JSON or as a string that holds JSON, and always get the string back: published clients decode
/// nothing else. A string is kept and answered as it was sent, to the letter. Some clients keep a bare number beside a
/// tenant, and get their number back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(String);

/// The metadata cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Neither an object nor a string that holds one.
    #[error("{0} must be a JSON object, or a string that holds one")]
    NotAnObject(&'static str),
    /// An object in a body has a number that would lose digits when it is read.
    #[error("{0} has a number of more than 64 bits: send the object as a string of JSON")]
    Inexact(&'static str),
    /// The parts of a profile are within their limits, and their sum is not.
    #[error(
        "name, metadata and profilePictureUrl must be at most {} bytes of JSON together",
        Metadata::MAX_BYTES_OF_PROFILE
    )]
    ProfileTooLarge,
    /// Merging needs an object on both sides.
    #[error("metadata must be a JSON object to be merged by key")]
    NotMergeable,
    /// Too large.
    #[error("{field} must be at most {max} bytes of JSON")]
    TooLarge {
        /// The field's name on the wire.
        field: &'static str,
        /// How many bytes it may have.
        max: usize,
    },
}

/// The keys of an object, with their values as they are written.
type Members = BTreeMap<String, Box<RawValue>>;

impl Metadata {
    /// The largest metadata, in bytes of JSON: its owner is an item of the table, which has a largest size.
    pub const MAX_BYTES: usize = 16_384;

    /// The largest metadata of a user, in bytes of JSON: all of it travels in every access token.
    pub const MAX_BYTES_IN_TOKEN: usize = 4_096;

    /// The largest profile of a user, in bytes of JSON: name, metadata and picture travel in every access token together.
    pub const MAX_BYTES_OF_PROFILE: usize = Self::MAX_BYTES_IN_TOKEN + 256;

    /// The largest metadata of a group, in bytes of JSON: all groups of a tenant are one answer.
    pub const MAX_BYTES_OF_GROUP: usize = 4_096;

    /// Reads the `metadata` of a user, as a caller sent it.
    ///
    /// # Errors
    /// It holds no object, or more than [`Self::MAX_BYTES_IN_TOKEN`].
    pub fn of_user(sent: Json) -> Result<Self, MetadataError> {
        Self::read("metadata", sent, Self::MAX_BYTES_IN_TOKEN, false)
    }

    /// Whether a user can have this metadata beside `name` and `picture`.
    ///
    /// # Errors
    /// Together they are larger than [`Self::MAX_BYTES_OF_PROFILE`].
    pub fn require_room_in_token(
        &self,
        name: Option<&str>,
        picture: Option<&str>,
    ) -> Result<(), MetadataError> {
        let json = serde_json::to_string(&(name, self.as_object(), picture));
        match json {
            Ok(json) if json.len() <= Self::MAX_BYTES_OF_PROFILE => Ok(()),
            Ok(_) | Err(_) => Err(MetadataError::ProfileTooLarge),
        }
    }

    /// Reads the `vendorMetadata` of a user, as a vendor sent it.
    ///
    /// # Errors
    /// It holds no object, or more than [`Self::MAX_BYTES`].
    pub fn of_user_for_vendor(sent: Json) -> Result<Self, MetadataError> {
        Self::read("vendorMetadata", sent, Self::MAX_BYTES, false)
    }

    /// Reads the `metadata` of an API token, as a caller sent it.
    ///
    /// # Errors
    /// It holds no object, or more than [`Self::MAX_BYTES_IN_TOKEN`].
    pub fn of_api_token(sent: Json) -> Result<Self, MetadataError> {
        Self::read("metadata", sent, Self::MAX_BYTES_IN_TOKEN, false)
    }

    /// Reads the `metadata` of a group, as a caller sent it.
    ///
    /// # Errors
    /// It holds no object, or more than [`Self::MAX_BYTES_OF_GROUP`].
    pub fn of_group(sent: Json) -> Result<Self, MetadataError> {
        Self::read("metadata", sent, Self::MAX_BYTES_OF_GROUP, false)
    }

    /// Reads the `metadata` of a tenant, as a caller sent it: it may be a number, too.
    ///
    /// # Errors
    /// It holds no object, or more than [`Self::MAX_BYTES`].
    pub fn of_tenant(sent: Json) -> Result<Self, MetadataError> {
        Self::read("metadata", sent, Self::MAX_BYTES, true)
    }

    fn read(field: &'static str, sent: Json, max: usize, or_number: bool) -> Result<Self, MetadataError> {
        let text = match sent {
            Json::Null => return Ok(Self::default()),
            Json::String(text) if text.trim().is_empty() => return Ok(Self::default()),
            Json::String(text) => text,
            sent @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                if !sent.is_exact() {
                    return Err(MetadataError::Inexact(field));
                }
                sent.to_string()
            }
        };
        if text.len() > max {
            return Err(MetadataError::TooLarge { field, max });
        }
        match serde_json::from_str(&text) {
            Ok(Json::Object(_)) => Ok(Self(text)),
            Ok(Json::Number(_)) if or_number => Ok(Self(text)),
            Ok(_) | Err(_) => Err(MetadataError::NotAnObject(field)),
        }
    }

    /// The string of JSON that the API answers.
    #[must_use]
    pub fn to_wire(&self) -> String {
        self.0.clone()
    }

    /// The string of JSON that the API answers where nothing is answered as null: none for an empty object.
    #[must_use]
    pub fn to_wire_unless_empty(&self) -> Option<String> {
        let is_empty =
            serde_json::from_str(&self.0).is_ok_and(|read: Json| read == Json::Object(JsonObject::new()));
        (!is_empty).then(|| self.to_wire())
    }

    /// The keys and values, as the claim `metadata` of an access token shows them; empty when it is no object.
    #[must_use]
    pub fn as_object(&self) -> JsonObject {
        match serde_json::from_str(&self.0) {
            Ok(Json::Object(object)) => object,
            Ok(_) | Err(_) => JsonObject::new(),
        }
    }

    /// Whether every key of `part` is here too, with the same value.
    #[must_use]
    pub fn includes(&self, part: &Self) -> bool {
        let whole = self.as_object();
        part.as_object().iter().all(|(key, value)| whole.get(key) == Some(value))
    }

    /// This metadata with `added`'s keys set, overwriting those it has.
    ///
    /// # Errors
    /// Either side is no object, or the result is too large.
    pub fn merged(&self, added: &Self) -> Result<Self, MetadataError> {
        let (mut merged, added) = (self.members()?, added.members()?);
        merged.extend(added);
        let text = written(&merged)?;
        if text.len() > Self::MAX_BYTES {
            return Err(MetadataError::TooLarge { field: "metadata", max: Self::MAX_BYTES });
        }
        Ok(Self(text))
    }

    /// This metadata without `key`.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let rest = self.members().and_then(|mut members| match members.remove(key) {
            Some(_) => written(&members),
            None => Err(MetadataError::NotMergeable),
        });
        rest.map_or_else(|_| self.clone(), Self)
    }

    fn members(&self) -> Result<Members, MetadataError> {
        serde_json::from_str(&self.0).map_err(|_| MetadataError::NotMergeable)
    }
}

fn written(members: &Members) -> Result<String, MetadataError> {
    serde_json::to_string(members).map_err(|_| MetadataError::NotMergeable)
}

impl Default for Metadata {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sent(value: Value) -> Json {
        serde_json::from_value(value).unwrap()
    }

    fn tenant(value: Value) -> Result<String, MetadataError> {
        Metadata::of_tenant(sent(value)).map(|metadata| metadata.to_wire())
    }

    #[test]
    fn an_object_and_the_string_that_holds_it_are_taken() {
        assert_eq!(tenant(json!({"a": 1})), tenant(json!(r#"{"a":1}"#)));
        for nothing in [json!(null), json!(""), json!(" "), json!({})] {
            assert_eq!(tenant(nothing).unwrap(), "{}");
        }
    }

    #[test]
    fn a_string_is_answered_to_the_letter() {
        let sent = r#"{"b": 1, "a": 2.0, "n": 12345678901234567890123}"#;
        assert_eq!(tenant(json!(sent)).unwrap(), sent);
        let stored: Metadata = serde_json::from_value(json!(sent)).unwrap();
        assert_eq!(stored.to_wire(), sent);
    }

    #[test]
    fn an_integer_of_more_than_64_bits_survives_in_a_string_and_is_refused_in_an_object() {
        let text = r#"{"n": 18446744073709551616}"#;
        let object: Json = serde_json::from_str(text).unwrap();
        for (read, field) in [
            (Metadata::of_user as fn(Json) -> _, "metadata"),
            (Metadata::of_tenant, "metadata"),
            (Metadata::of_api_token, "metadata"),
            (Metadata::of_user_for_vendor, "vendorMetadata"),
        ] {
            assert_eq!(read(object.clone()), Err(MetadataError::Inexact(field)));
            assert_eq!(read(Json::String(text.to_owned())).map(|metadata| metadata.to_wire()).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_object_is_refused_but_for_the_number_of_a_tenant() {
        for (value, is_number) in [
            (json!("{nonsense"), false),
            (json!([1]), false),
            (json!("[1]"), false),
            (json!(true), false),
            (json!(r#""text""#), false),
            (json!("null"), false),
            (json!(42), true),
            (json!("42"), true),
        ] {
            let user = Metadata::of_user(sent(value.clone()));
            assert_eq!(user, Err(MetadataError::NotAnObject("metadata")), "{value}");
            let vendor = Metadata::of_user_for_vendor(sent(value.clone()));
            assert_eq!(vendor, Err(MetadataError::NotAnObject("vendorMetadata")), "{value}");
            assert_eq!(tenant(value).ok(), is_number.then(|| "42".to_owned()));
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let of_size = |size: usize| sent(json!({ "a": "x".repeat(size - r#"{"a":""}"#.len()) }));
        let too_large = |field, max| Err(MetadataError::TooLarge { field, max });
        assert_eq!(Metadata::of_tenant(of_size(16_385)), too_large("metadata", 16_384));
        assert_eq!(Metadata::of_user(of_size(4_097)), too_large("metadata", 4_096));
        assert_eq!(Metadata::of_user_for_vendor(of_size(16_385)), too_large("vendorMetadata", 16_384));
        assert!(Metadata::of_tenant(of_size(16_384)).is_ok() && Metadata::of_user(of_size(4_096)).is_ok());
    }

    #[test]
    fn a_part_is_recognised_key_by_key() {
        let whole = Metadata::of_user(sent(json!({"plan": "pro", "seats": 5}))).unwrap();
        let includes = |part: Value| whole.includes(&Metadata::of_user(sent(part)).unwrap());
        assert!(includes(json!({"seats": 5})) && includes(json!({})));
        assert!(!includes(json!({"seats": 6})) && !includes(json!({"floor": 5})));
    }

    #[test]
    fn merging_sets_keys_and_keeps_the_others_as_they_are_written() {
        let of = |text: &str| Metadata::of_tenant(sent(json!(text))).unwrap();
        let stored = of(r#"{"a": 1, "b": 2, "n": 12345678901234567890123}"#);
        let merged = stored.merged(&of(r#"{"b": 3.0}"#)).unwrap();
        assert_eq!(merged.to_wire(), r#"{"a":1,"b":3.0,"n":12345678901234567890123}"#);
        assert_eq!(merged.without("a").to_wire(), r#"{"b":3.0,"n":12345678901234567890123}"#);
        assert_eq!(stored.without("nothing"), stored);
        assert_eq!(stored.merged(&of("1")), Err(MetadataError::NotMergeable));
        assert_eq!(
            (of("1").merged(&stored), of("1").without("a")),
            (Err(MetadataError::NotMergeable), of("1"))
        );
    }
}
