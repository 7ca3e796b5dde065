//! The table that the tests of a process share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use rookery_domain::{Entropy as _, SystemEntropy};
use rookery_store::{Connection, Fact, Store};
use rookery_table::LocalTable;
use tokio::sync::OnceCell;

use crate::Gate;

/// How long a request waits for an answer where some are to wait in vain.
const PATIENCE: Duration = Duration::from_secs(3);

/// The facts that a store has written.
pub(crate) type Written = Arc<Mutex<Vec<Fact>>>;

/// A store like that of [`connect`], and the facts that it writes from now on.
pub(crate) async fn connect_listening(gate: Option<&Gate>) -> (Store, Written) {
    let table = table().await;
    let config = match gate {
        Some(gate) => behind(gate, &table.sdk_config()),
        None => table.sdk_config(),
    };
    let written = Written::default();
    let listener = written.clone();
    let listen = move |fact: &Fact| {
        listener.lock().unwrap_or_else(PoisonError::into_inner).push(fact.clone());
    };
    (Store::new(Connection::new(&config, table.table_name()).telling(listen)), written)
}

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
pub async fn connect_through_gate() -> (Store, Gate) {
    let (table, gate) = (table().await, gate().await);
    let config = behind(&gate, &table.sdk_config());
    (Store::new(Connection::new(&config, table.table_name())), gate)
}

/// A gate before the shared table.
#[expect(clippy::expect_used, reason = "without a gate there is nothing to test")]
pub(crate) async fn gate() -> Gate {
    let config = table().await.sdk_config();
    Gate::before(config.endpoint_url().expect("an endpoint")).await.expect("a port")
}

fn behind(gate: &Gate, config: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
    config.to_builder().endpoint_url(gate.url()).timeout_config(timeouts).build()
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
