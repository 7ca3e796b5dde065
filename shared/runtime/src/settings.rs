//! What the function's environment variables say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A setting cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    #[error("the environment variable {name} must be {expected}")]
    Invalid { name: &'static str, expected: &'static str },
}

/// The settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) table_name: String,
    pub(crate) keys: KeySettings,
    pub(crate) secrets_key_id: Option<String>,
    pub(crate) mail_configuration_set: Option<String>,
    pub(crate) base_path: Option<String>,
    pub(crate) stack_name: String,
    pub(crate) endpoint_metrics: bool,
}

/// Where the keys are: those that sign users' tokens, and those that sign vendors'.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeySettings {
    pub(crate) user: KeyRingSettings,
    pub(crate) vendor: KeyRingSettings,
}

/// Where the keys of one issuer are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyRingSettings {
    pub(crate) current: KeySetting,
    /// Public keys in DER.
    pub(crate) retired: Vec<Vec<u8>>,
}

/// Where a key is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeySetting {
    /// In KMS, under this name.
    Kms(String),
    /// Here, its private half encrypted by KMS.
    Wrapped { public: Vec<u8>, private: Vec<u8> },
    /// Here, without its private half.
    Public(Vec<u8>),
}

/// The names of the variables for one issuer's keys.
struct Names {
    id: &'static str,
    public: &'static str,
    wrapped: &'static str,
    retired: &'static str,
}

const USER: Names = Names {
    id: "USER_KEY_ID",
    public: "USER_KEY_PUBLIC",
    wrapped: "USER_KEY_WRAPPED",
    retired: "USER_KEYS_RETIRED",
};

const VENDOR: Names = Names {
    id: "VENDOR_KEY_ID",
    public: "VENDOR_KEY_PUBLIC",
    wrapped: "VENDOR_KEY_WRAPPED",
    retired: "VENDOR_KEYS_RETIRED",
};

enum SigningMode {
    KmsSign,
    KmsWrapped,
}

impl Settings {
    /// Reads the settings from what `variable` answers.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let variables = Variables(variable);
        let mode = variables.signing_mode()?;
        Ok(Self {
            table_name: variables.required("TABLE_NAME")?,
            keys: KeySettings {
                user: variables.key_ring(&mode, &USER)?,
                vendor: variables.key_ring(&mode, &VENDOR)?,
            },
            secrets_key_id: variables.optional("SECRETS_KEY_ID"),
            mail_configuration_set: variables.optional("MAIL_CONFIGURATION_SET"),
            base_path: variables.optional("BASE_PATH"),
            stack_name: variables.optional("STACK_NAME").unwrap_or_else(|| "rookery".to_owned()),
            endpoint_metrics: variables.is_on("ENDPOINT_METRICS")?,
        })
    }
}

/// The settings of the function that is fed by the table's stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WorkerSettings {
    pub(crate) table_name: String,
    /// For how many days records of the audit log are kept.
    pub(crate) keep_days: u32,
}

impl WorkerSettings {
    /// Reads the settings from what `variable` answers.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let variables = Variables(variable);
        let name = "AUDIT_RETENTION_DAYS";
        let days = variables.required(name)?.parse().ok().filter(|days| (1..=3_650).contains(days));
        Ok(Self {
            table_name: variables.required("TABLE_NAME")?,
            keep_days: days
                .ok_or(SettingsError::Invalid { name, expected: "a number of days from 1 to 3650" })?,
        })
    }
}

struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// A template sets what it has no value for to nothing.
    fn optional(&self, name: &'static str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<String, SettingsError> {
        self.optional(name).ok_or(SettingsError::Missing(name))
    }

    /// Whether something is on: unless the variable says so, it is not.
    fn is_on(&self, name: &'static str) -> Result<bool, SettingsError> {
        match self.optional(name).as_deref() {
            Some("On") => Ok(true),
            None | Some("Off") => Ok(false),
            Some(_) => Err(SettingsError::Invalid { name, expected: "On or Off" }),
        }
    }

    fn signing_mode(&self) -> Result<SigningMode, SettingsError> {
        let name = "SIGNING_MODE";
        match self.required(name)?.as_str() {
            "KmsSign" => Ok(SigningMode::KmsSign),
            "KmsWrapped" => Ok(SigningMode::KmsWrapped),
            _ => Err(SettingsError::Invalid { name, expected: "KmsSign or KmsWrapped" }),
        }
    }

    fn key_ring(&self, mode: &SigningMode, names: &Names) -> Result<KeyRingSettings, SettingsError> {
        let current = match mode {
            SigningMode::KmsSign => KeySetting::Kms(self.required(names.id)?),
            SigningMode::KmsWrapped => {
                let public = decode(names.public, &self.required(names.public)?)?;
                match self.optional(names.wrapped) {
                    Some(wrapped) => {
                        KeySetting::Wrapped { public, private: decode(names.wrapped, &wrapped)? }
                    }
                    None => KeySetting::Public(public),
                }
            }
        };
        let retired = self.optional(names.retired).unwrap_or_default();
        let retired = retired.split(',').filter(|key| !key.trim().is_empty());
        Ok(KeyRingSettings {
            current,
            retired: retired.map(|key| decode(names.retired, key)).collect::<Result<_, _>>()?,
        })
    }
}

