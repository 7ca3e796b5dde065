//! What access tokens say.

use rookery_domain::{EmailAddress, JsonObject, SessionId, TenantId, Timestamp, UserId, VendorId};
use serde::{Deserialize, Serialize};

use crate::{AccessToken, SigningError, numeric_date};

/// What header and signature take of a token beside the claims, in bytes, with an RSA key of 4,096 bits.
const BESIDE: usize = 820;

/// The claims of a user's access token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserClaims {
    /// Who signed in.
    pub sub: UserId,
    /// The same as `sub`, under the name that published clients read.
    pub user_id: UserId,
    /// What to call them.
    pub name: String,
    /// Their e-mail address.
    pub email: EmailAddress,
    /// Whether they have shown that the address is theirs.
    #[serde(rename = "email_verified")]
    pub email_verified: bool,
    /// What the customer keeps beside them: here an object, not the string of JSON that the API shows elsewhere.
    pub metadata: JsonObject,
    /// The keys of their roles in `tenant_id`; none when the environment leaves roles out of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The keys of their permissions in `tenant_id`; none when the environment leaves permissions out of tokens, or when there
    /// is no room for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The tenant that the token is for.
    pub tenant_id: TenantId,
    /// Every tenant that they belong to; none when there is no room for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_ids: Option<Vec<TenantId>>,
    /// Where their picture is.
    pub profile_picture_url: Option<String>,
    /// The session that the token belongs to.
    pub sid: SessionId,
    /// What kind of token this is.
    #[serde(rename = "type")]
    pub token_type: UserTokenType,
    /// The application that they signed in to: the environment itself, when it has no applications. Some clients
    /// refuse every token that lacks it.
    pub application_id: VendorId,
    /// Whom the token is for: the environment.
    pub aud: VendorId,
    /// Who issued it: the environment's address.
    pub iss: String,
    /// When it was issued.
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    /// When it expires.
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    /// Whether they reach every tenant of the environment; left out of the token when they do not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub super_user: bool,
    /// Whether self-service lists leave them out; left out of the token when they do not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invisible: bool,
}

impl UserClaims {
    /// The claims that a token has room for: if it must be, without `tenantIds`, and without `permissions` too. Clients ask
    /// for either where a token does not say it.
    ///
    /// # Errors
    /// [`SigningError::TooLarge`]: there is no room for the others.
    pub fn fitting(mut self) -> Result<Self, SigningError> {
        if !fit(&self)? {
            self.tenant_ids = None;
        }
        if !fit(&self)? {
            self.permissions = None;
        }
        if fit(&self)? { Ok(self) } else { Err(SigningError::TooLarge) }
    }
}

/// Whether a token has room for `claims`.
pub(crate) fn fit<C: Serialize>(claims: &C) -> Result<bool, SigningError> {
    let json = serde_json::to_vec(claims).map_err(SigningError::Claims)?;
    Ok((json.len() * 4).div_ceil(3) + BESIDE <= AccessToken::MAX_BYTES)
}

/// The `type` of a user's access token. It has one value, so that no other token can be read as a user's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserTokenType {
    /// A user's token.
    #[default]
    UserToken,
}

/// The claims of a vendor's token, which manages an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorClaims {
    /// What kind of token this is.
    #[serde(rename = "type")]
    pub token_type: VendorTokenType,
    /// The environment that it manages.
    pub vendor_id: VendorId,
    /// The same as `vendor_id`, under the standard's name.
    pub sub: VendorId,
    /// What it is limited to; none means no limit.
    pub scopes: Vec<String>,
    /// When it was issued.
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    /// When it expires.
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    /// Who issued it.
    pub iss: String,
}

/// The `type` of a vendor's token. It has one value, so that no other token can be read as a vendor's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VendorTokenType {
    /// A vendor's token.
    #[default]
    Vendor,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
pub(crate) mod tests {
    use rookery_domain::Json;
    use serde_json::json;

    use super::*;

    const ISSUED: i64 = 1_700_000_000_000;

    pub(crate) fn user() -> UserClaims {
        let user: UserId = "11111111-1111-4111-8111-111111111111".parse().unwrap();
        let tenant: TenantId = "22222222-2222-4222-8222-222222222222".parse().unwrap();
        let vendor: VendorId = "33333333-3333-4333-8333-333333333333".parse().unwrap();
        UserClaims {
            sub: user,
            user_id: user,
            name: "Jane Doe".to_owned(),
            email: "jane@example.com".parse().unwrap(),
            email_verified: true,
            metadata: JsonObject::from([("theme".to_owned(), Json::String("dark".to_owned()))]),
            roles: Some(vec!["Admin".to_owned()]),
            permissions: Some(vec!["fe.secure.*".to_owned()]),
            tenant_id: tenant.clone(),
            tenant_ids: Some(vec![tenant]),
            profile_picture_url: None,
            sid: "44444444-4444-4444-8444-444444444444".parse().unwrap(),
            token_type: UserTokenType::UserToken,
            application_id: vendor,
            aud: vendor,
            iss: "https://app.example.com".to_owned(),
            iat: Timestamp::from_millis(ISSUED),
            exp: Timestamp::from_millis(ISSUED).plus_seconds(300),
            super_user: false,
            invisible: false,
        }
    }

