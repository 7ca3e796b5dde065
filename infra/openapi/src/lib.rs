//! All endpoint groups together, and the document that describes them.

use axum::Router;
use rookery_http::AppState;
use serde::Serialize;
use utoipa::openapi::OpenApi;
use utoipa::openapi::tag::TagBuilder;

/// An endpoint group.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Group {
    /// Its name: that of its function, and of its tag in the document.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    #[serde(skip)]
    router: fn() -> Router<AppState>,
    #[serde(skip)]
    document: fn() -> OpenApi,
}

impl Group {
    /// The document of this group alone.
    #[must_use]
    pub fn document(&self) -> OpenApi {
        (self.document)()
    }
}

/// The groups, in the order in which a reader needs them. Each is a function on Lambda.
static GROUPS: [Group; 13] = [
    Group {
        name: "vendor-auth",
        description: "Vendor tokens, with which a back end manages its environment.",
        router: rookery_vendor_auth::router,
        document: rookery_vendor_auth::document,
    },
    Group {
        name: "authentication",
        description: "Signing in and out, staying signed in, the sessions of a user, and what API tokens are exchanged for.",
        router: rookery_authentication::router,
        document: rookery_authentication::document,
    },
    Group {
        name: "tenants",
        description: "The customers of a vendor, and the tree that they form.",
        router: rookery_tenants::router,
        document: rookery_tenants::document,
    },
    Group {
        name: "users",
        description: "The people in a tenant, how they come to it, and what they see and change of themselves.",
        router: rookery_users::router,
        document: rookery_users::document,
    },
    Group {
        name: "tenant-invites",
        description: "Links by which people join a tenant.",
        router: rookery_tenant_invites::router,
        document: rookery_tenant_invites::document,
    },
    Group {
        name: "authorization",
        description: "Roles, permissions and categories, and who has which.",
        router: rookery_authorization::router,
        document: rookery_authorization::document,
    },
    Group {
        name: "groups",
        description: "Groups of users in a tenant, with roles that all of their members have.",
        router: rookery_groups::router,
        document: rookery_groups::document,
    },
    Group {
        name: "vendor-only",
        description: "Users across tenants, for a vendor's back end only.",
        router: rookery_vendor_only::router,
        document: rookery_vendor_only::document,
    },
    Group {
        name: "vendor-configuration",
        description: "How sign-in works in an environment.",
        router: rookery_vendor_configuration::router,
        document: rookery_vendor_configuration::document,
    },
    Group {
        name: "security-policy",
        description: "What environments and tenants ask of those who sign in.",
        router: rookery_security_policy::router,
        document: rookery_security_policy::document,
    },
    Group {
        name: "emails",
        description: "What an environment's mails say.",
        router: rookery_emails::router,
        document: rookery_emails::document,
    },
    Group {
        name: "api-tokens",
        description: "What programs sign in with, for a tenant or for a user.",
        router: rookery_api_tokens::router,
        document: rookery_api_tokens::document,
    },
    Group {
        name: "audit-logs",
        description: "What happened in a tenant or in the environment: searched, counted and exported.",
        router: rookery_audit_logs::router,
        document: rookery_audit_logs::document,
    },
];

/// What every function has, whichever group it is: the name of its tag, and what it is for.
const HEALTH: (&str, &str) = ("health", "Whether the service runs, for monitors.");

/// The groups, in the order of the document.
#[must_use]
pub fn groups() -> &'static [Group] {
    &GROUPS
}

/// What answers requests to every endpoint.
pub fn router() -> Router<AppState> {
    GROUPS.iter().map(|group| (group.router)()).fold(Router::new(), Router::merge)
}

/// The document: the same one, however often it is made.
#[must_use]
pub fn document() -> OpenApi {
    let documents = GROUPS.iter().map(Group::document).chain([rookery_http::service::health::document()]);
    let mut document = documents.fold(base(), OpenApi::merge_from);
    rookery_http::openapi::add_errors(&mut document);
    document
}

/// The document as `openapi.json` holds it.
///
/// # Errors
/// It cannot be written as JSON.
pub fn text() -> serde_json::Result<String> {
    Ok(document().to_pretty_json()? + "\n")
}

