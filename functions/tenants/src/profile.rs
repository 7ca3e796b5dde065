//! Tenants on the wire.

use rookery_domain::{
    EmailAddress, Json, Metadata, PictureAddress, Tenant, TenantType, Timestamp, VendorId, WebAddress,
    bounded, required,
};
use rookery_http::{ApiResult, Patch, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantResponse {
    id: Uuid,
    vendor_id: Uuid,
    tenant_id: String,
    name: String,
    /// What the customer keeps beside it, as a string of JSON; null for nothing. Clients that manage single keys take an empty
    /// object for one that has been given.
    metadata: Option<String>,
    /// Whether its own administrators may make sub-tenants.
    is_reseller: bool,
    #[serde(flatten)]
    profile: ProfileResponse,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Always there, and null for a tenant that is: some clients fail without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProfileResponse {
    status: Option<String>,
    website: Option<String>,
    application_url: Option<String>,
    login_url: Option<String>,
    logo: Option<String>,
    logo_url: Option<String>,
    address: Option<String>,
    timezone: Option<String>,
    currency: Option<String>,
    date_format: Option<String>,
    time_format: Option<String>,
    creator_name: Option<String>,
    creator_email: Option<String>,
    #[schema(value_type = Option<String>)]
    tenant_type: Option<TenantType>,
}

impl TenantResponse {
    pub(crate) fn new(vendor: VendorId, tenant: Tenant) -> Self {
        let profile = tenant.profile;
        Self {
            id: tenant.record_id.as_uuid(),
            vendor_id: vendor.as_uuid(),
            tenant_id: tenant.tenant_id.into(),
            name: tenant.name,
            metadata: tenant.metadata.to_wire_unless_empty(),
            is_reseller: tenant.is_reseller,
            profile: ProfileResponse {
                status: profile.status,
                website: profile.website,
                application_url: profile.application_url,
                login_url: profile.login_url,
                logo: profile.logo,
                logo_url: profile.logo_url,
                address: profile.address,
                timezone: profile.timezone,
                currency: profile.currency,
                date_format: profile.date_format,
                time_format: profile.time_format,
                creator_name: profile.creator_name,
                creator_email: profile.creator_email,
                tenant_type: profile.tenant_type,
            },
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
            deleted_at: tenant.deleted_at,
        }
    }
}

/// What a vendor changes of a tenant, or knows of a new one. Null clears a field, except for those that every tenant has. The
/// addresses of its application and its login page are registered with it.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantChanges {
    /// Its name, 1 to 255 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(crate) name: Option<String>,
    /// What the customer keeps beside it: an object, or a string that holds one; at most 16384 bytes. A number is
    /// taken too. Replaces what was there.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Patch<Json>,
    /// Whether its own administrators may make sub-tenants.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(crate) is_reseller: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) status: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) website: Patch<WebAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) application_url: Patch<WebAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) login_url: Patch<WebAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) logo: Patch<PictureAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) logo_url: Patch<PictureAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) address: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) timezone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) currency: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) date_format: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) time_format: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) creator_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) creator_email: Patch<EmailAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) tenant_type: Patch<TenantType>,
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 255;

/// The longest of the other texts, in characters.
const LONGEST_FIELD: usize = 4_095;

impl TenantChanges {
    /// Whether nothing is to change.
    pub(crate) fn is_empty(&self) -> bool {
        let texts = self.texts();
        let others = [
            self.name.is_some(),
            self.metadata.is_present(),
            self.is_reseller.is_some(),
            self.creator_email.is_present(),
            self.tenant_type.is_present(),
            self.website.is_present(),
            self.application_url.is_present(),
            self.login_url.is_present(),
            self.logo.is_present(),
            self.logo_url.is_present(),
        ];
        !texts.iter().any(|text| text.is_present()) && !others.contains(&true)
    }

    /// Makes the changes.
    ///
    /// # Errors
    /// A value is too long, or the metadata cannot be kept.
    pub(crate) fn apply_to(self, tenant: &mut Tenant) -> ApiResult<()> {
        if let Some(name) = self.name {
            tenant.name = named(name)?;
        }
        match self.metadata {
            Patch::Absent => {}
            Patch::Null => tenant.metadata = Metadata::default(),
            Patch::Value(sent) => tenant.metadata = Metadata::of_tenant(sent)?,
        }
        tenant.is_reseller = self.is_reseller.unwrap_or(tenant.is_reseller);
        let profile = &mut tenant.profile;
        self.creator_email.map(String::from).apply_to(&mut profile.creator_email);
        self.tenant_type.apply_to(&mut profile.tenant_type);
        self.website.map(String::from).apply_to(&mut profile.website);
        self.logo.map(String::from).apply_to(&mut profile.logo);
        self.logo_url.map(String::from).apply_to(&mut profile.logo_url);
        let (application, login) = (self.application_url.map(String::from), self.login_url.map(String::from));
        application.clone().apply_to(&mut tenant.registered_urls.application);
        application.apply_to(&mut profile.application_url);
        login.clone().apply_to(&mut tenant.registered_urls.login);
        login.apply_to(&mut profile.login_url);
        set("status", self.status, &mut profile.status)?;
        set("address", self.address, &mut profile.address)?;
        set("timezone", self.timezone, &mut profile.timezone)?;
        set("currency", self.currency, &mut profile.currency)?;
        set("dateFormat", self.date_format, &mut profile.date_format)?;
        set("timeFormat", self.time_format, &mut profile.time_format)?;
        set("creatorName", self.creator_name, &mut profile.creator_name)
    }

    fn texts(&self) -> [&Patch<String>; 7] {
        [
            &self.status,
            &self.address,
            &self.timezone,
            &self.currency,
            &self.date_format,
            &self.time_format,
            &self.creator_name,
        ]
    }
}

/// `name`, if a tenant can have it.
///
/// # Errors
/// It is blank or too long, or has control characters.
pub(crate) fn named(name: String) -> ApiResult<String> {
    Ok(required("name", name, LONGEST_NAME)?)
}

pub(crate) fn set(name: &'static str, change: Patch<String>, field: &mut Option<String>) -> ApiResult<()> {
    if let Patch::Value(text) = change {
        *field = Some(bounded(name, text, LONGEST_FIELD)?);
    } else {
        change.apply_to(field);
    }
    Ok(())
}
