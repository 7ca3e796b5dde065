//! One spelling for every path.

use axum::http::Request;
use axum::http::uri::{PathAndQuery, Uri};

/// The prefix under which browser clients reach the same endpoints.
const PREFIX: &str = "/frontegg";

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
    let mut path = String::with_capacity(uri.path().len());
    for segment in uri.path().split('/').filter(|segment| !segment.is_empty()) {
        path.push('/');
        path.push_str(segment);
    }
    let tidied = match path.strip_prefix(PREFIX) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        Some(_) | None => &path,
    };
    let tidied = if tidied.is_empty() { "/" } else { tidied };
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
}
