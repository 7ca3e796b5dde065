//! Pages on the wire.

use std::fmt::Write as _;

use rookery_domain::{Order, Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ApiError, ApiResult};

/// The list controls that every paged list has.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PageParameters {
    /// How many items a page has.
    #[serde(rename = "_limit")]
    #[param(rename = "_limit", value_type = Option<u64>, minimum = 1)]
    pub limit: Option<String>,
    /// The page's index, from zero. It counts pages, not items.
    #[serde(rename = "_offset")]
    #[param(rename = "_offset", value_type = Option<u64>, minimum = 0)]
    pub offset: Option<String>,
    /// The direction: `ASC` or `DESC`.
    #[serde(rename = "_order")]
    #[param(rename = "_order")]
    pub order: Option<String>,
}

impl PageParameters {
    /// The page they ask for, of at most `max` items and by default `default`.
    ///
    /// # Errors
    /// A number is none, or out of bounds; the direction is none.
    pub fn request(&self, default: usize, max: usize) -> ApiResult<PageRequest> {
        let limit = number("_limit", self.limit.as_deref())?.unwrap_or(default);
        if !(1..=max).contains(&limit) {
            return Err(ApiError::Invalid(format!("_limit must be from 1 to {max}")));
        }
        let index = number("_offset", self.offset.as_deref())?.unwrap_or(0);
        let order = match self.order.as_deref() {
            None => Order::Ascending,
            Some(text) if text.eq_ignore_ascii_case("asc") => Order::Ascending,
            Some(text) if text.eq_ignore_ascii_case("desc") => Order::Descending,
            Some(_) => return Err(ApiError::Invalid("_order must be ASC or DESC".to_owned())),
        };
        Ok(PageRequest { limit, index, order })
    }
}

fn number(name: &str, text: Option<&str>) -> ApiResult<Option<usize>> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|_| ApiError::Invalid(format!("{name} must be a whole number from zero")))
}

/// How many items and pages a list has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageMetadata {
    /// Items in all.
    pub total_items: usize,
    /// Pages in all.
    pub total_pages: usize,
}

/// Where other pages are: query strings, empty where there is no such page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageLinks {
    /// The page after.
    pub next: String,
    /// The page before.
    pub prev: String,
    /// The first page.
    pub first: String,
    /// The last page.
    pub last: String,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageResponse<T> {
    /// Its items.
    pub items: Vec<T>,
    /// How many there are.
    #[serde(rename = "_metadata")]
    pub metadata: PageMetadata,
    /// Where other pages are.
    #[serde(rename = "_links")]
    pub links: PageLinks,
}

impl<T> PageResponse<T> {
    /// `page`, which `request` asked for with the query string `query`.
    #[must_use]
    pub fn new(page: Page<T>, request: PageRequest, query: Option<&str>) -> Self {
        let total_pages = page.total.div_ceil(request.limit);
        let last = total_pages.saturating_sub(1);
        let link = |index: usize| link(query.unwrap_or_default(), request.limit, index);
        let links = PageLinks {
            first: link(0),
            last: link(last),
            prev: request.index.checked_sub(1).map(|index| link(index.min(last))).unwrap_or_default(),
            next: if request.index < last { link(request.index + 1) } else { String::new() },
        };
        Self { items: page.items, metadata: PageMetadata { total_items: page.total, total_pages }, links }
    }
}

/// The query string `query` with another page in it.
fn link(query: &str, limit: usize, index: usize) -> String {
    let mut link = String::from("?");
    let kept = query.split('&').filter(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        !matches!(name, "" | "_limit" | "_offset")
    });
    for parameter in kept {
        link.push_str(parameter);
        link.push('&');
    }
    // Writing to a string cannot fail.
    let _ = write!(link, "_limit={limit}&_offset={index}");
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(index: usize, total: usize) -> PageResponse<u8> {
        let request = PageRequest { limit: 10, index, order: Order::Ascending };
        PageResponse::new(
            Page { items: Vec::new(), total },
            request,
            Some("_filter=jane&_offset=1&_limit=10"),
        )
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let links = page(1, 25).links;
        assert_eq!(links.first, "?_filter=jane&_limit=10&_offset=0");
        assert_eq!((links.prev.as_str(), links.last.as_str()), (links.first.as_str(), links.next.as_str()));
        assert_eq!(links.next, "?_filter=jane&_limit=10&_offset=2");
    }

    #[test]
    fn past_the_end_there_is_no_next_page_and_the_one_before_is_the_last() {
        let page = page(9, 25);
        assert_eq!((page.metadata.total_items, page.metadata.total_pages), (25, 3));
        assert_eq!((page.links.next.as_str(), page.links.prev), ("", page.links.last));
        let empty = self::page(0, 0);
        assert_eq!((empty.metadata.total_pages, empty.links.next.as_str()), (0, ""));
    }

    #[test]
    fn parameters_out_of_bounds_are_refused() {
        let request = |limit: &str, offset: &str, order: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            PageParameters { limit: some(limit), offset: some(offset), order: some(order) }.request(50, 200)
        };
        assert_eq!(request("", "", "").unwrap().limit, 50);
        assert_eq!(request("200", "3", "desc").unwrap().order, Order::Descending);
        for (limit, offset, order) in
            [("0", "", ""), ("201", "", ""), ("x", "", ""), ("", "-1", ""), ("", "", "up")]
        {
            assert!(request(limit, offset, order).is_err(), "{limit} {offset} {order}");
        }
    }
}
