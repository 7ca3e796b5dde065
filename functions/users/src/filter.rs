//! Which users a list is of, and in which order.

use std::collections::BTreeSet;

use rookery_domain::{EmailAddress, Json, Metadata, PageRequest, UserId, bounded};
use rookery_http::{ApiError, ApiResult};
use rookery_store::{UserQuery, UserSort};
use serde::Deserialize;
use utoipa::IntoParams;

/// How many users a page may have, and a request may name.
pub(crate) const LARGEST_PAGE: usize = 200;

/// How many characters a text to look for may have.
const LONGEST_TEXT: usize = 254;

/// Which users, and in which order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserFilter {
    /// Only those whose name or e-mail address contains this, whatever its case.
    #[serde(rename = "_filter")]
    #[param(rename = "_filter")]
    filter: Option<String>,
    /// Only these, separated by commas or one parameter each; at most 200. Given and left empty, nobody.
    #[param(value_type = Option<Vec<String>>)]
    ids: Option<Vec<String>>,
    /// Only those whose metadata has all keys of this JSON object, with the same values.
    metadata: Option<String>,
    /// `createdAt`, `name`, `email`, `id`, `verified`, `isLocked`, `provider` or `tenantId`.
    #[serde(rename = "_sortBy")]
    #[param(rename = "_sortBy")]
    sort_by: Option<String>,
    /// Whether the users of the tenants below the tenant are listed too. They are unless this is `false`.
    #[serde(rename = "_includeSubTenants")]
    #[param(rename = "_includeSubTenants")]
    pub(crate) include_sub_tenants: Option<bool>,
}

impl UserFilter {
    /// What to look for, on this page.
    ///
    /// # Errors
    /// A parameter cannot be read, or says too much.
    pub(crate) fn query(self, page: PageRequest) -> ApiResult<UserQuery> {
        let metadata = self.metadata.filter(|json| !json.is_empty()).map(Json::String);
        Ok(UserQuery {
            filter: text("_filter", self.filter)?,
            metadata: metadata.map(Metadata::of_user).transpose()?,
            ..query(self.ids.as_deref(), self.sort_by.as_deref(), page)?
        })
    }
}

/// Which users, and in which order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserFilterV3 {
    /// Only the one with this e-mail address.
    #[serde(rename = "_email")]
    #[param(rename = "_email")]
    email: Option<String>,
    /// Only those of this tenant; the same as the header `frontegg-tenant-id`.
    #[serde(rename = "_tenantId")]
    #[param(rename = "_tenantId")]
    pub(crate) tenant_id: Option<String>,
    /// Only these, separated by commas or one parameter each; at most 200. Given and left empty, nobody.
    #[param(value_type = Option<Vec<String>>)]
    ids: Option<Vec<String>>,
    /// Only the one who is known by this; with `_identifierType`.
    #[serde(rename = "_identifier")]
    #[param(rename = "_identifier")]
    identifier: Option<String>,
    /// What `_identifier` is: `email`, for nobody is found by anything else.
    #[serde(rename = "_identifierType")]
    #[param(rename = "_identifierType")]
    identifier_type: Option<String>,
    /// Only those whose name begins with this, whatever its case.
    #[serde(rename = "_namePrefix")]
    #[param(rename = "_namePrefix")]
    name_prefix: Option<String>,
    /// Not supported: users have no ids but their own.
    #[serde(rename = "_externalIds", default)]
    #[param(rename = "_externalIds", value_type = Option<Vec<String>>)]
    external_ids: Vec<String>,
    /// `createdAt`, `name`, `email`, `id`, `verified`, `isLocked`, `provider` or `tenantId`.
    #[serde(rename = "_sortBy")]
    #[param(rename = "_sortBy")]
    sort_by: Option<String>,
    /// Whether the users of the tenants below the tenant are listed too. They are unless this is `false`.
    #[serde(rename = "_includeSubTenants")]
    #[param(rename = "_includeSubTenants")]
    pub(crate) include_sub_tenants: Option<bool>,
}

