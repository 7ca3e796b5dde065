//! What the access tokens of API tokens say.

use rookery_domain::{ApiTokenId, EmailAddress, JsonObject, TenantId, Timestamp, UserId, VendorId};
use serde::Serialize;

use crate::claims::fit;
use crate::{SigningError, numeric_date};

/// The claims of an access token that an API token was exchanged for. Rookery itself reads none: they are for the customer's
/// back end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenClaims {
    /// The API token.
    pub sub: ApiTokenId,
    /// For whom it stands, and what kind of token this is.
    #[serde(flatten)]
    pub subject: ApiTokenSubject,
    /// The tenant that the token is for.
    pub tenant_id: TenantId,
    /// The keys of the roles. There is nowhere else to ask for them, so they are here whatever the environment leaves out of
    /// users' tokens.
    pub roles: Vec<String>,
    /// The keys of the permissions; none when there is no room for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// What the customer keeps beside the API token.
    pub metadata: JsonObject,
    /// The application that it is for: the environment itself, when it has no applications. Some clients refuse every token
    /// that lacks it.
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
}

/// For whom an API token stands. None of these types is that of a user's own token.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum ApiTokenSubject {
    /// For a tenant.
    #[serde(rename = "tenantApiToken")]
    Tenant {
        /// The user who made it; none when a vendor did.
        created_by_user_id: Option<UserId>,
    },
    /// For a user.
    #[serde(rename = "userApiToken")]
    User {
        /// The user.
        user_id: UserId,
        /// Their e-mail address.
        email: EmailAddress,
        /// What the customer keeps beside the user; none when there is no room for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_metadata: Option<JsonObject>,
    },
}

impl ApiTokenClaims {
    /// The claims that a token has room for: if it must be, without `userMetadata`, and without `permissions` too.
    ///
    /// # Errors
    /// [`SigningError::TooLarge`]: there is no room for the others.
    pub fn fitting(mut self) -> Result<Self, SigningError> {
        if !fit(&self)?
            && let ApiTokenSubject::User { user_metadata, .. } = &mut self.subject
        {
            *user_metadata = None;
        }
        if !fit(&self)? {
            self.permissions = None;
        }
        if fit(&self)? { Ok(self) } else { Err(SigningError::TooLarge) }
    }
}

#[cfg(test)]
mod tests {
    use rookery_domain::Json;

    use super::*;
    use crate::claims::tests::user;
    use crate::{TokenError, UserClaims, VendorClaims, decode, encode, test_keys};

    fn of_tenant() -> ApiTokenClaims {
        let user = user();
        ApiTokenClaims {
            sub: "55555555-5555-4555-8555-555555555555".parse().unwrap(),
            subject: ApiTokenSubject::Tenant { created_by_user_id: None },
            tenant_id: user.tenant_id,
            roles: vec!["Admin".to_owned()],
            permissions: Some(vec!["fe.secure.*".to_owned()]),
            metadata: user.metadata,
            application_id: user.application_id,
            aud: user.aud,
            iss: user.iss,
            iat: user.iat,
            exp: user.exp,
        }
    }

    fn of_user() -> ApiTokenClaims {
        let UserClaims { user_id, email, metadata, .. } = user();
        let subject = ApiTokenSubject::User { user_id, email, user_metadata: Some(metadata) };
        ApiTokenClaims { subject, ..of_tenant() }
    }

    #[test]
    fn the_claims_of_a_tenants_api_token() {
        insta::assert_json_snapshot!(of_tenant(), @r#"
        {
          "sub": "55555555-5555-4555-8555-555555555555",
          "type": "tenantApiToken",
          "createdByUserId": null,
          "tenantId": "22222222-2222-4222-8222-222222222222",
          "roles": [
            "Admin"
          ],
          "permissions": [
            "fe.secure.*"
          ],
          "metadata": {
            "theme": "dark"
          },
          "applicationId": "33333333-3333-4333-8333-333333333333",
          "aud": "33333333-3333-4333-8333-333333333333",
          "iss": "https://app.example.com",
          "iat": 1700000000,
          "exp": 1700000300
        }
        "#);
    }

    #[test]
    fn the_claims_of_a_users_api_token() {
        let claims = serde_json::to_value(of_user()).unwrap();
        assert_eq!(claims["type"], "userApiToken");
        assert_eq!(claims["userId"], "11111111-1111-4111-8111-111111111111");
        assert_eq!(claims["email"], "jane@example.com");
        assert_eq!(claims["userMetadata"]["theme"], "dark");
    }

    #[tokio::test]
    async fn no_api_token_passes_as_a_user_or_a_vendor() {
        let (keys, now) = (test_keys::ring(), of_user().iat);
        for claims in [of_user(), of_tenant()] {
            let token = encode(&claims, &**test_keys::first()).await.unwrap();
            assert_eq!(decode::<UserClaims>(token.expose(), &keys, now), Err(TokenError::WrongKind));
            assert_eq!(decode::<VendorClaims>(token.expose(), &keys, now), Err(TokenError::WrongKind));
        }
    }

    #[test]
    fn what_a_token_has_no_room_for_is_left_out_in_order() {
        let large = |bytes| JsonObject::from([("x".to_owned(), Json::String("x".repeat(bytes)))]);
        let permissions =
            |count: u32| Some((0..count).map(|id| format!("docs.{id:0>20}")).collect::<Vec<_>>());
        let said = |metadata, user_metadata, permissions| {
            let UserClaims { user_id, email, .. } = user();
            let subject = ApiTokenSubject::User { user_id, email, user_metadata: Some(large(user_metadata)) };
            let claims = ApiTokenClaims { subject, metadata: large(metadata), permissions, ..of_tenant() };
            let json = serde_json::to_value(claims.fitting().map_err(|error| error.to_string())?).unwrap();
            Ok::<_, String>((json.get("userMetadata").is_some(), json.get("permissions").is_some()))
        };
        assert_eq!(said(1_000, 1_000, permissions(10)), Ok((true, true)));
        assert_eq!(said(4_000, 4_000, permissions(10)), Ok((false, true)));
        assert_eq!(said(4_000, 4_000, permissions(500)), Ok((false, false)));
        assert!(said(8_000, 0, None).is_err());
    }
}
