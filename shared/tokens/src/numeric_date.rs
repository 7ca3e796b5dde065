//! A moment as a `NumericDate` (RFC 7519, section 2): whole seconds since the Unix epoch.

use rookery_domain::Timestamp;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(moment.as_seconds())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    Ok(Timestamp::from_millis(seconds.saturating_mul(1000)))
}
