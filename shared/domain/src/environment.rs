//! Environments: a vendor's development, staging or production, each with users of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::web_address::page;
use crate::{
    EmailAddress, Entropy, GroupsConfiguration, PlainToken, Policies, TemplateKind, Timestamp, TokenHash,
    VendorId,
};

/// An environment: the outermost wall between data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Its id, which is its client id too.
    pub id: VendorId,
    /// Its name, which mails show.
    pub name: String,
    /// What vendor tokens are obtained with.
    pub secrets: VendorSecrets,
    /// Where its users' browsers reach it, such as `https://auth.example.com`; the issuer of its access tokens.
    pub base_url: String,
    /// Where its application is; what mails link to unless a tenant has its own.
    pub application_url: String,
    /// The web origins that may call with credentials.
    pub allowed_origins: Vec<String>,
    /// The address that mails come from.
    pub sender: EmailAddress,
    /// How sign-in works.
    pub configuration: IdentityConfiguration,
    /// What it asks of those who sign in.
    #[serde(default, skip_serializing_if = "Policies::is_empty")]
    pub policies: Policies,
    /// How its second factors work.
    #[serde(default, skip_serializing_if = "MfaConfiguration::is_default")]
    pub mfa: MfaConfiguration,
    /// The kinds of mail that it changed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub changed_mails: BTreeSet<TemplateKind>,
    /// Whether tenants have groups.
    #[serde(default, skip_serializing_if = "GroupsConfiguration::is_default")]
    pub groups: GroupsConfiguration,
    /// Rises by one with every change of a role or permission: what was derived from an older one is stale.
    #[serde(skip)]
    pub catalog_version: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Environment {
    /// What authenticator apps call it.
    #[must_use]
    pub fn service_name(&self) -> &str {
        self.mfa.service_name.as_deref().unwrap_or(&self.name)
    }

    /// Whether pages of the web origin `origin`, as browsers write it (RFC 6454, section 6.2), may call with credentials:
    /// those that are listed, and the environment's own. `null`, which is what browsers write of any page that hides its
    /// origin, is nobody's, whatever is listed.
    #[must_use]
    pub fn trusts_origin(&self, origin: &str) -> bool {
        let trusted = self.allowed_origins.iter().chain(std::iter::once(&self.base_url));
        trusted.filter_map(|address| page(address)).any(|url| url.origin().ascii_serialization() == origin)
    }
}

/// How second factors work in an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MfaConfiguration {
    /// What authenticator apps call the environment; its name, if it does not say.
    pub service_name: Option<String>,
}

impl MfaConfiguration {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The secrets of an environment: two may be good at once, so that clients can move from one to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VendorSecrets {
    current: TokenHash,
    retiring: Option<TokenHash>,
}

impl VendorSecrets {
    /// The hash of a first secret.
    #[must_use]
    pub fn new(secret: &PlainToken) -> Self {
        Self { current: secret.hash(), retiring: None }
    }

    /// Makes another secret, which is good from now on together with the latest one before it.
    #[must_use]
    pub fn rotate(&self, entropy: &dyn Entropy) -> (PlainToken, Self) {
        let secret = PlainToken::random(entropy);
        let secrets = Self { current: secret.hash(), retiring: Some(self.current.clone()) };
        (secret, secrets)
    }

