//! How many there may be.

use rookery_http::{ApiError, ApiResult};

/// `items`, if there are at most `most`; `what` they are to do begins the refusal.
///
/// # Errors
/// There are more.
pub(crate) fn at_most<T>(most: usize, what: &str, items: Vec<T>) -> ApiResult<Vec<T>> {
    if items.len() > most {
        return Err(ApiError::Invalid(format!("{what} at most {most}, and these are {}", items.len())));
    }
    Ok(items)
}

/// Whether `fresh` more fit where there are `present` and at most `most` can be.
///
/// # Errors
/// They do not.
pub(crate) fn require_room(what: &str, present: usize, fresh: usize, most: usize) -> ApiResult<()> {
    if present + fresh > most {
        return Err(ApiError::Invalid(format!("there can be at most {most} {what}")));
    }
    Ok(())
}
