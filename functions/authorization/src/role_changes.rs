//! Roles, as requests describe them.

use rookery_domain::{Role, RoleId, RoleLevel, Timestamp, bounded, identifying, required};
use rookery_http::{ApiError, ApiResult, AppState, Patch, not_null};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::author::Author;

/// The longest key, in characters: it is part of an address in the table.
pub(crate) const LONGEST_KEY: usize = 200;

/// The longest name, in characters.
pub(crate) const LONGEST_NAME: usize = 255;

/// The longest description, in characters.
pub(crate) const LONGEST_DESCRIPTION: usize = 1_000;

/// A new role.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRoleRequest {
    /// What tokens carry, 1 to 200 characters; unique in the environment, and among the roles of a tenant.
    pub(crate) key: String,
    /// 1 to 255 characters.
    pub(crate) name: String,
    /// At most 1000 characters.
    pub(crate) description: Option<String>,
    /// Its rank, 0 to 32767: the smaller, the stronger.
    #[schema(value_type = i64, minimum = 0, maximum = 32767)]
    pub(crate) level: RoleLevel,
    /// Whether users who are given no roles get this one.
    pub(crate) is_default: Option<bool>,
    /// Whether the first user of a tenant gets it.
    pub(crate) first_user_role: Option<bool>,
    /// Whether a default role goes to everybody who is there already, too.
    pub(crate) migrate_role: Option<bool>,
}

impl CreateRoleRequest {
    /// The role that `author` makes so, if they may.
    ///
    /// # Errors
    /// A value is out of bounds, or the author may not make this role.
    pub(crate) fn into_role(self, author: &Author, app: &AppState) -> ApiResult<Role> {
        let now = app.now();
        let mut role = Role {
            id: RoleId::random(&*app.entropy),
            tenant_id: author.tenant.clone(),
            key: identifying("key", self.key, LONGEST_KEY)?,
            name: required("name", self.name, LONGEST_NAME)?,
            description: description(self.description)?,
            level: self.level,
            is_default: self.is_default.unwrap_or_default(),
            is_first_user: self.first_user_role.unwrap_or_default(),
            given_to_members_before: None,
            permission_ids: author.always(),
            created_at: now,
            updated_at: now,
        };
        if self.migrate_role.unwrap_or_default() {
            give_to_everybody(&mut role, now)?;
        }
        author.require_writable(&role)?;
        Ok(role)
    }
}

/// What is to change of a role: what is left out stays as it is.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleChanges {
    /// What tokens carry, 1 to 200 characters; unique in the environment, and among the roles of a tenant.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    key: Option<String>,
    /// 1 to 255 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// At most 1000 characters; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// Its rank, 0 to 32767: the smaller, the stronger.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>, minimum = 0, maximum = 32767)]
    level: Option<RoleLevel>,
    /// Whether users who are given no roles get this one.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    is_default: Option<bool>,
    /// Whether the first user of a tenant gets it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    first_user_role: Option<bool>,
    /// Whether a default role goes to everybody who is there already, too.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    migrate_role: Option<bool>,
}

impl RoleChanges {
    /// Makes the changes, if `author` may.
    ///
    /// # Errors
    /// A value is out of bounds, or the author may not write the role as it is or as it would be.
    pub(crate) fn apply_to(self, role: &mut Role, author: &Author, now: Timestamp) -> ApiResult<()> {
        author.require_writable(role)?;
        let before = role.clone();
        if let Some(key) = self.key {
            role.key = identifying("key", key, LONGEST_KEY)?;
        }
        if let Some(name) = self.name {
            role.name = required("name", name, LONGEST_NAME)?;
        }
        set_description(self.description, &mut role.description)?;
        role.level = self.level.unwrap_or(role.level);
        role.is_default = self.is_default.unwrap_or(role.is_default);
        role.is_first_user = self.first_user_role.unwrap_or(role.is_first_user);
        if self.migrate_role.unwrap_or_default() {
            give_to_everybody(role, now)?;
        }
        if *role != before {
            role.updated_at = now;
        }
        author.require_writable(role)
    }
}

/// Gives `role`, if it is a default one, to everybody who is a member of a tenant already.
fn give_to_everybody(role: &mut Role, now: Timestamp) -> ApiResult<()> {
    if !role.is_default {
        return Ok(());
    }
    if role.tenant_id.is_some() {
        return Err(ApiError::Invalid(
            "migrateRole works for roles of the whole environment: give a tenant's role to its users one by one"
                .to_owned(),
        ));
    }
    role.given_to_members_before = Some(now);
    Ok(())
}

/// `text`, if it is no longer than a description can be.
///
/// # Errors
/// It is longer, or has control characters.
pub(crate) fn description(text: Option<String>) -> ApiResult<Option<String>> {
    Ok(text.map(|text| bounded("description", text, LONGEST_DESCRIPTION)).transpose()?)
}

/// Does to `field` what was asked, if the text is no longer than a description can be.
///
/// # Errors
/// It is longer, or has control characters.
pub(crate) fn set_description(change: Patch<String>, field: &mut Option<String>) -> ApiResult<()> {
    match change {
        Patch::Absent => {}
        Patch::Null => *field = None,
        Patch::Value(text) => *field = description(Some(text))?,
    }
    Ok(())
}