fn decode(name: &'static str, text: &str) -> Result<Vec<u8>, SettingsError> {
    STANDARD.decode(text.trim()).map_err(|_| SettingsError::Invalid { name, expected: "base64" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KMS_SIGN: [(&str, &str); 4] = [
        ("TABLE_NAME", "rookery"),
        ("SIGNING_MODE", "KmsSign"),
        ("USER_KEY_ID", "alias/user"),
        ("VENDOR_KEY_ID", "alias/vendor"),
    ];

    const KMS_WRAPPED: [(&str, &str); 5] = [
        ("TABLE_NAME", "rookery"),
        ("SIGNING_MODE", "KmsWrapped"),
        ("USER_KEY_PUBLIC", "AQI="),
        ("USER_KEY_WRAPPED", "AwQ="),
        ("VENDOR_KEY_PUBLIC", "BQY="),
    ];

    /// Reads `variables`, in which `changed` has another value.
    fn read(variables: &[(&str, &str)], changed: (&str, &str)) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            let value = |&(_, value): &(&str, &str)| value.to_owned();
            let kept = variables.iter().find(|(known, _)| *known == name).map(value);
            if name == changed.0 { Some(changed.1.to_owned()) } else { kept }
        })
    }

    #[test]
    fn keys_in_kms_are_named() {
        let settings = read(&KMS_SIGN, ("MAIL_CONFIGURATION_SET", "mails")).unwrap();
        assert_eq!(settings.table_name, "rookery");
        assert_eq!(settings.mail_configuration_set.as_deref(), Some("mails"));
        assert_eq!(settings.keys.user.current, KeySetting::Kms("alias/user".to_owned()));
        assert_eq!(settings.keys.vendor.current, KeySetting::Kms("alias/vendor".to_owned()));
    }

    #[test]
    fn a_wrapped_key_may_lack_its_private_half() {
        let settings = read(&KMS_WRAPPED, ("USER_KEYS_RETIRED", "Bwg=, CQo=,")).unwrap();
        let user = KeyRingSettings {
            current: KeySetting::Wrapped { public: vec![1, 2], private: vec![3, 4] },
            retired: vec![vec![7, 8], vec![9, 10]],
        };
        assert_eq!(settings.keys.user, user);
        assert_eq!(settings.keys.vendor.current, KeySetting::Public(vec![5, 6]));
    }

    #[test]
    fn metrics_are_of_the_stack_and_of_endpoints_only_if_it_says_so() {
        let settings = read(&KMS_SIGN, ("STACK_NAME", "")).unwrap();
        assert_eq!((settings.stack_name.as_str(), settings.endpoint_metrics), ("rookery", false));
        assert_eq!(read(&KMS_SIGN, ("STACK_NAME", "blue")).unwrap().stack_name, "blue");
        assert!(read(&KMS_SIGN, ("ENDPOINT_METRICS", "On")).unwrap().endpoint_metrics);
        let error = read(&KMS_SIGN, ("ENDPOINT_METRICS", "off")).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable ENDPOINT_METRICS must be On or Off");
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in KMS_SIGN.map(|(name, _)| name) {
            assert_eq!(read(&KMS_SIGN, (name, "")), Err(SettingsError::Missing(name)));
        }
        for name in ["USER_KEY_PUBLIC", "VENDOR_KEY_PUBLIC"] {
            assert_eq!(read(&KMS_WRAPPED, (name, "")), Err(SettingsError::Missing(name)));
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_not_shown() {
        let error = read(&KMS_SIGN, ("SIGNING_MODE", "kms")).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable SIGNING_MODE must be KmsSign or KmsWrapped");
        for name in ["USER_KEY_PUBLIC", "USER_KEY_WRAPPED", "VENDOR_KEYS_RETIRED"] {
            let error = read(&KMS_WRAPPED, (name, "not base64")).unwrap_err();
            assert_eq!(error.to_string(), format!("the environment variable {name} must be base64"));
        }
    }
}
