//! The addresses that mails lead to. The application behind them sends the token back to the API.

use rookery_domain::{PlainToken, SecretDestination, TemplateKind, UserId};
use url::Url;

/// Where mails of `kind` lead: to its page of `application`, with what that needs to send back.
#[must_use]
pub fn link(application: &SecretDestination, kind: TemplateKind, user: UserId, token: &PlainToken) -> Url {
    let mut link = application.page(kind.path());
    link.query_pairs_mut().append_pair("userId", &user.to_string()).append_pair("token", token.expose());
    link
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rookery_domain::{Environment, IdentityConfiguration, Policies, Timestamp, VendorSecrets};

    use super::*;

    fn destination(application: &str) -> SecretDestination {
        let environment = Environment {
            id: "3b9e9d0e-6d5c-4f57-9d53-0d6f2c1e7a11".parse().unwrap(),
            name: "Example".into(),
            secrets: VendorSecrets::new(&PlainToken::presented("secret".into())),
            base_url: "https://auth.example.com".into(),
            application_url: application.into(),
            allowed_origins: Vec::new(),
            sender: "no-reply@example.com".parse().unwrap(),
            configuration: IdentityConfiguration::default(),
            policies: Policies::default(),
            changed_mails: BTreeSet::new(),
            groups: rookery_domain::GroupsConfiguration::default(),
            mfa: rookery_domain::MfaConfiguration::default(),
            catalog_version: 0,
            created_at: Timestamp::from_millis(0),
        };
        SecretDestination::of_environment(&environment).unwrap()
    }

    fn activation(application: &str) -> String {
        let user = "8d7b3c56-5b51-4a35-9d2c-0d4b6f5c1a10".parse().unwrap();
        let token = PlainToken::presented("a-token_1&x=+".into());
        link(&destination(application), TemplateKind::ActivateUser, user, &token).into()
    }

    const QUERY: &str = "userId=8d7b3c56-5b51-4a35-9d2c-0d4b6f5c1a10&token=a-token_1%26x%3D%2B";

    #[test]
    fn the_query_is_encoded() {
        let link = activation("https://app.example.com");
        assert_eq!(link, format!("https://app.example.com/account/activate?{QUERY}"));
    }

    #[test]
    fn the_path_and_query_of_the_application_stay() {
        for base in ["https://app.example.com/portal", "https://app.example.com/portal/#/home"] {
            assert_eq!(activation(base), format!("https://app.example.com/portal/account/activate?{QUERY}"));
        }
        assert_eq!(
            activation("http://localhost:3000/?lang=de"),
            format!("http://localhost:3000/account/activate?lang=de&{QUERY}")
        );
    }

    #[test]
    fn invitations_are_accepted_elsewhere() {
        let base = destination("https://app.example.com/");
        let user = "8d7b3c56-5b51-4a35-9d2c-0d4b6f5c1a10".parse().unwrap();
        let link = link(&base, TemplateKind::InviteToTenant, user, &PlainToken::presented("t".into()));
        assert_eq!(link.path(), "/account/invitation/accept");
    }
}
