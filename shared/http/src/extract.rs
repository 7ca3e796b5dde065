//! Bodies and path parameters, whose mistakes are named.

use std::fmt;
use std::marker::PhantomData;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_ENCODING;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ApiError;

/// A JSON object. The `Content-Type` does not matter: some clients leave it out.
pub struct Body<T>(pub T);

/// A JSON array of objects. An object that stands alone is taken as an array of one.
pub struct Batch<T>(pub Vec<T>);

/// A JSON object that may be left out, as many clients do where there is nothing to say.
pub struct OptionalBody<T>(pub T);

/// The parameters of the path. One that cannot be an id names nothing: 404.
pub struct Path<T>(pub T);

/// An answer with status 201.
pub struct Created<T>(pub T);

/// What some programs begin UTF-8 with; readers of JSON may pass over it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The longest message about a body: what a caller sent is not sent back at length.
const LONGEST_MESSAGE: usize = 300;

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = required(read(request, state).await?)?;
        parse::<Object<T>>(&bytes).map(|object| Self(object.0))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Batch<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = required(read(request, state).await?)?;
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => Ok(Self(parse::<Vec<Object<T>>>(&bytes)?.into_iter().map(|item| item.0).collect())),
            Some(b'{') => Ok(Self(vec![parse::<Object<T>>(&bytes)?.0])),
            Some(_) | None => Err(ApiError::Invalid("Expected body to be an array".to_owned())),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        let is_absent = bytes.is_empty() || bytes.as_ref() == b"null";
        if is_absent { Ok(Self(T::default())) } else { Ok(Self(parse::<Object<T>>(&bytes)?.0)) }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| ApiError::NotFound("resource"))
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let is_plain = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !request.headers().get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(ApiError::EncodedBody);
    }
    let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        _ => ApiError::Invalid("the request body cannot be read".to_owned()),
    })?;
    let is_marked = bytes.starts_with(BYTE_ORDER_MARK);
    Ok(if is_marked { bytes.slice(BYTE_ORDER_MARK.len()..) } else { bytes })
}

fn required(bytes: Bytes) -> Result<Bytes, ApiError> {
    if bytes.is_empty() { Err(ApiError::Invalid("a JSON body is needed".to_owned())) } else { Ok(bytes) }
}

/// A `T` in the form of a JSON object: serde would take an array of its fields' values as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json);
    match read {
        Ok(value) => json.end().map(|()| value).map_err(|error| no_json(&error)),
        // Of what is JSON and not what it should be, serde says as well that its syntax is wrong.
        Err(error) => Err(match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => invalid(&with_path(error)),
            Err(error) => no_json(&error),
        }),
    }
}

fn no_json(error: &serde_json::Error) -> ApiError {
    invalid(&format!("the body is not valid JSON: {error}"))
}

/// What is wrong, after the name of the field that it is wrong with.
fn with_path<E: fmt::Display>(error: serde_path_to_error::Error<E>) -> String {
    let path = error.path().to_string();
    let message = error.into_inner();
    if path == "." { message.to_string() } else { format!("{path}: {message}") }
}

/// Reads a part of a body whose fields stand among those of the whole, and names the one that is wrong; serde alone
/// would not. Such a part says `#[serde(flatten, deserialize_with = "rookery_http::extract::flattened")]`.
///
/// # Errors
/// The part is not what it should be.
pub fn flattened<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    serde_path_to_error::deserialize(deserializer).map_err(|error| D::Error::custom(with_path(error)))
}

