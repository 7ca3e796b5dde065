//! First requests, ready to be pasted into a shell.

use serde::Serialize;
use serde_json::json;

use crate::Facts;

/// A request, and what it does.
#[derive(Serialize)]
pub(super) struct Step {
    title: &'static str,
    command: String,
}

/// The request for a vendor token.
pub(crate) fn first_request(facts: &Facts) -> String {
    let body = json!({ "clientId": facts.client_id, "secret": facts.secret }).to_string();
    format!(
        "curl -s {}/auth/vendor \\\n  -H 'content-type: application/json' \\\n  -d {}",
        facts.base_url,
        quoted(&body),
    )
}

/// From nothing to a mail in the inbox.
pub(super) fn first_requests(facts: &Facts) -> [Step; 3] {
    let base_url = &facts.base_url;
    let token = first_request(facts);
    [
        Step {
            title: "Get a vendor token",
            command: format!("TOKEN=$({token} \\\n  | sed -E 's/.*\"token\":\"([^\"]+)\".*/\\1/')"),
        },
        Step {
            title: "Make a tenant",
            command: format!(
                "curl -s {base_url}/tenants/resources/tenants/v1 \\
  -H \"authorization: Bearer $TOKEN\" \\
  -H 'content-type: application/json' \\
  -d '{{\"tenantId\":\"acme\",\"name\":\"Acme\"}}'"
            ),
        },
        Step {
            title: "Invite somebody, who gets a mail",
            command: format!(
                "curl -s {base_url}/identity/resources/users/v2 \\
  -H \"authorization: Bearer $TOKEN\" \\
  -H 'frontegg-tenant-id: acme' \\
  -H 'content-type: application/json' \\
  -d '{{\"email\":\"jane@example.com\",\"name\":\"Jane\"}}'"
            ),
        },
    ]
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_quotes_stays_one_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
