//! How large an answer may be.

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::ApiError;

/// What a function on Lambda can answer, in bytes, less ample room for what the answer has beside its body. With more,
/// API Gateway answers 502 in its own words.
const LARGEST: usize = 6_291_556 - 64 * 1024;

/// Answers as `next` does, unless that is more than a function can answer: only lists grow so large, and whoever asks for
/// less of one gets it.
pub(super) async fn bound(request: Request, next: Next) -> Response {
    let (parts, body) = next.run(request).await.into_parts();
    // Escaped, JSON is twice as long at the most.
    if body.size_hint().upper().is_some_and(|size| size <= LARGEST as u64 / 2) {
        return Response::from_parts(parts, body);
    }
    match to_bytes(body, LARGEST).await {
        Ok(bytes) if bytes.len() + escapes(&bytes) <= LARGEST => {
            Response::from_parts(parts, Body::from(bytes))
        }
        Ok(_) | Err(_) => too_large().into_response(),
    }
}

fn too_large() -> ApiError {
    ApiError::Invalid(
        "the answer would be larger than 6 MB: ask for less, such as with a smaller _limit".to_owned(),
    )
}

/// How many bytes are added when `text` becomes a string within JSON, which is how a function hands a body over.
fn escapes(text: &[u8]) -> usize {
    let added = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    text.iter().map(added).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_counted_as_they_are_written() {
        for text in ["", "plain", r#"{"a":"b\\"}"#, "line\nbreak\ttab\r", "\u{1}\u{1f}", "ädam \u{1f426}"] {
            let written = serde_json::to_string(text).unwrap();
            assert_eq!(text.len() + escapes(text.as_bytes()) + 2, written.len(), "{text:?}");
        }
    }
}