    /// Whether `presented` is one of the good secrets.
    #[must_use]
    pub fn accept(&self, presented: &PlainToken) -> bool {
        let hash = presented.hash();
        // `|`, not `||`: both are compared, whichever it is.
        (self.current == hash) | self.retiring.as_ref().is_some_and(|retiring| *retiring == hash)
    }
}

/// How sign-in works in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the API's own switches, each independent of the others")]
pub struct IdentityConfiguration {
    /// Seconds that an access token lives.
    pub default_token_expiration: i64,
    /// Seconds that a session lives.
    pub default_refresh_token_expiration: i64,
    /// Seconds that a mailed code or link for signing in works.
    pub default_passwordless_token_expiration: i64,
    /// The `SameSite` attribute of cookies.
    pub cookie_same_site: CookieSameSite,
    /// How access tokens are signed.
    pub jwt_algorithm: JwtAlgorithm,
    /// How users sign in.
    pub auth_strategy: AuthStrategy,
    /// How machines sign in.
    pub machine_to_machine_auth_strategy: MachineToMachineAuthStrategy,
    /// Whether people may sign up by themselves.
    pub allow_signups: bool,
    /// Whether API tokens may be made.
    pub api_tokens_enabled: bool,
    /// Whether tenants may set a password complexity of their own.
    pub allow_override_password_complexity: bool,
    /// Whether tenants may set a password expiration of their own.
    pub allow_override_password_expiration: bool,
    /// Whether tenants may set a password history of their own.
    pub allow_override_enforce_password_history: bool,
    /// Whether users may sign in before their e-mail address is verified.
    pub allow_not_verified_users_login: bool,
    /// Whether self-service needs the permission for what it does, not just membership.
    pub force_permissions: bool,
    /// Whether access tokens carry the attributes of a SAML sign-in.
    pub add_saml_attributes_to_jwt: bool,
    /// Whether a mailed link works only on the device that asked for it.
    pub force_same_device_on_auth: bool,
    /// Whether users may invite others by link.
    pub allow_tenant_invitations: bool,
    /// Whether each refresh replaces the refresh token.
    pub rotate_refresh_tokens: bool,
    /// Whether users may be put into tenants that do not exist yet.
    pub skip_tenant_validation: bool,
    /// Whether access tokens carry role keys.
    pub add_roles_to_jwt: bool,
    /// Whether access tokens carry permission keys.
    pub add_permissions_to_jwt: bool,
}

impl Default for IdentityConfiguration {
    fn default() -> Self {
        Self {
            default_token_expiration: 300,
            default_refresh_token_expiration: 2_592_000,
            default_passwordless_token_expiration: 300,
            cookie_same_site: CookieSameSite::Lax,
            jwt_algorithm: JwtAlgorithm::Rs256,
            auth_strategy: AuthStrategy::EmailAndPassword,
            machine_to_machine_auth_strategy: MachineToMachineAuthStrategy::ClientCredentials,
            allow_signups: false,
            api_tokens_enabled: true,
            allow_override_password_complexity: false,
            allow_override_password_expiration: false,
            allow_override_enforce_password_history: false,
            allow_not_verified_users_login: false,
            force_permissions: true,
            add_saml_attributes_to_jwt: false,
            force_same_device_on_auth: false,
            allow_tenant_invitations: false,
            rotate_refresh_tokens: true,
            skip_tenant_validation: false,
            add_roles_to_jwt: true,
            add_permissions_to_jwt: true,
        }
    }
}

/// The configuration cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum IdentityConfigurationError {
    #[error("defaultTokenExpiration must be from 60 to 86400 seconds")]
    TokenExpiration,
    #[error("defaultRefreshTokenExpiration must be from 300 to 15552000 seconds (180 days)")]
    RefreshTokenExpiration,
    #[error("defaultPasswordlessTokenExpiration must be from 60 to 86400 seconds")]
    PasswordlessTokenExpiration,
    #[error("defaultRefreshTokenExpiration must not be shorter than defaultTokenExpiration")]
    RefreshShorterThanAccess,
    #[error("jwtAlgorithm HS256 is not supported: use RS256")]
    Algorithm,
    #[error("codes by text message are not supported: authStrategy must be another than SmsCode")]
    Strategy,
}

impl IdentityConfiguration {
    /// Whether users sign in with a password.
    #[must_use]
    pub fn signs_in_with_passwords(&self) -> bool {
        match self.auth_strategy {
            AuthStrategy::EmailAndPassword => true,
            AuthStrategy::MagicLink
            | AuthStrategy::Code
            | AuthStrategy::SmsCode
            | AuthStrategy::NoLocalAuthentication => false,
        }
    }