impl UserFilterV3 {
    /// The address, or addresses, of the one who is looked for.
    ///
    /// # Errors
    /// One cannot be read, or `_identifier` is something else than an address.
    pub(crate) fn addresses(&self) -> ApiResult<Vec<EmailAddress>> {
        let identifier = match (&self.identifier, self.identifier_type.as_deref()) {
            (None, None) => None,
            (Some(address), Some("email")) => Some(address),
            (Some(_), Some(_)) => {
                return Err(ApiError::Invalid(
                    "_identifierType must be email: users are found by their e-mail address alone".to_owned(),
                ));
            }
            (Some(_), None) | (None, Some(_)) => {
                return Err(ApiError::Invalid(
                    "_identifier and _identifierType are needed together".to_owned(),
                ));
            }
        };
        let addresses = self.email.iter().chain(identifier).map(|address| address.parse());
        Ok(addresses.collect::<Result<_, _>>()?)
    }

    /// What else to look for, on this page.
    ///
    /// # Errors
    /// A parameter cannot be read, says too much, or is of something that users do not have.
    pub(crate) fn query(self, page: PageRequest) -> ApiResult<UserQuery> {
        if !self.external_ids.is_empty() {
            return Err(ApiError::Invalid(
                "_externalIds cannot be looked for: users have no ids but their own, which ids names"
                    .to_owned(),
            ));
        }
        Ok(UserQuery {
            name_prefix: text("_namePrefix", self.name_prefix)?,
            ..query(self.ids.as_deref(), self.sort_by.as_deref(), page)?
        })
    }
}

/// The users to tell something of.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NamedUsers {
    /// The users, separated by commas or one parameter each; at most 200. Left empty, nobody.
    #[param(required, value_type = Vec<String>)]
    pub(crate) ids: Option<Vec<String>>,
}

fn query(ids: Option<&[String]>, sort_by: Option<&str>, page: PageRequest) -> ApiResult<UserQuery> {
    let ids = ids.map(user_ids).transpose()?;
    Ok(UserQuery { ids, sort: sort(sort_by)?, page, ..UserQuery::page(Vec::new(), page.limit, page.index) })
}

/// A part of a name or an address; one that was left empty is none.
fn text(parameter: &'static str, text: Option<String>) -> ApiResult<Option<String>> {
    let text = text.filter(|text| !text.is_empty());
    Ok(text.map(|text| bounded(parameter, text, LONGEST_TEXT)).transpose()?)
}

/// The users that the parameter `ids` names, each once.
///
/// # Errors
/// One of them is no id, or they are too many.
pub(crate) fn user_ids(ids: &[String]) -> ApiResult<Vec<UserId>> {
    let ids: Result<BTreeSet<UserId>, _> = ids.iter().map(|id| id.parse()).collect();
    let ids = ids.map_err(|_| ApiError::Invalid("ids must be user ids, separated by commas".to_owned()))?;
    if ids.len() > LARGEST_PAGE {
        return Err(ApiError::Invalid(format!("ids may name at most {LARGEST_PAGE} users")));
    }
    Ok(ids.into_iter().collect())
}

fn sort(sort_by: Option<&str>) -> ApiResult<UserSort> {
    match sort_by {
        None | Some("createdAt") => Ok(UserSort::CreatedAt),
        Some("name") => Ok(UserSort::Name),
        Some("email") => Ok(UserSort::Email),
        Some("id") => Ok(UserSort::Id),
        Some("verified") => Ok(UserSort::Verified),
        Some("isLocked") => Ok(UserSort::IsLocked),
        Some("provider") => Ok(UserSort::Provider),
        Some("tenantId") => Ok(UserSort::TenantId),
        Some(_) => Err(ApiError::Invalid(
            "_sortBy must be createdAt, name, email, id, verified, isLocked, provider or tenantId".to_owned(),
        )),
    }
}