    pub(crate) fn vendor() -> VendorClaims {
        let vendor: VendorId = "33333333-3333-4333-8333-333333333333".parse().unwrap();
        VendorClaims {
            token_type: VendorTokenType::Vendor,
            vendor_id: vendor,
            sub: vendor,
            scopes: Vec::new(),
            iat: Timestamp::from_millis(ISSUED),
            exp: Timestamp::from_millis(ISSUED).plus_seconds(86_400),
            iss: "https://api.example.com".to_owned(),
        }
    }

    #[test]
    fn the_claims_of_a_user() {
        insta::assert_json_snapshot!(user(), @r#"
        {
          "sub": "11111111-1111-4111-8111-111111111111",
          "userId": "11111111-1111-4111-8111-111111111111",
          "name": "Jane Doe",
          "email": "jane@example.com",
          "email_verified": true,
          "metadata": {
            "theme": "dark"
          },
          "roles": [
            "Admin"
          ],
          "permissions": [
            "fe.secure.*"
          ],
          "tenantId": "22222222-2222-4222-8222-222222222222",
          "tenantIds": [
            "22222222-2222-4222-8222-222222222222"
          ],
          "profilePictureUrl": null,
          "sid": "44444444-4444-4444-8444-444444444444",
          "type": "userToken",
          "applicationId": "33333333-3333-4333-8333-333333333333",
          "aud": "33333333-3333-4333-8333-333333333333",
          "iss": "https://app.example.com",
          "iat": 1700000000,
          "exp": 1700000300
        }
        "#);
    }

    #[test]
    fn the_claims_of_a_vendor() {
        insta::assert_json_snapshot!(vendor(), @r#"
        {
          "type": "vendor",
          "vendorId": "33333333-3333-4333-8333-333333333333",
          "sub": "33333333-3333-4333-8333-333333333333",
          "scopes": [],
          "iat": 1700000000,
          "exp": 1700086400,
          "iss": "https://api.example.com"
        }
        "#);
    }

    #[test]
    fn what_is_not_so_is_left_out() {
        let claims =
            UserClaims { roles: None, permissions: None, super_user: true, invisible: true, ..user() };
        let json = serde_json::to_value(&claims).unwrap();
        assert_eq!((json.get("roles"), json.get("permissions")), (None, None));
        assert_eq!((&json["superUser"], &json["invisible"]), (&json!(true), &json!(true)));
        assert_eq!(serde_json::from_value::<UserClaims>(json).unwrap(), claims);
    }

    #[test]
    fn one_kind_of_token_is_never_read_as_the_other() {
        let mut disguised = serde_json::to_value(vendor()).unwrap();
        disguised["type"] = json!("userToken");
        assert!(serde_json::from_value::<VendorClaims>(disguised).is_err());
        for other in ["vendor", "userApiToken", "tenantApiToken", "userAccessToken", "tenantAccessToken", ""]
        {
            let mut disguised = serde_json::to_value(user()).unwrap();
            disguised["type"] = json!(other);
            assert!(serde_json::from_value::<UserClaims>(disguised).is_err(), "{other}");
        }
    }

    #[test]
    fn what_a_token_has_no_room_for_is_left_out_in_order() {
        let tenants =
            |count: u32| (0..count).map(|id| format!("{id:0>36}").parse().unwrap()).collect::<Vec<_>>();
        let permissions =
            |count: u32| (0..count).map(|id| format!("documents.{id:0>20}")).collect::<Vec<_>>();
        let claims = |tenant_count, permission_count| UserClaims {
            tenant_ids: Some(tenants(tenant_count)),
            permissions: Some(permissions(permission_count)),
            ..user()
        };
        let said = |claims: UserClaims| {
            let fitting = claims.fitting().unwrap();
            (fitting.tenant_ids.is_some(), fitting.permissions.is_some())
        };
        assert_eq!(said(claims(100, 10)), (true, true));
        assert_eq!(said(claims(500, 10)), (false, true));
        assert_eq!(said(claims(500, 500)), (false, false));
        let named = UserClaims { name: "x".repeat(8_000), ..claims(1, 1) };
        assert!(matches!(named.fitting(), Err(SigningError::TooLarge)));
    }
}
