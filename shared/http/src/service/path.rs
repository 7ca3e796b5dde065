//! One spelling for every path.

use axum::http::Request;
use axum::http::uri::{PathAndQuery, Uri};

/// The prefix under which browser clients reach the same endpoints.
const PREFIX: &str = "frontegg";

/// What stands before a last segment that is free text: `*` is any segment. API Gateway decodes paths (payload format 2.0), so
/// that a slash in such a text looks like the end of a segment.
const BEFORE_TEXT: [&str; 6] = ["tenants", "resources", "tenants", "v1", "*", "metadata"];

/// Takes the prefix `/frontegg`, doubled slashes and slashes at the end out of a request's path. Published clients send
/// all of these, and few follow a redirect.
pub(super) fn tidy<B>(mut request: Request<B>) -> Request<B> {
    if let Some(uri) = tidy_uri(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

/// The tidied URI, if that is another one.
fn tidy_uri(uri: &Uri) -> Option<Uri> {
    let segments: Vec<_> = uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let segments = segments.strip_prefix(&[PREFIX]).unwrap_or(&segments);
    let (known, text) = segments.split_at(before_text(segments));
    let text = (!text.is_empty()).then(|| text.join("%2F"));
    let tidied = format!("/{}", known.iter().copied().chain(text.as_deref()).collect::<Vec<_>>().join("/"));
    if tidied == uri.path() {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{tidied}?{query}")),
        None => PathAndQuery::try_from(tidied),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

/// How many of `segments` stand before free text; all of them if there is none.
fn before_text(segments: &[&str]) -> usize {
    let leads_to_text = segments.len() > BEFORE_TEXT.len()
        && BEFORE_TEXT.iter().zip(segments).all(|(known, segment)| *known == "*" || known == segment);
    if leads_to_text { BEFORE_TEXT.len() } else { segments.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(uri: &str) -> String {
        let uri: Uri = uri.parse().unwrap();
        tidy_uri(&uri).unwrap_or(uri).to_string()
    }

    #[test]
    fn prefix_and_superfluous_slashes_go_and_the_rest_stays() {
        assert_eq!(tidied("/auth/vendor/"), "/auth/vendor");
        assert_eq!(tidied("/audits//stats?a=/b/"), "/audits/stats?a=/b/");
        assert_eq!(tidied("/frontegg/identity/resources/roles/v1"), "/identity/resources/roles/v1");
        assert_eq!(tidied("/frontegg"), "/");
        assert_eq!(tidied("/fronteggish/x"), "/fronteggish/x");
        assert_eq!(tidied("/tenants/a%2Fb"), "/tenants/a%2Fb");
        assert_eq!(tidied("/"), "/");
    }

    #[test]
    fn a_slash_within_a_key_of_metadata_is_part_of_the_key() {
        let metadata = "/tenants/resources/tenants/v1/acme/metadata";
        for decoded in ["/a/b", "//a/b", "/a/b/", "/a%2Fb"] {
            assert_eq!(tidied(&format!("{metadata}{decoded}")), format!("{metadata}/a%2Fb"));
            assert_eq!(
                tidied(&format!("/frontegg{metadata}{decoded}?c=d/e")),
                format!("{metadata}/a%2Fb?c=d/e")
            );
        }
        assert_eq!(tidied(&format!("{metadata}/")), metadata);
        assert_eq!(
            tidied("/tenants/resources/tenants/v2/acme/metadata/a/b"),
            "/tenants/resources/tenants/v2/acme/metadata/a/b"
        );
    }
}
