//! What the table's failures mean, as they arrive by the wire.

use rookery_store::{EnvironmentStore, StoreError};
use rookery_testkit::{Fault, Gate};

use crate::support::{ENTROPY, tenant};

async fn gated() -> (EnvironmentStore, Gate) {
    let (store, gate) = rookery_testkit::connect_through_gate().await;
    (store.environment(rookery_domain::VendorId::random(&ENTROPY)), gate)
}

async fn read(own: &EnvironmentStore) -> StoreError {
    own.get().await.unwrap_err()
}

#[tokio::test]
async fn a_failure_says_whether_trying_again_helps() {
    let (own, gate) = gated().await;
    for (status, code, transient) in [
        (400, "ProvisionedThroughputExceededException", true),
        (400, "ThrottlingException", true),
        (400, "RequestLimitExceeded", true),
        (500, "InternalServerError", true),
        (503, "ServiceUnavailable", true),
        (400, "AccessDeniedException", false),
        (400, "ResourceNotFoundException", false),
        (400, "ValidationException", false),
    ] {
        gate.bar("GetItem", Fault::Answer(status, code));
        let error = read(&own).await;
        assert_eq!(error.is_transient(), transient, "{code}: {error}");
    }
    gate.bar("GetItem", Fault::HangUp);
    assert_eq!(read(&own).await.to_string(), "the table is unavailable: no connection");
    gate.open();
    assert_eq!(own.get().await.unwrap(), None);
}

#[tokio::test]
async fn nobody_answering_in_time_is_unavailable() {
    let (own, gate) = gated().await;
    gate.bar("GetItem", Fault::Silence);
    let error = read(&own).await;
    assert!(error.is_transient());
    assert_eq!(error.to_string(), "the table is unavailable: no answer in time");
}

#[tokio::test]
async fn a_transaction_that_is_throttled_wrote_nothing() {
    let (own, gate) = gated().await;
    gate.bar("TransactWriteItems", Fault::Answer(400, "ProvisionedThroughputExceededException"));
    let acme = tenant("acme");
    let error = own.tenants().create(&acme).await.unwrap_err();
    assert_eq!(error.to_string(), "the table is throttled");
    gate.open();
    assert!(own.tenants().get(&acme.tenant_id).await.unwrap().is_none());
    own.tenants().create(&acme).await.unwrap();
}

#[tokio::test]
async fn a_batch_that_is_left_over_again_and_again_is_throttled() {
    let (own, gate) = gated().await;
    gate.bar("BatchGetItem", Fault::Unprocessed);
    let acme = "acme".parse().unwrap();
    let error = own.tenants().get_all(&[acme]).await.unwrap_err();
    assert_eq!(error.to_string(), "the table is throttled");
}
