//! The table that the tests of a process share.

use rookery_domain::{Entropy as _, SystemEntropy};
use rookery_store::{Connection, Store};
use rookery_table::LocalTable;
use tokio::sync::OnceCell;

/// A store on the shared table, with a client of its own: connections belong to the runtime of the test that made them.
///
/// # Panics
/// There is no table to be had.
pub async fn connect() -> Store {
    static TABLE: OnceCell<LocalTable> = OnceCell::const_new();
    let table = TABLE.get_or_init(start).await;
    Store::new(Connection::new(&table.sdk_config(), table.table_name()))
}

#[expect(clippy::expect_used, reason = "without a table there is nothing to test")]
async fn start() -> LocalTable {
    match std::env::var("ROOKERY_TEST_DYNAMODB_ENDPOINT") {
        Ok(endpoint) => {
            let mut suffix = [0; 8];
            SystemEntropy.fill(&mut suffix);
            let name = format!("rookery-test-{:016x}", u64::from_be_bytes(suffix));
            LocalTable::at_endpoint(&endpoint, &name).await.expect("the DynamoDB at the endpoint answers")
        }
        Err(_) => LocalTable::in_memory().await.expect("the embedded engine starts"),
    }
}
