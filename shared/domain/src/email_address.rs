//! E-mail addresses, in one spelling.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::is_invisible;

/// An e-mail address in one spelling, so that one mailbox is one user: without white space around it, the name before the `@`
/// composed (Unicode NFC) and in lower case (RFC 6531), the domain as DNS has it, in ASCII (UTS #46).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("email must be an e-mail address of at most 254 bytes, such as jane@example.com")]
pub struct EmailAddressError;

impl EmailAddress {
    /// The longest address that a mail server must take (RFC 5321, section 4.5.3.1.3), in bytes.
    const MAX_BYTES: usize = 254;

    /// The longest name before the `@` (RFC 5321, section 4.5.3.1.1), in bytes.
    const MAX_NAME_BYTES: usize = 64;

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = EmailAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Checked before any work on it: the text may be as long as a request body.
        if text.len() > Self::MAX_BYTES * 2 {
            return Err(EmailAddressError);
        }
        let (name, domain) = text.trim().rsplit_once('@').ok_or(EmailAddressError)?;
        let (name, domain) = (spelled_name(name)?, spelled_domain(domain)?);
        let rules = email_address::Options::default().without_display_text().without_domain_literal();
        // To email_address most characters beyond ASCII are none of an address; to RFC 6531 they are as letters are.
        let as_ascii: String = name.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
        let parses =
            email_address::EmailAddress::parse_with_options(&format!("{as_ascii}@{domain}"), rules).is_ok();
        let spelled = format!("{name}@{domain}");
        if !parses || name.len() > Self::MAX_NAME_BYTES || spelled.len() > Self::MAX_BYTES {
            return Err(EmailAddressError);
        }
        Ok(Self(spelled))
    }
}

/// The name before the `@`, which nobody can mistake for another.
fn spelled_name(name: &str) -> Result<String, EmailAddressError> {
    let hidden = |character: char| is_invisible(character) || (character.is_whitespace() && character != ' ');
    // What Unicode has not assigned yet may be spelled otherwise once it is.
    if name.chars().any(|character| hidden(character) || !is_assigned(character)) {
        return Err(EmailAddressError);
    }
    let spell = |name: &str| name.nfc().collect::<String>().to_lowercase().nfc().collect::<String>();
    let spelled = spell(name);
    // Whatever is read again must be the same address then.
    if spell(&spelled) == spelled { Ok(spelled) } else { Err(EmailAddressError) }
}

fn is_assigned(character: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    !matches!(category, GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
}

fn spelled_domain(domain: &str) -> Result<String, EmailAddressError> {
    let spelled = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    spelled.map(Cow::into_owned).map_err(|_| EmailAddressError)
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        text.parse::<EmailAddress>().ok().map(String::from)
    }

    #[test]
    fn one_mailbox_has_one_spelling() {
        assert_eq!(parse("  Jane.Doe@Example.COM "), Some("jane.doe@example.com".into()));
        assert_eq!(parse("Zoe\u{308}@example.com"), parse("zo\u{eb}@example.com"));
        assert_eq!(parse("jane@B\u{dc}CHER.example"), Some("jane@xn--bcher-kva.example".into()));
        assert_eq!(parse("jane@XN--bcher-kva.example"), parse("jane@bu\u{308}cher.example"));
        assert_eq!(parse("jane@example\u{3002}com"), parse("jane@example.com"));
    }

    #[test]
    fn addresses_of_every_script_are_taken() {
        for (address, domain) in [
            ("info@acme.\u{b87}\u{ba8}\u{bcd}\u{ba4}\u{bbf}\u{baf}\u{bbe}", "acme.xn--xkc2dl3a5ee0h"),
            ("\u{7528}\u{6237}@\u{4f8b}\u{5b50}.\u{6d4b}\u{8bd5}", "xn--fsqu00a.xn--0zwm56d"),
            ("\u{928}\u{93f}@example.com", "example.com"),
            ("\u{915}\u{94d}\u{937}@example.com", "example.com"),
            ("\u{130}nci@example.com", "example.com"),
            ("\u{1f426}@example.com", "example.com"),
            ("x@1und1.de", "1und1.de"),
            ("o'brien+news@example.com", "example.com"),
        ] {
            let parsed = parse(address).expect(address);
            assert_eq!(parsed.rsplit_once('@').unwrap().1, domain);
        }
    }

    /// What is stored is read again, and must be the same address then.
    #[test]
    fn a_spelling_is_spelled_as_itself() {
        for character in (char::MIN..=char::MAX).filter(|character| is_assigned(*character)) {
            let has_case = character.is_lowercase() || character.is_uppercase();
            let marks: &[&str] =
                if has_case { &["", "\u{301}", "\u{307}", "\u{327}", "\u{345}"] } else { &[""] };
            for mark in marks {
                for address in
                    [format!("a{character}{mark}@example.com"), format!("a@{character}{mark}b.example")]
                {
                    let spelled = parse(&address);
                    assert!(
                        spelled.is_none() || spelled.as_deref().and_then(parse) == spelled,
                        "{address:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "x".repeat(300));
        for bad in [
            "",
            "jane",
            "@example.com",
            "jane@",
            "Jane <jane@example.com>",
            "a b@example.com",
            &long,
            "jane\u{200b}@example.com",
            "jane\u{202e}@example.com",
            "ja\u{a0}ne@example.com",
            "jane\u{378}@example.com",
            "jane\u{e000}@example.com",
            &format!("{}@example.com", "x".repeat(65)),
            &format!("{}@example.com", "\u{e9}".repeat(33)),
            "jane@exa\u{0}mple.com",
            "jane@-example.com",
            "jane@example..com",
            "jane@exa_mple.com",
            "jane@xn--zz.example",
            "jane@[127.0.0.1]",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
