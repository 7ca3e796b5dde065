//! What `infra/table.yaml` says.

use serde::Deserialize;

/// The template that the table is deployed with.
const TEMPLATE: &str = include_str!("../../table.yaml");

/// The properties of the table that matter outside AWS.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Template {
    pub(crate) billing_mode: String,
    pub(crate) attribute_definitions: Vec<Attribute>,
    pub(crate) key_schema: Vec<KeyElement>,
    pub(crate) time_to_live_specification: TimeToLive,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) attribute_name: String,
    pub(crate) attribute_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyElement {
    pub(crate) attribute_name: String,
    pub(crate) key_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TimeToLive {
    pub(crate) attribute_name: String,
    pub(crate) enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stack {
    resources: Resources,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    table: Resource,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    properties: Template,
}

impl Template {
    pub(crate) fn read() -> Result<Self, serde_yaml_ng::Error> {
        let stack: Stack = serde_yaml_ng::from_str(TEMPLATE)?;
        Ok(stack.resources.table.properties)
    }
}
