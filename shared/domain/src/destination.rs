//! Where secrets are sent.

use std::collections::BTreeSet;

use url::{Origin, Url};

use crate::web_address::page;
use crate::{Environment, MailTemplate, Tenant, WebAddress};

/// An address that a secret may be sent to: its origin (RFC 6454) is one that the vendor registered.
///
/// Whoever chose the address of a link would get the token in it. So no link with a secret leads to an address that a tenant's
/// administrator made up, whatever they stored: what a link is made from is this, and this is made from nothing else than
/// the environment's application and its allowed origins, what a vendor's token registered for a tenant, and the pages
/// that one chose for mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretDestination {
    url: Url,
    is_page: bool,
}

impl SecretDestination {
    /// The environment's own application, where everything leads that is about a user and not about a tenant; `None` if its
    /// address is none of a page.
    #[must_use]
    pub fn of_environment(environment: &Environment) -> Option<Self> {
        page(&environment.application_url).map(Self::application)
    }

    /// The application of `tenant` if the vendor registered its origin, else the environment's.
    #[must_use]
    pub fn of_tenant(environment: &Environment, tenant: &Tenant) -> Option<Self> {
        let own = tenant.profile.application_url.as_deref().and_then(page);
        let own = own.filter(|own| is_registered(environment, tenant, own));
        own.map(Self::application).or_else(|| Self::of_environment(environment))
    }

    /// The page that the vendor chose for the link of a mail, if they did: only a vendor's token writes templates.
    #[must_use]
    pub fn of_template(template: &MailTemplate) -> Option<Self> {
        let url = template.redirect_url.as_ref().and_then(WebAddress::url)?;
        Some(Self { url, is_page: true })
    }

    fn application(url: Url) -> Self {
        Self { url, is_page: false }
    }

    /// The address of the page to lead to: the one that was chosen, or else `path` beneath the application, whatever path and
    /// query that has.
    #[must_use]
    pub fn page(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_fragment(None);
        if !self.is_page {
            url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        }
        url
    }
}

/// The address is none that a tenant's administrator may choose.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be at one of: {}", .0.join(", "))]
pub struct UnregisteredOrigin(Vec<String>);

/// Whether the administrators of `tenant` may have `address` as its application or its login page.
///
/// # Errors
/// The vendor registered another origin; the error names those that it did.
pub fn require_registered(
    environment: &Environment,
    tenant: &Tenant,
    address: &WebAddress,
) -> Result<(), UnregisteredOrigin> {
    match address.url() {
        Some(url) if !is_registered(environment, tenant, &url) => {
            let origins = registered(environment, tenant).map(|origin| origin.ascii_serialization());
            let distinct: BTreeSet<_> = origins.collect();
            Err(UnregisteredOrigin(distinct.into_iter().collect()))
        }
        Some(_) | None => Ok(()),
    }
}

fn is_registered(environment: &Environment, tenant: &Tenant, url: &Url) -> bool {
    registered(environment, tenant).any(|origin| origin == url.origin())
}

/// The origins that the vendor registered.
fn registered<'a>(environment: &'a Environment, tenant: &'a Tenant) -> impl Iterator<Item = Origin> + 'a {
    let of_environment = std::iter::once(&environment.application_url).chain(&environment.allowed_origins);
    let addresses = of_environment.chain(tenant.registered_urls.iter());
    addresses.filter_map(|address| page(address)).map(|url| url.origin())
}
