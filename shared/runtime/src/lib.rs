//! Puts an endpoint group together as a function on AWS Lambda, behind an API Gateway HTTP API.
//!
//! Settings come from environment variables:
//!
//! | variable | |
//! |---|---|
//! | `TABLE_NAME` | the DynamoDB table |
//! | `BASE_PATH` | optional: what paths begin with on a domain of the operator's own, without a slash at either end |
//! | `SIGNING_MODE` | `KmsSign`: keys that never leave KMS. `KmsWrapped`: keys that KMS decrypts when a function starts |
//! | `USER_KEY_ID`, `VENDOR_KEY_ID` | with `KmsSign`: the keys in KMS, each by id, ARN or alias |
//! | `USER_KEY_PUBLIC`, `VENDOR_KEY_PUBLIC` | with `KmsWrapped`: the public keys (`SubjectPublicKeyInfo`, DER, base64) |
//! | `USER_KEY_WRAPPED`, `VENDOR_KEY_WRAPPED` | with `KmsWrapped`: the encrypted private keys (base64); a function without one verifies tokens and signs none |
//! | `USER_KEYS_RETIRED`, `VENDOR_KEYS_RETIRED` | optional: public keys that signed before, like the above, separated by commas |
//! | `SECRETS_KEY_ID` | the key in KMS that seals users' secrets, by id, ARN or alias; needed by functions that seal |
//! | `MAIL_CONFIGURATION_SET` | optional: the SES configuration set that mails are sent with |
//! | `AUDIT_RETENTION_DAYS` | for how many days records of the audit log are kept; needed by `worker` alone |
//! | `STACK_NAME` | optional: the dimension `stack` of the metrics; `rookery` unless it says otherwise |
//! | `ENDPOINT_METRICS` | optional: `On`: a few metrics of each endpoint, for each of which CloudWatch takes money. `Off`, the default: none |
//! | `RUST_LOG` | optional: what is logged; `info` unless it says otherwise |

mod aws;
mod facts;
mod function;
mod gateway;
mod keys;
mod logs;
mod metrics;
mod mount;
mod settings;
#[cfg(test)]
mod tests;

pub use lambda_http::Error;

pub use facts::serve_facts;
pub use function::Function;
pub use keys::{USER_KEY_CONTEXT, VENDOR_KEY_CONTEXT};
