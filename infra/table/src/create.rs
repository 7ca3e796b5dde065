//! Making the table.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
    TimeToLiveSpecification,
};

use crate::LocalTableError;
use crate::template::{Attribute, KeyElement, Template};

/// Between two looks at whether a new table is ready.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How often to look.
const POLLS: usize = 500;

/// Makes the table `name` as `template` says, unless it is there already.
pub(crate) async fn if_missing(
    config: &SdkConfig,
    name: &str,
    template: &Template,
) -> Result<(), LocalTableError> {
    let client = Client::new(config);
    if status(&client, name).await?.is_some() {
        return Ok(());
    }
    create(&client, name, template).await?;
    for _ in 0..POLLS {
        if status(&client, name).await? == Some(TableStatus::Active) {
            return expire(&client, name, template).await;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(LocalTableError::Create("it does not become active".into()))
}

async fn status(client: &Client, name: &str) -> Result<Option<TableStatus>, LocalTableError> {
    match client.describe_table().table_name(name).send().await {
        Ok(answer) => Ok(answer.table.and_then(|table| table.table_status)),
        Err(error)
            if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(failure(error)),
    }
}

async fn create(client: &Client, name: &str, template: &Template) -> Result<(), LocalTableError> {
    let attributes: Result<Vec<_>, _> = template.attribute_definitions.iter().map(attribute).collect();
    let keys: Result<Vec<_>, _> = template.key_schema.iter().map(key_element).collect();
    let outcome = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::from(template.billing_mode.as_str()))
        .set_attribute_definitions(Some(attributes.map_err(incomplete)?))
        .set_key_schema(Some(keys.map_err(incomplete)?))
        .send()
        .await;
    match outcome {
        // Somebody else was faster.
        Err(error)
            if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(failure(error)),
        Ok(_) => Ok(()),
    }
}

async fn expire(client: &Client, name: &str, template: &Template) -> Result<(), LocalTableError> {
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(&template.time_to_live_specification.attribute_name)
        .enabled(template.time_to_live_specification.enabled)
        .build()
        .map_err(incomplete)?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(specification)
        .send()
        .await
        .map_err(failure)?;
    Ok(())
}

fn attribute(attribute: &Attribute) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder()
        .attribute_name(&attribute.attribute_name)
        .attribute_type(ScalarAttributeType::from(attribute.attribute_type.as_str()))
        .build()
}

fn key_element(element: &KeyElement) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder()
        .attribute_name(&element.attribute_name)
        .key_type(KeyType::from(element.key_type.as_str()))
        .build()
}

fn incomplete(error: BuildError) -> LocalTableError {
    LocalTableError::Create(error.into())
}

fn failure<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> LocalTableError {
    LocalTableError::Create(error.into())
}
