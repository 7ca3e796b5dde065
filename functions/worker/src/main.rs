//! The worker on AWS Lambda, fed by the table's stream.

use rookery_runtime::{Error, serve_facts};

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve_facts(async |store, facts, now, keep_days| {
        rookery_worker::file(&store, facts, now, keep_days).await
    })
    .await
}
