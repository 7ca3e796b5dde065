//! Query strings, whose mistakes are named.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::ApiError;
use crate::extract::invalid;

/// The parameters of the query string. Those that `T` does not have are ignored.
///
/// A field that is a `Vec` takes every way in which clients write a list: `ids=a,b`, `ids=a&ids=b`, `ids[]=a&ids[]=b` and
/// `ids[0]=a&ids[1]=b`. Any other field takes one value, and is refused when there are more.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let mut parameters: BTreeMap<String, Values> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        parameters.entry(without_index(&name).to_owned()).or_default().0.push(value.into_owned());
    }
    let parameters = MapDeserializer::new(parameters.into_iter());
    serde_path_to_error::deserialize(parameters).map_err(|error| match error.path().to_string().as_str() {
        "." => invalid(&error.inner().to_string()),
        name => invalid(&format!("{name}: {}", error.inner())),
    })
}

/// The name of the list that `name` is an element of: `ids` of `ids[]` and `ids[0]`. Any other name is its own.
fn without_index(name: &str) -> &str {
    let indexed = name.strip_suffix(']').and_then(|name| name.split_once('['));
    match indexed {
        Some((list, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => list,
        Some(_) | None => name,
    }
}

/// What was given for one parameter, in this order.
#[derive(Default)]
struct Values(Vec<String>);

impl Values {
    fn one(self) -> Result<String, Error> {
        let [value] = <[String; 1]>::try_from(self.0).map_err(|_| Error::custom("it must be given once"))?;
        Ok(value)
    }

    /// The elements of a list; none of one that was left empty.
    fn elements(self) -> Vec<String> {
        let lists = self.0.iter().filter(|list| !list.is_empty());
        lists.flat_map(|list| list.split(',')).map(|element| element.trim().to_owned()).collect()
    }
}

impl IntoDeserializer<'_> for Values {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Values {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.one()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.one()?.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            other => Err(Error::invalid_value(Unexpected::Str(other), &"true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.elements().into_iter()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        tuple tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Parameters {
        #[serde(default)]
        ids: Vec<String>,
        name: Option<String>,
        all: Option<bool>,
    }

    fn read(query: &str) -> Result<Parameters, String> {
        parse(query).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_may_be_written_in_every_way() {
        for query in [
            "ids=a,b",
            "ids=a&ids=b",
            "ids[]=a&ids[]=b",
            "ids%5B%5D=a&ids%5B%5D=b",
            "ids[0]=a&ids[1]=b",
            "ids=a,%20b&ids=",
        ] {
            assert_eq!(read(query).unwrap().ids, ["a", "b"], "{query}");
        }
        assert_eq!(read("ids=&other=1&other=2&ids[x]=a").unwrap().ids, [""; 0]);
        assert_eq!(read("ids=,").unwrap().ids, ["", ""], "an element that is missing is not overlooked");
    }

    #[test]
    fn anything_else_is_given_once() {
        assert_eq!(
            read("name=J%C3%A4ne+Doe&all=false").unwrap(),
            Parameters { ids: Vec::new(), name: Some("Jäne Doe".to_owned()), all: Some(false) }
        );
        for (query, refusal) in [
            ("name=a&name=b", "name: it must be given once"),
            ("all=maybe", "all: invalid value: string \"maybe\", expected true or false"),
        ] {
            assert_eq!(read(query).unwrap_err(), refusal);
        }
    }
}
