//! The errors that operations answer.
//!
//! Most refusals come before a handler's own work, from what it takes: a token, parameters, a body. What an operation
//! takes says which of them it answers, so they are added here and no handler repeats them. A handler names the refusals
//! of its own, which get the body of all errors.

use axum::http::StatusCode;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::{USER, VENDOR};
use crate::ErrorBody;

/// Errors that look the same wherever they are answered: their names within the document, and what they mean.
const SHARED: [(StatusCode, &str, &str); 10] = [
    (StatusCode::BAD_REQUEST, "BadRequest", "The request is wrong; the text says what to change."),
    (StatusCode::UNAUTHORIZED, "Unauthorized", "There is no token, or none that is good."),
    (StatusCode::FORBIDDEN, "Forbidden", "The token is good, and not for this (ER-00008)."),
    (
        StatusCode::NOT_FOUND,
        "NotFound",
        "What is named is not there, or belongs to somebody else (ER-00004).",
    ),
    (StatusCode::CONFLICT, "Conflict", "It is there already."),
    (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "The body is larger than 512 KB."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "EncodedBody", "The body is compressed."),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "TooManyTries",
        "Second factors of the user were tried too often: try again after `Retry-After` seconds.",
    ),
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalError",
        "The fault is the service's; the logs say what it was.",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Busy",
        "Overloaded for the moment: try again after `Retry-After` seconds.",
    ),
];

/// Has every operation of `document` say which errors it answers.
pub fn add_errors(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    for (status, name, description) in SHARED {
        let mut response = with_body(Response::new(description));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            let seconds = RefOr::T(Header::new(u64::schema()));
            response.headers.insert("Retry-After".to_owned(), seconds);
        }
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
    document.paths.paths.values_mut().flat_map(operations).for_each(complete);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().filter_map(Option::as_mut)
}

fn complete(operation: &mut Operation) {
    let answered = answered_before_the_handler(operation);
    let responses = &mut operation.responses.responses;
    for status in answered {
        responses.entry(status.as_str().to_owned()).or_insert_with(|| Response::default().into());
    }
    for (code, response) in responses {
        if let (Ok(status), RefOr::T(inline)) = (code.parse(), &mut *response) {
            *response = described(status, std::mem::take(inline));
        }
    }
}

/// The answer `response` with the status `status`, with all that there is to say of it.
fn described(status: StatusCode, mut response: Response) -> RefOr<Response> {
    let is_bare = response.description.is_empty();
    match SHARED.iter().find(|(shared, ..)| *shared == status) {
        Some((_, name, _)) if is_bare => return RefOr::Ref(Ref::from_response_name(*name)),
        _ if status.is_client_error() => response = with_body(response),
        // OpenAPI wants a description of every answer.
        _ if is_bare => {
            response.description = status.canonical_reason().map(str::to_owned).unwrap_or_default();
        }
        _ => {}
    }
    RefOr::T(response)
}

/// `response` with the body of all errors.
fn with_body(mut response: Response) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name())));
    response.content.insert("application/json".to_owned(), RefOr::T(body.build()));
    response
}

/// The errors that `operation` may answer because of what it takes.
fn answered_before_the_handler(operation: &Operation) -> impl Iterator<Item = StatusCode> + use<> {
    let takes = |kind| {
        let requirement = SecurityRequirement::new(kind, [] as [&str; 0]);
        operation.security.as_ref().is_some_and(|security| security.contains(&requirement))
    };
    let (vendor, user) = (takes(VENDOR), takes(USER));
    let has_body = operation.request_body.is_some();
    let (mut in_path, mut elsewhere) = (false, false);
    for parameter in operation.parameters.iter().flatten() {
        match parameter {
            RefOr::T(Parameter { parameter_in: ParameterIn::Path, .. }) => in_path = true,
            RefOr::T(_) | RefOr::Ref(_) => elsewhere = true,
        }
    }
    let answers = [
        (StatusCode::BAD_REQUEST, has_body || elsewhere),
        (StatusCode::UNAUTHORIZED, vendor || user),
        // Whoever takes both kinds of tokens refuses none for its kind.
        (StatusCode::FORBIDDEN, vendor != user),
        (StatusCode::NOT_FOUND, in_path),
        (StatusCode::PAYLOAD_TOO_LARGE, has_body),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, has_body),
        (StatusCode::INTERNAL_SERVER_ERROR, true),
        (StatusCode::SERVICE_UNAVAILABLE, true),
    ];
    answers.into_iter().filter_map(|(status, holds)| holds.then_some(status))
}
