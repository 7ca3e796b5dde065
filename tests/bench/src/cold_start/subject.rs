//! What is started: each function, with the environment that the stack gives it and a first event.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::event;
use super::keys::{Keys, USER, VENDOR};
use crate::Failure;

/// The smallest function there is.
const HELLO: &str = "hello";

/// How a function comes to its keys.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) enum Signing {
    KmsWrapped,
    KmsSign,
}

/// A function to start.
pub(crate) struct Subject {
    pub(crate) function: String,
    /// None for the smallest function, which has no keys.
    pub(crate) signing: Option<Signing>,
    pub(crate) program: PathBuf,
    pub(crate) environment: HashMap<&'static str, String>,
    pub(crate) event: Value,
}

/// The functions in `folder`, in both modes, the smallest first.
pub(crate) async fn all(folder: &Path, keys: &Keys) -> Result<Vec<Subject>, Failure> {
    let mut functions = Vec::new();
    for entry in fs::read_dir(folder)? {
        functions.push(entry?.file_name().to_string_lossy().into_owned());
    }
    functions.sort_by_key(|function| (function != HELLO, function.clone()));
    let token = keys.vendor_token().await?;
    let mut subjects = Vec::new();
    for function in functions {
        let modes: &[_] = match function.as_str() {
            HELLO => &[None],
            _ => &[Some(Signing::KmsWrapped), Some(Signing::KmsSign)],
        };
        let program = folder.join(&function).join("bootstrap").canonicalize()?;
        for &signing in modes {
            subjects.push(Subject {
                signing,
                program: program.clone(),
                environment: environment(&function, signing, keys),
                event: event::first_of(&function, &token),
                function: function.clone(),
            });
        }
    }
    Ok(subjects)
}

/// What Lambda and `template.yaml` put into the environment of `function`.
fn environment(function: &str, signing: Option<Signing>, keys: &Keys) -> HashMap<&'static str, String> {
    let mut variables = HashMap::from(
        [
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            ("TABLE_NAME", "rookery"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    );
    match signing {
        None => {}
        Some(Signing::KmsSign) => variables.extend([
            ("SIGNING_MODE", "KmsSign".to_owned()),
            ("USER_KEY_ID", USER.to_owned()),
            ("VENDOR_KEY_ID", VENDOR.to_owned()),
            ("SECRETS_KEY_ID", "secrets".to_owned()),
        ]),
        Some(Signing::KmsWrapped) => {
            variables.extend([
                ("SIGNING_MODE", "KmsWrapped".to_owned()),
                ("USER_KEY_PUBLIC", keys.public(USER)),
                ("VENDOR_KEY_PUBLIC", keys.public(VENDOR)),
            ]);
            // Whatever is encrypted: the stub looks at the encryption context.
            variables.extend(wrapped_key(function).map(|name| (name, "AAAA".to_owned())));
        }
    }
    variables
}

/// The variable with the private key of a function that signs tokens.
fn wrapped_key(function: &str) -> Option<&'static str> {
    match function {
        "vendor-auth" => Some("VENDOR_KEY_WRAPPED"),
        "authentication" | "users" => Some("USER_KEY_WRAPPED"),
        _ => None,
    }
}
