//! The table that the tests of a process share.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use rookery_domain::{Entropy as _, SystemEntropy};
use rookery_store::{Connection, Store};
use rookery_table::LocalTable;
use tokio::sync::OnceCell;

use crate::Gate;

/// How long a request waits for an answer where some are to wait in vain.
const PATIENCE: Duration = Duration::from_secs(3);

/// A store on the shared table, with a client of its own: connections belong to the runtime of the test that made them.
///
/// # Panics
/// There is no table to be had.
pub async fn connect() -> Store {
    let table = table().await;
    Store::new(Connection::new(&table.sdk_config(), table.table_name()))
}

/// A store like that of [`connect`], with a gate before the table.
///
/// # Panics
/// There is no table to be had.
#[expect(clippy::expect_used, reason = "without a table there is nothing to test")]
pub async fn connect_through_gate() -> (Store, Gate) {
    let table = table().await;
    let config = table.sdk_config();
    let gate = Gate::before(config.endpoint_url().expect("an endpoint")).await.expect("a port");
    let timeouts = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
    let config = config.to_builder().endpoint_url(gate.url()).timeout_config(timeouts).build();
    (Store::new(Connection::new(&config, table.table_name())), gate)
}

/// The shared table, for what goes past the store.
///
/// # Panics
/// There is no table to be had.
pub async fn table() -> &'static LocalTable {
    static TABLE: OnceCell<LocalTable> = OnceCell::const_new();
    TABLE.get_or_init(start).await
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
