//! Which records a search finds.

use std::collections::{BTreeMap, BTreeSet};

use rookery_domain::{VendorId, bounded, folded};
use rookery_http::{ApiError, ApiResult};
use rookery_store::FiledRecord;

use crate::record::text_of;

/// How long a text to search for may be, in characters.
const LONGEST_TEXT: usize = 255;

/// How many fields or values a search may name.
const MOST_VALUES: usize = 200;

/// The fields that a free text is looked for in, beside a caller's own.
const SEARCHED: [&str; 10] =
    ["severity", "action", "resource", "description", "user", "email", "ip", "userAgent", "tenantId", "json"];

/// What a record must be like to be found. Everything is, unless something is said.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    /// What one of the texts must contain, folded.
    contains: Option<String>,
    /// The values that a field may have, folded; by its name.
    one_of: BTreeMap<String, BTreeSet<String>>,
}

impl Matcher {
    /// Only what contains `text` in one of its fields, whatever its case.
    pub(crate) fn containing(mut self, text: Option<String>) -> ApiResult<Self> {
        let text = text.filter(|text| !text.is_empty());
        self.contains =
            text.map(|text| bounded("filter", text, LONGEST_TEXT)).transpose()?.map(|text| folded(&text));
        Ok(self)
    }

    /// Only what has one of `values` in the field `name`, whatever its case; nothing, when there are none.
    pub(crate) fn with_one_of(mut self, name: &str, values: Option<Vec<String>>) -> ApiResult<Self> {
        let Some(values) = values else { return Ok(self) };
        let known = self.one_of.values().map(BTreeSet::len).sum::<usize>();
        if known + values.len() > MOST_VALUES {
            return Err(ApiError::Invalid(format!("a search may name at most {MOST_VALUES} values")));
        }
        if values.iter().any(|value| value.chars().nth(LONGEST_TEXT).is_some()) {
            return Err(ApiError::Invalid(format!("{name} must be at most {LONGEST_TEXT} characters long")));
        }
        self.one_of.insert(name.to_owned(), values.iter().map(|value| folded(value)).collect());
        Ok(self)
    }

    /// Whether it finds everything.
    pub(crate) fn is_open(&self) -> bool {
        self.contains.is_none() && self.one_of.is_empty()
    }

    /// Whether it finds `filed`.
    pub(crate) fn finds(&self, vendor: VendorId, filed: &FiledRecord) -> bool {
        let mut fields = self.one_of.iter();
        let all = fields.all(|(name, values)| {
            text_of(vendor, filed, name).is_some_and(|text| values.contains(&folded(&text)))
        });
        all && self.contains.as_ref().is_none_or(|text| contains(vendor, filed, text))
    }
}

fn contains(vendor: VendorId, filed: &FiledRecord, text: &str) -> bool {
    let own = filed.record.more.keys().map(String::as_str);
    let mut fields = SEARCHED.into_iter().chain(own);
    fields.any(|name| text_of(vendor, filed, name).is_some_and(|value| folded(&value).contains(text)))
}
