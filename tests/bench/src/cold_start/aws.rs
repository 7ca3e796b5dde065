//! KMS and an empty DynamoDB, as far as functions ask them anything when they start and when they look for something.

use serde_json::{Value, json};

use super::keys::Keys;
use crate::Failure;

/// Whether the operation `target` is DynamoDB's.
pub(crate) fn is_of_table(target: &str) -> bool {
    target.starts_with("DynamoDB_20120810.")
}

/// What is answered to `request`, which asks for the operation `target`.
pub(crate) fn answer(keys: &Keys, target: &str, request: &Value) -> Result<Value, Failure> {
    match target {
        "TrentService.GetPublicKey" => Ok(keys.get_public_key(request)),
        "TrentService.Decrypt" => keys.decrypt(request),
        "DynamoDB_20120810.GetItem" => Ok(json!({})),
        "DynamoDB_20120810.Query" => Ok(json!({ "Items": [], "Count": 0, "ScannedCount": 0 })),
        "DynamoDB_20120810.BatchGetItem" => Ok(json!({ "Responses": {}, "UnprocessedKeys": {} })),
        _ => Err(format!("there is no answer to {target}").into()),
    }
}
