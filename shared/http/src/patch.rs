//! Fields of a partial update.

use serde::de::{Error as _, IntoDeserializer as _};
use serde::{Deserialize, Deserializer};

/// A field that may be absent, null, or a value: left as it is, cleared, or set.
///
/// Such a field says `#[serde(default)]`, so that it may be absent, and for the OpenAPI document
/// `#[schema(value_type = Option<…>)]`. What always has a value, and so cannot be cleared, is an `Option` that is read by
/// [`not_null`] instead.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Patch<T> {
    /// Not mentioned.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the field was mentioned.
    #[must_use]
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(self) -> Option<T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The same for another type of value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)),
        }
    }

    /// The same for another type of value, which not every value has.
    ///
    /// # Errors
    /// This one has none.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        match self {
            Self::Absent => Ok(Patch::Absent),
            Self::Null => Ok(Patch::Null),
            Self::Value(value) => convert(value).map(Patch::Value),
        }
    }

    /// Does to `field` what was asked.
    pub fn apply_to(self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// Reads a field that may be left out, but not be null: there is nothing to clear. Such a field says
/// `#[serde(default, deserialize_with = "not_null")]`, and `#[schema(nullable = false)]`.
///
/// # Errors
/// The field is null, or no `T`.
pub fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(Some(value)),
        None => Err(D::Error::custom("it cannot be null: leave it out, and it stays as it is")),
    }
}

/// Reads a field that answers show as an empty text where there is none: so an empty text is taken as null.
///
/// # Errors
/// The field holds neither text nor null, or no `T`.
pub fn empty_is_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Patch<T>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()) {
        Some(text) => T::deserialize(text.into_deserializer()).map(Patch::Value),
        None => Ok(Patch::Null),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Changes {
        #[serde(default)]
        name: Patch<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Special {
        #[serde(default, deserialize_with = "not_null")]
        level: Option<u8>,
        #[serde(default, deserialize_with = "empty_is_null")]
        parent: Patch<char>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Creation {
        id: u8,
        #[serde(flatten)]
        changes: Changes,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things_flattened_too() {
        for (json, name) in [
            (r#"{"id":1}"#, Patch::Absent),
            (r#"{"id":1,"name":null}"#, Patch::Null),
            (r#"{"id":1,"name":"Acme"}"#, Patch::Value("Acme".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<Changes>(json).unwrap(), Changes { name: name.clone() });
            assert_eq!(serde_json::from_str::<Creation>(json).unwrap().changes, Changes { name });
        }
    }

    #[test]
    fn what_cannot_be_cleared_is_not_null_and_what_is_shown_empty_may_be_sent_so() {
        let special = |json: &str| serde_json::from_str::<Special>(json).map_err(|error| error.to_string());
        assert_eq!(special("{}").unwrap(), Special { level: None, parent: Patch::Absent });
        assert_eq!(special(r#"{"level":1}"#).unwrap().level, Some(1));
        assert!(special(r#"{"level":null}"#).unwrap_err().contains("cannot be null"));
        for (json, parent) in [
            (r#"{"parent":""}"#, Patch::Null),
            (r#"{"parent":null}"#, Patch::Null),
            (r#"{"parent":"a"}"#, Patch::Value('a')),
        ] {
            assert_eq!(special(json).unwrap().parent, parent);
        }
        assert!(special(r#"{"parent":"ab"}"#).is_err());
    }
}
