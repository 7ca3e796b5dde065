//! Permissions and their categories.

use serde::{Deserialize, Serialize};

use crate::{CategoryId, PermissionId, Timestamp, folded};

/// What the key of every built-in permission begins with.
const BUILT_IN: &str = "fe.";

/// Something that a role allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Its id.
    pub id: PermissionId,
    /// The key that tokens carry; unique in the environment. A key that ends in `*` covers all that begin as it does.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub description: Option<String>,
    /// The category it is listed under.
    pub category_id: Option<CategoryId>,
    /// How tenants may use it in roles of their own.
    pub assignment_type: AssignmentType,
    /// Whether Rookery itself provides and checks it; such a permission cannot be changed.
    #[serde(default)]
    pub built_in: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How tenants may use a permission in roles of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AssignmentType {
    /// Not at all.
    Never,
    /// Every role of theirs has it.
    Always,
    /// As they please.
    #[default]
    Assignable,
}

/// A heading under which permissions are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionCategory {
    /// Its id.
    pub id: CategoryId,
    /// Its name; unique in the environment.
    pub name: String,
    /// What belongs under it.
    pub description: Option<String>,
    /// Whether Rookery itself provides it; such a category cannot be changed.
    #[serde(default)]
    pub built_in: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether the permission key `held` allows what `wanted` names: it is the same key, or ends in `*` and is a prefix.
#[must_use]
pub fn covers(held: &str, wanted: &str) -> bool {
    match held.strip_suffix('*') {
        Some(prefix) => wanted.starts_with(prefix),
        None => held == wanted,
    }
}

/// Whether only Rookery itself provides permissions with keys like `key`: it begins as theirs do, or covers some of them.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    let key = folded(key);
    key.starts_with(BUILT_IN) || key.strip_suffix('*').is_some_and(|prefix| BUILT_IN.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_key_is_or_covers_one_that_is_built_in() {
        for reserved in ["fe.x", "FE.x", "fe.*", "fe*", "F*", "*"] {
            assert!(is_reserved(reserved), "{reserved}");
        }
        for free in ["fe", "feed.*", "docs.*", "d*", "f"] {
            assert!(!is_reserved(free), "{free}");
        }
    }

    #[test]
    fn a_trailing_star_covers_every_key_that_begins_so() {
        assert!(covers("fe.secure.*", "fe.secure.read.users"));
        assert!(covers("fe.secure.read.users", "fe.secure.read.users"));
        assert!(!covers("fe.secure.*", "fe.connectivity.read"));
        assert!(!covers("fe.secure.read.users", "fe.secure.read.users.all"));
    }
}
