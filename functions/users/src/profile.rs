//! What users may change of themselves.

use rookery_domain::{Json, Metadata, PhoneNumber, PictureAddress, User, bounded};
use rookery_http::newcomers::LONGEST_NAME;
use rookery_http::{ApiResult, Patch};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to change of a user's profile. What is left out stays as it is; null clears it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileChanges {
    /// At most 255 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    /// `+`, and 7 to 15 digits; there may be dashes between them.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone_number: Patch<PhoneNumber>,
    /// An http, https or data:image/ address; at most 4095 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    profile_picture_url: Patch<PictureAddress>,
    /// A JSON object, or a string that holds one; at most 4096 bytes. Replaces what was there.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    metadata: Patch<Json>,
}

impl ProfileChanges {
    /// Makes the changes.
    ///
    /// # Errors
    /// A value is too long, all of them together are, or the metadata cannot be kept.
    pub(crate) fn apply_to(self, user: &mut User) -> ApiResult<()> {
        set("name", self.name, LONGEST_NAME, &mut user.name)?;
        self.profile_picture_url.map(String::from).apply_to(&mut user.profile_picture_url);
        self.phone_number.apply_to(&mut user.phone_number);
        match self.metadata {
            Patch::Absent => {}
            Patch::Null => user.metadata = Metadata::default(),
            Patch::Value(sent) => user.metadata = Metadata::of_user(sent)?,
        }
        let (name, picture) = (user.name.as_deref(), user.profile_picture_url.as_deref());
        Ok(user.metadata.require_room_in_token(name, picture)?)
    }
}

fn set(name: &'static str, change: Patch<String>, max: usize, field: &mut Option<String>) -> ApiResult<()> {
    let change = match change {
        Patch::Value(text) => Patch::Value(bounded(name, text, max)?),
        unchecked @ (Patch::Absent | Patch::Null) => unchecked,
    };
    change.apply_to(field);
    Ok(())
}
