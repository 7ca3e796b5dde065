//! Fields of a partial update.

use serde::{Deserialize, Deserializer};

/// A field that may be absent, null, or a value: left as it is, cleared, or set.
///
/// Such a field says `#[serde(default)]`, so that it may be absent, and for the OpenAPI document
/// `#[schema(value_type = Option<…>)]`.
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

    /// The same for another type of value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)),
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
}
