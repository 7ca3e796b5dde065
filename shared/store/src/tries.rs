//! What may be tried so often and no more.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use crate::StoreError;
use crate::entity::{Entity, Stored, decode};
use crate::keys::Key;
use crate::table::Table;

/// The attribute that says how often something was tried. It stands beside the document, so that each try is one write.
const TRIES: &str = "tries";

/// What is at `key`, which is tried once more by that; `None` if there is nothing, or it was tried `most` times already.
/// However many tries come at once, no more are let through.
pub(crate) async fn try_one<T: Entity>(
    table: &Table,
    key: Key,
    most: u32,
) -> Result<Option<Stored<T>>, StoreError> {
    let request = table
        .client()
        .update_item()
        .table_name(table.name())
        .set_key(Some(key.into_attributes()))
        .update_expression("ADD #tries :one")
        .condition_expression("attribute_exists(pk) AND (attribute_not_exists(#tries) OR #tries < :most)")
        .expression_attribute_names("#tries", TRIES)
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .expression_attribute_values(":most", AttributeValue::N(most.to_string()))
        .return_values(ReturnValue::AllNew);
    match Box::pin(request.send()).await {
        Ok(tried) => tried.attributes.map(|item| decode(&item)).transpose(),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(StoreError::from_sdk(&error)),
    }
}