fn base() -> OpenApi {
    let groups = GROUPS.iter().map(|group| (group.name, group.description));
    let tags = groups.chain([HEALTH]);
    let tag = |(name, text): (&str, &str)| TagBuilder::new().name(name).description(Some(text)).build();
    let mut document = rookery_http::openapi::base();
    document.tags = Some(tags.map(tag).collect());
    document
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use utoipa::openapi::path::Operation;

    use super::*;

    /// All operations, each with its path.
    fn operations(document: &OpenApi) -> Vec<(&String, &Operation)> {
        let methods = document.paths.paths.iter().flat_map(|(path, item)| {
            [&item.get, &item.post, &item.put, &item.patch, &item.delete].map(|operation| (path, operation))
        });
        methods.filter_map(|(path, operation)| Some((path, operation.as_ref()?))).collect()
    }

    #[test]
    fn every_endpoint_is_in_one_known_group_and_has_a_name_of_its_own() {
        let document = document();
        let known: BTreeSet<_> = GROUPS.iter().map(|group| group.name).chain([HEALTH.0]).collect();
        let mut names = BTreeSet::new();
        for (path, operation) in operations(&document) {
            let tags = operation.tags.as_deref().unwrap_or_default();
            assert!(tags.len() == 1 && known.contains(tags[0].as_str()), "{path}: {tags:?}");
            let name = operation.operation_id.as_ref();
            assert!(names.insert(name), "{path}: a second {name:?}");
            assert!(operation.summary.is_some(), "{path}: no summary");
        }
        assert!(!names.is_empty());
    }

    #[test]
    fn every_answer_is_described_and_every_error_has_the_body_of_errors() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    let answer = match answer["$ref"].as_str() {
                        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
                        None => answer,
                    };
                    let what = format!("{method} {path} {status}");
                    assert!(!answer["description"].as_str().unwrap_or_default().is_empty(), "{what}");
                    let body = &answer["content"]["application/json"]["schema"]["$ref"];
                    assert_eq!(body == "#/components/schemas/ErrorBody", !status.starts_with('2'), "{what}");
                }
            }
        }
    }

    #[test]
    fn what_an_operation_takes_says_which_errors_it_answers() {
        let document = document();
        let statuses = |name: &str| {
            let operations = operations(&document);
            let named =
                |(_, operation): &&(&String, &Operation)| operation.operation_id.as_deref() == Some(name);
            let (_, operation) = operations.iter().find(named).unwrap();
            operation.responses.responses.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(statuses("health"), "200 500 503");
        assert_eq!(statuses("authenticate_vendor"), "200 400 401 413 415 500 503");
        assert_eq!(statuses("TenantControllerV1_getTenant"), "200 400 401 403 404 500 503");
        assert_eq!(statuses("TenantControllerV1_createTenant"), "201 400 401 403 409 413 415 500 503");
    }

    #[test]
    fn groups_that_use_one_name_for_a_schema_mean_one_thing() {
        let mut meanings = BTreeMap::new();
        for group in &GROUPS {
            let components = group.document().components.unwrap_or_default();
            for (name, schema) in components.schemas {
                let schema = serde_json::to_value(schema).unwrap();
                let (first, known) =
                    meanings.entry(name.clone()).or_insert_with(|| (group.name, schema.clone()));
                assert_eq!(*known, schema, "{name} of {first} and of {}", group.name);
            }
        }
    }

    #[test]
    fn the_committed_document_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(committed == text().unwrap(), "openapi.json is out of date: run `make openapi`");
    }

    /// Whoever adds an endpoint that needs no token says so here.
    #[test]
    fn the_endpoints_that_need_no_token() {
        let document = document();
        let open = operations(&document).into_iter().filter(|(_, operation)| operation.security.is_none());
        let open: Vec<_> = open.filter_map(|(_, operation)| operation.operation_id.as_deref()).collect();
        insta::assert_snapshot!(open.join("\n"), @"
        jwks
        openid_configuration
        authenticate_vendor
        health
        AuthenticationApiTokenControllerV1_authApiToken
        AuthenticationApiTokenControllerV1_refreshToken
        AuthenticationPasswordlessControllerV1_emailCodePostLogin
        AuthenticationPasswordlessControllerV1_emailCodePrelogin
        AuthenticationPasswordlessControllerV1_magicLinkPostLogin
        AuthenticationPasswordlessControllerV1_magicLinkPrelogin
        AuthenticatioAuthenticationControllerV1_authenticateLocalUser
        AuthenticationMFAControllerV1_preEnrollAuthenticatorMfa
        AuthenticationMFAControllerV1_enrollAuthenticatorMfa
        AuthenticationMFAControllerV1_verifyAuthenticatorMfa
        AuthenticationMFAControllerV1_recoverMfa
        AuthenticationMFAControllerV1_verifyAuthenticatorMfaCode
        AuthenticationApiTokenControllerV2_authApiToken
        AuthenticationApiTokenControllerV2_refreshToken
        SecurityPolicyController_checkIfAllowToRememberDevice
        VendorConfigController_getPublicConfig
        TenantInvitesController_verifyTenantInvite
        UsersActivationControllerV1_activateUser
        UsersActivationControllerV1_resetActivationToken
        UsersActivationControllerV1_getActivationStrategy
        UsersTenantManagementControllerV1_acceptInvitation
        UsersPasswordControllerV1_getUserPasswordConfig
        UsersPasswordControllerV1_resetPassword
        UsersPasswordControllerV1_validateResetPassword
        UsersPasswordControllerV1_verifyResetPassword
        UsersControllerV1_signUpUser
        UsersControllerV3_unlock
        ");
    }
}