/// 400 with this message, if it is not too long.
pub(crate) fn invalid(message: &str) -> ApiError {
    ApiError::Invalid(message.chars().take(LONGEST_MESSAGE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        name: String,
        #[serde(default)]
        kind: Kind,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    enum Kind {
        #[default]
        Person,
    }

    async fn body(text: &str) -> Result<Named, String> {
        let request = Request::new(text.to_owned().into());
        let body = Body::<Named>::from_request(request, &()).await;
        body.map(|body| body.0).map_err(|error| error.to_string())
    }

    async fn batch(text: &str) -> Result<Vec<Named>, String> {
        let request = Request::new(text.to_owned().into());
        let batch = Batch::<Named>::from_request(request, &()).await;
        batch.map(|batch| batch.0).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_body_is_an_object_and_its_mistakes_are_named() {
        assert_eq!(body(r#"{"name":"Jane","unknown":1}"#).await.unwrap().name, "Jane");
        for (text, message) in [
            ("", "a JSON body is needed"),
            (r#"{"name":"Jane","kind":7}"#, "kind: "),
            (r#"{"name":7}"#, "name: invalid type: integer `7`, expected a string"),
            (r#"["Jane"]"#, "invalid type: sequence, expected a JSON object"),
            (r#""Jane""#, "invalid type: string"),
            (r#"{"name":"Jane"} x"#, "the body is not valid JSON: trailing characters"),
            (r#"{"name":"#, "the body is not valid JSON: EOF while parsing a value"),
            ("{", "the body is not valid JSON: EOF while parsing an object"),
        ] {
            let refused = body(text).await.unwrap_err();
            assert!(refused.starts_with(message), "{text}: {refused}");
        }
    }

    #[tokio::test]
    async fn a_byte_order_mark_is_passed_over_and_a_compressed_body_is_refused() {
        assert_eq!(body("\u{feff}{\"name\":\"Jane\"}").await.unwrap().name, "Jane");
        let read = async |encoding: &str| {
            let request = Request::builder().header("content-encoding", encoding);
            let request = request.body(r#"{"name":"Jane"}"#.into()).unwrap();
            Body::<Named>::from_request(request, &()).await.map(|body| body.0.name)
        };
        assert_eq!(read("identity").await.unwrap(), "Jane");
        for encoding in ["gzip", "br", "deflate, gzip", ""] {
            assert!(matches!(read(encoding).await, Err(ApiError::EncodedBody)), "{encoding}");
        }
    }

    #[derive(Debug, Deserialize)]
    struct Numbered {
        #[expect(dead_code, reason = "it is there to be left out")]
        number: u8,
        #[serde(flatten, deserialize_with = "flattened")]
        named: Named,
    }

    #[test]
    fn mistakes_are_named_among_flattened_fields_too() {
        let refused = |text: &str| parse::<Vec<Numbered>>(text.as_bytes()).unwrap_err().to_string();
        for (text, message) in [
            (r#"[{"number":1,"name":7}]"#, "[0]: name: invalid type: integer `7`, expected a string"),
            (r#"[{"number":1}]"#, "[0]: missing field `name`"),
            (r#"[{"number":"x","name":7}]"#, "[0].number: invalid type: string"),
        ] {
            let refused = refused(text);
            assert!(refused.starts_with(message), "{text}: {refused}");
        }
        let read = parse::<Numbered>(br#"{"name":"Jane","number":1,"unknown":2}"#).unwrap();
        assert_eq!(read.named.name, "Jane");
    }

    #[tokio::test]
    async fn a_batch_is_an_array_of_objects_or_one_object() {
        assert_eq!(batch(r#" [{"name":"Jane"},{"name":"Joe"}]"#).await.unwrap().len(), 2);
        assert_eq!(batch(r#"{"name":"Jane"}"#).await.unwrap().len(), 1);
        for (text, message) in [
            ("7", "Expected body to be an array"),
            (r#"[{"name":"Jane"},{}]"#, "[1]: missing field `name`"),
            (r#"[["Jane"]]"#, "[0]: invalid type: sequence"),
        ] {
            let refused = batch(text).await.unwrap_err();
            assert!(refused.starts_with(message), "{text}: {refused}");
        }
    }

    #[tokio::test]
    async fn what_a_caller_sent_is_not_sent_back_at_length() {
        let refused = body(&format!(r#"["{}"]"#, "x".repeat(10_000))).await.unwrap_err();
        assert!(refused.len() <= LONGEST_MESSAGE);
    }
}
