//! Which passwords are good enough.

use axum::Json;
use axum::extract::State;
use rookery_domain::{PasswordPolicy, PasswordPolicyError, PasswordTests, WholeNumber};
use rookery_http::auth::{Member, Principal, ScopeAuth, WriteSecurityPolicy};
use rookery_http::password_policy::PasswordConfiguration;
use rookery_http::policies::{self, Asked};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, not_null};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to change of what is asked of new passwords.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordConfigurationChanges {
    /// Whether a long password is excused from the optional tests.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_passphrases: Option<bool>,
    /// The most characters, 128 to 1024.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    max_length: Option<WholeNumber>,
    /// The fewest characters, 6 to 128.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    min_length: Option<WholeNumber>,
    /// From how many characters on a password is long.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    min_phrase_length: Option<WholeNumber>,
    /// How many of the optional tests a password has to pass.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    min_optional_tests_to_pass: Option<WholeNumber>,
    /// Whether passwords are refused that are known to have leaked. There is no such test: it can only be false.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    block_pwned_passwords: Option<bool>,
    /// Tests of which some have to be passed.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    optional_tests: Option<TestChanges>,
    /// Tests that every password has to pass.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    required_tests: Option<TestChanges>,
}

/// Which tests are to be switched on or off.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestChanges {
    /// A lower-case letter.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    require_lowercase: Option<bool>,
    /// An upper-case letter.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    require_uppercase: Option<bool>,
    /// A digit.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    require_numbers: Option<bool>,
    /// A character that is neither a letter nor a digit.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    require_special_chars: Option<bool>,
    /// No character three times in a row.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    check_three_repeated_chars: Option<bool>,
}

impl TestChanges {
    fn apply_to(&self, before: PasswordTests) -> PasswordTests {
        PasswordTests {
            require_lowercase: self.require_lowercase.unwrap_or(before.require_lowercase),
            require_uppercase: self.require_uppercase.unwrap_or(before.require_uppercase),
            require_numbers: self.require_numbers.unwrap_or(before.require_numbers),
            require_special_chars: self.require_special_chars.unwrap_or(before.require_special_chars),
            check_three_repeated_chars: self
                .check_three_repeated_chars
                .unwrap_or(before.check_three_repeated_chars),
        }
    }
}

impl PasswordConfigurationChanges {
    fn apply_to(&self, before: &PasswordPolicy) -> ApiResult<PasswordPolicy> {
        if self.block_pwned_passwords == Some(true) {
            return Err(ApiError::Invalid(
                "blockPwnedPasswords is not supported: leave it out, or send false".to_owned(),
            ));
        }
        let tests = |changes: &Option<TestChanges>, before: PasswordTests| {
            changes.as_ref().map_or(before, |changes| changes.apply_to(before))
        };
        Ok(PasswordPolicy {
            min_length: count("minLength", self.min_length, before.min_length)?,
            max_length: count("maxLength", self.max_length, before.max_length)?,
            allow_passphrases: self.allow_passphrases.unwrap_or(before.allow_passphrases),
            min_phrase_length: count("minPhraseLength", self.min_phrase_length, before.min_phrase_length)?,
            min_optional_tests_to_pass: count(
                "minOptionalTestsToPass",
                self.min_optional_tests_to_pass,
                before.min_optional_tests_to_pass,
            )?,
            optional_tests: tests(&self.optional_tests, before.optional_tests),
            required_tests: tests(&self.required_tests, before.required_tests),
        })
    }
}

fn count(
    field: &'static str,
    number: Option<WholeNumber>,
    before: usize,
) -> Result<usize, PasswordPolicyError> {
    let number = number.map(|number| i64::from(number).try_into());
    number
        .transpose()
        .map_err(|_| PasswordPolicyError::Negative(field))
        .map(|number| number.unwrap_or(before))
}

/// Gets what is asked of new passwords in a tenant, or in the environment when no tenant is named.
///
/// Where a tenant asks for something of its own, it is the strictest of both, value by value; a password has to satisfy each.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/password",
    tag = "vendor-configuration",
    operation_id = "PasswordPolicyController_getPasswordConfig",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    responses((status = OK, body = PasswordConfiguration), (status = NOT_FOUND)),
)]
pub(crate) async fn get(caller: ScopeAuth<Member>) -> ApiResult<Json<PasswordConfiguration>> {
    Ok(Json(strictest(Asked::of(&caller).await?).into()))
}

/// Sets what is asked of new passwords in a tenant, or in the environment when no tenant is named: what is left out stays as
/// it is.
///
/// A tenant may ask for more than its environment, and not for less; its own administrators may where the environment has
/// `allowOverridePasswordComplexity`. It counts for the next password that is set: nobody is signed out.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/v1/password",
    tag = "vendor-configuration",
    operation_id = "PasswordPolicyController_addOrUpdatePasswordConfig",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = PasswordConfigurationChanges,
    responses(
        (status = CREATED, body = PasswordConfiguration),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn update(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(changes): Body<PasswordConfigurationChanges>,
) -> ApiResult<Created<PasswordConfiguration>> {
    require_override_allowed(&caller.principal)?;
    let updated = policies::update(&app, &caller, |policies, floor| {
        let floor = floor.map(rookery_domain::Policies::password_policy);
        let before = policies.password.clone().or(floor.clone()).unwrap_or_default();
        let changed = changes.apply_to(&before)?;
        changed.check_itself()?;
        if let Some(floor) = &floor {
            changed.require_within(floor)?;
        }
        policies.password = Some(changed);
        Ok(())
    });
    Ok(Created(strictest(updated.await?).into()))
}

fn strictest(Asked { environment, tenant }: Asked) -> PasswordPolicy {
    let floor = environment.password_policy();
    match tenant.and_then(|own| own.password) {
        Some(own) => floor.and(&own),
        None => floor,
    }
}

fn require_override_allowed(principal: &Principal) -> ApiResult<()> {
    let forbids = |configuration: &rookery_domain::IdentityConfiguration| {
        !configuration.allow_override_password_complexity
    };
    if principal.user().is_some_and(|user| forbids(&user.environment.configuration)) {
        return Err(ApiError::Forbidden(
            "the environment does not let tenants ask for other passwords (allowOverridePasswordComplexity)"
                .to_owned(),
        ));
    }
    Ok(())
}
