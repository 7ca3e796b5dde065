//! The table without AWS: for the local server, and for tests.
//!
//! A [`LocalTable`] is made as `infra/table.yaml` describes it, in an engine within this process or in one that runs
//! elsewhere. Whoever uses it talks to it through the AWS SDK, as on AWS.

mod create;
mod engine;
mod template;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_dynamodb::error::BoxError;

use engine::Engine;
use template::Template;

/// The name of a table that has an engine of its own.
const NAME: &str = "rookery";

/// After how long an operation has failed: ample for an engine that is near.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);

/// There is no table to work with.
#[derive(Debug, thiserror::Error)]
pub enum LocalTableError {
    /// `infra/table.yaml` cannot be understood.
    #[error("infra/table.yaml does not describe a table")]
    Template(#[from] serde_yaml_ng::Error),
    /// The embedded engine cannot open its database.
    #[error("the database cannot be opened: {0}")]
    Database(String),
    /// The embedded engine cannot be served.
    #[error("the database engine does not start")]
    Engine(#[from] std::io::Error),
    /// The engine does not make the table.
    #[error("the table cannot be made")]
    Create(#[source] BoxError),
}

/// A table outside AWS, and the engine that it is in, which stops when this is dropped.
#[derive(Debug)]
pub struct LocalTable {
    name: String,
    config: SdkConfig,
    _engine: Option<Engine>,
}

impl LocalTable {
    /// An empty table, gone when this is dropped.
    ///
    /// # Errors
    /// The engine or the table cannot be made.
    pub async fn in_memory() -> Result<Self, LocalTableError> {
        Self::in_engine(Engine::in_memory().await?).await
    }

    /// The table in the database file at `path`, which is made if need be.
    ///
    /// # Errors
    /// The file cannot be opened, or the engine or the table cannot be made.
    pub async fn on_disk(path: &Path) -> Result<Self, LocalTableError> {
        Self::in_engine(Engine::on_disk(path).await?).await
    }

    /// The table `table_name` in the engine at `url`, where it is made if need be. It stays there.
    ///
    /// # Errors
    /// The engine does not answer, or does not make the table.
    pub async fn at_endpoint(url: &str, table_name: &str) -> Result<Self, LocalTableError> {
        let config = config(url);
        create::if_missing(&config, table_name, &Template::read()?).await?;
        Ok(Self { name: table_name.to_owned(), config, _engine: None })
    }

    async fn in_engine(engine: Engine) -> Result<Self, LocalTableError> {
        let table = Self::at_endpoint(engine.url(), NAME).await?;
        Ok(Self { _engine: Some(engine), ..table })
    }

    /// What AWS clients need to reach the table.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        self.config.clone()
    }

    /// The name of the table.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.name
    }
}

/// Everything is said here: what the machine's environment and files say about AWS must not matter.
fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "rookery-table");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        // Nothing here is throttled. What fails should be seen at once.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(OPERATION_TIMEOUT).build())
        .build()
}
