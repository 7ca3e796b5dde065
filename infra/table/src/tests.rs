use std::path::PathBuf;

use super::*;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

/// A folder of its own, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("rookery-table-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn write(table: &LocalTable) {
    let client = Client::new(&table.sdk_config());
    let put = client.put_item().table_name(table.table_name());
    put.item("pk", text("a")).item("sk", text("b")).send().await.unwrap();
}

async fn items(table: &LocalTable) -> i32 {
    let client = Client::new(&table.sdk_config());
    client.scan().table_name(table.table_name()).send().await.unwrap().count
}

#[tokio::test]
async fn a_table_on_disk_keeps_what_it_holds() {
    let folder = Folder::new();
    let file = folder.0.join("table.db");
    let table = LocalTable::on_disk(&file).await.unwrap();
    write(&table).await;
    drop(table);
    assert_eq!(items(&LocalTable::on_disk(&file).await.unwrap()).await, 1);
}

#[tokio::test]
async fn a_table_in_memory_starts_empty_with_expiry_set() {
    write(&LocalTable::in_memory().await.unwrap()).await;
    let table = LocalTable::in_memory().await.unwrap();
    assert_eq!(items(&table).await, 0);
    let client = Client::new(&table.sdk_config());
    let answer = client.describe_time_to_live().table_name(table.table_name()).send().await.unwrap();
    let attribute = answer.time_to_live_description.and_then(|ttl| ttl.attribute_name);
    assert_eq!(attribute.as_deref(), Some("ttl"));
}

#[test]
fn a_table_outlives_the_runtime_that_started_it() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let table = runtime().block_on(LocalTable::in_memory()).unwrap();
    assert_eq!(runtime().block_on(items(&table)), 0);
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_an_error() {
    let error = LocalTable::at_endpoint("http://127.0.0.1:1", "rookery").await.unwrap_err();
    assert_eq!(error.to_string(), "the table cannot be made");
}