    /// Whether the values make sense by themselves and together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), IdentityConfigurationError> {
        use IdentityConfigurationError as Error;
        if !(60..=86_400).contains(&self.default_token_expiration) {
            return Err(Error::TokenExpiration);
        }
        if !(300..=15_552_000).contains(&self.default_refresh_token_expiration) {
            return Err(Error::RefreshTokenExpiration);
        }
        if !(60..=86_400).contains(&self.default_passwordless_token_expiration) {
            return Err(Error::PasswordlessTokenExpiration);
        }
        if self.default_refresh_token_expiration < self.default_token_expiration {
            return Err(Error::RefreshShorterThanAccess);
        }
        if self.jwt_algorithm != JwtAlgorithm::Rs256 {
            return Err(Error::Algorithm);
        }
        match self.auth_strategy {
            AuthStrategy::EmailAndPassword
            | AuthStrategy::MagicLink
            | AuthStrategy::Code
            | AuthStrategy::NoLocalAuthentication => Ok(()),
            AuthStrategy::SmsCode => Err(Error::Strategy),
        }
    }
}

/// The `SameSite` attribute of cookies (RFC 6265bis).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum CookieSameSite {
    Strict,
    Lax,
    None,
}

/// How access tokens are signed (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum JwtAlgorithm {
    Rs256,
    Hs256,
}

/// How users sign in when no social or enterprise login is involved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the API's own and say all there is to say")]
pub enum AuthStrategy {
    EmailAndPassword,
    MagicLink,
    Code,
    SmsCode,
    NoLocalAuthentication,
}

/// How machines sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineToMachineAuthStrategy {
    /// They exchange a client id and a secret for an access token.
    ClientCredentials,
    /// They hold a long-lived access token.
    AccessToken,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn an_origin_is_trusted_by_its_name_and_no_page_is_that_hides_it() {
        let listed = ["https://app.example.com", "http://localhost:3000/", "null", "javascript:alert(1)", ""];
        let environment = Environment {
            id: VendorId::random(&SeededEntropy::new(1)),
            name: "Example".to_owned(),
            secrets: VendorSecrets::new(&PlainToken::presented("secret".to_owned())),
            base_url: "https://auth.example.com/id".to_owned(),
            application_url: "https://app.example.com".to_owned(),
            allowed_origins: listed.map(str::to_owned).to_vec(),
            sender: "no-reply@example.com".parse().unwrap(),
            configuration: IdentityConfiguration::default(),
            policies: Policies::default(),
            mfa: MfaConfiguration::default(),
            changed_mails: BTreeSet::new(),
            groups: GroupsConfiguration::default(),
            catalog_version: 0,
            created_at: Timestamp::from_millis(0),
        };
        for origin in ["https://app.example.com", "http://localhost:3000", "https://auth.example.com"] {
            assert!(environment.trusts_origin(origin), "{origin}");
        }
        for origin in
            ["null", "", "https://example.com", "http://app.example.com", "https://app.example.com:8443"]
        {
            assert!(!environment.trusts_origin(origin), "{origin}");
        }
    }

    #[test]
    fn the_last_two_secrets_are_good() {
        let entropy = SeededEntropy::new(1);
        let first = PlainToken::random(&entropy);
        let secrets = VendorSecrets::new(&first);
        let (second, secrets) = secrets.rotate(&entropy);
        assert!(secrets.accept(&first) && secrets.accept(&second));
        let (third, secrets) = secrets.rotate(&entropy);
        assert!(!secrets.accept(&first) && secrets.accept(&second) && secrets.accept(&third));
    }

    #[test]
    fn the_default_configuration_is_valid_and_its_limits_hold() {
        let default = IdentityConfiguration::default();
        assert_eq!(default.check(), Ok(()));
        let short = IdentityConfiguration { default_token_expiration: 59, ..default.clone() };
        assert_eq!(short.check(), Err(IdentityConfigurationError::TokenExpiration));
        let long = IdentityConfiguration { default_refresh_token_expiration: 15_552_001, ..default.clone() };
        assert_eq!(long.check(), Err(IdentityConfigurationError::RefreshTokenExpiration));
        let sent = IdentityConfiguration { auth_strategy: AuthStrategy::SmsCode, ..default };
        assert_eq!(sent.check(), Err(IdentityConfigurationError::Strategy));
    }
}
