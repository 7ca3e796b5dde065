//! The first thing that a person sees.

use crate::Facts;
use crate::pages::{self, first_request};

/// Where everything is, and a first request to paste.
#[must_use]
pub fn banner(facts: &Facts) -> String {
    let Facts { base_url, client_id, secret, mail_url: _ } = facts;
    let (reference, mail) = (pages::REFERENCE, pages::MAIL);
    let request = first_request(facts);
    format!(
        "
  Rookery is running on {base_url}

    Start here      {base_url}/
    API reference   {base_url}{reference}
    Captured mail   {base_url}{mail}

    Client id       {client_id}
    Secret          {secret}

  A first request, for a vendor token:

{request}

  Ctrl-C stops the server.
"
    )
}
