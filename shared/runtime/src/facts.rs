//! A function that is fed by the table's stream.

use std::future::Future;
use std::{env, io};

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use rookery_domain::{Clock as _, SystemClock, Timestamp};
use rookery_store::{Connection, Fact, Store, StoreError};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::WorkerSettings;
use crate::{Error, aws, logs};

/// What Lambda brings: some records of the stream, in order. Of what they hold only facts are read.
#[derive(Deserialize)]
pub(crate) struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<StreamRecord>,
}

#[derive(Deserialize)]
struct StreamRecord {
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    new_image: Option<NewImage>,
}

#[derive(Deserialize)]
struct NewImage {
    fact: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// The records that were not worked off: Lambda brings them again, and puts them aside when that does not help
/// (`ReportBatchItemFailures`).
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failures {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl StreamEvent {
    /// The facts that it brings, and what cannot be read as one.
    pub(crate) fn facts(self) -> (Vec<Fact>, Failures) {
        let (mut facts, mut failures) = (Vec::new(), Failures::default());
        for StreamRecord { dynamodb: Change { sequence_number, new_image } } in self.records {
            let Some(Text { text }) = new_image.and_then(|image| image.fact) else { continue };
            match Fact::parse(&text) {
                Ok(fact) => facts.push(fact),
                Err(error) => {
                    tracing::error!(cause = &error as &dyn std::error::Error, %sequence_number, "a fact cannot be read");
                    failures.batch_item_failures.push(Failure { item_identifier: sequence_number });
                }
            }
        }
        (facts, failures)
    }
}

/// Has `work` done with the facts that the table's stream brings, for as long as Lambda lets it. It is told the time, and for
/// how many days records of the audit log are kept.
///
/// # Errors
/// A setting is missing or wrong.
pub async fn serve_facts<F, W>(work: F) -> Result<(), Error>
where
    F: Fn(Store, Vec<Fact>, Timestamp, u32) -> W,
    W: Future<Output = Result<(), StoreError>>,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    logs::subscriber(filter, io::stdout).init();
    let WorkerSettings { table_name, keep_days } = WorkerSettings::read(|name| env::var(name).ok())?;
    let connection = Connection::new(&aws::config().await?, &table_name);
    connection.open().await;
    let store = Store::new(connection);
    let (work, store) = (&work, &store);
    run(service_fn(move |event: LambdaEvent<StreamEvent>| async move {
        let (facts, failures) = event.payload.facts();
        let number = facts.len();
        work(store.clone(), facts, SystemClock.now(), keep_days).await?;
        tracing::info!(facts = number, "filed");
        Ok::<_, Error>(failures)
    }))
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_and_what_is_none_is_put_aside() {
        let fact = r#"{"vendor_id":"00000000-0000-0000-0000-000000000001","record":{"id":"00000000-0000-0000-0000-000000000002","severity":"Info","time":"2026-01-01T00:00:00.000Z"}}"#;
        let image = |text: &str| serde_json::json!({ "pk": { "S": "x" }, "fact": { "S": text } });
        let record = |number: &str, image: serde_json::Value| {
            let change = serde_json::json!({ "SequenceNumber": number, "NewImage": image, "SizeBytes": 7 });
            serde_json::json!({ "eventName": "INSERT", "eventID": number, "dynamodb": change })
        };
        let deletion = serde_json::json!({ "dynamodb": { "SequenceNumber": "4" } });
        let records = [
            record("1", image(fact)),
            record("2", image("{}")),
            record("3", serde_json::json!({})),
            deletion,
        ];
        let event = serde_json::json!({ "Records": records });
        let (facts, failures) = serde_json::from_value::<StreamEvent>(event).unwrap().facts();
        assert_eq!(facts, [Fact::parse(fact).unwrap()]);
        let answer = serde_json::to_value(&failures).unwrap();
        assert_eq!(answer, serde_json::json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] }));
    }
}
