//! What every kind of request says it consumed.

use rookery_domain::TenantId;
use rookery_testkit::{Fault, connect, connect_through_gate};

use crate::support::{ENTROPY, at, session, tenant, user};

#[tokio::test]
async fn every_request_says_what_it_consumed() {
    let store = connect().await;
    let own = store.environment(rookery_domain::VendorId::random(&ENTROPY));
    let (acme, jane): (TenantId, _) = ("acme".parse().unwrap(), user("jane@example.com", &[], 0));
    let (id, session) = (jane.user.id, session(jane.user.id, &acme));
    let mut before = store.consumption().so_far();
    let mut consumed = || {
        let after = store.consumption().so_far();
        let units = (after.read_units - before.read_units, after.write_units - before.write_units);
        before = after;
        units
    };

    own.tenants().create(&tenant("acme")).await.unwrap();
    let (read, written) = consumed();
    assert!(read > 0.0 && written >= 3.0 * 2.0, "transactions write everything twice: {written}");
    own.users().create(&jane).await.unwrap();
    consumed();

    own.get().await.unwrap();
    assert_eq!(consumed(), (1.0, 0.0), "GetItem");
    own.users().login(&jane.user.email).await.unwrap();
    assert_eq!(consumed(), (2.0, 0.0), "BatchGetItem");
    own.sessions().begin(&session).await.unwrap();
    assert_eq!(consumed(), (0.0, 1.0), "PutItem");
    own.users().note_login(id, at(1)).await.unwrap();
    assert_eq!(consumed(), (0.0, 1.0), "UpdateItem");
    own.sessions().of_user(id).await.unwrap();
    assert_eq!(consumed(), (1.0, 0.0), "Query");
    own.sessions().end(id, session.id).await.unwrap();
    assert_eq!(consumed(), (0.0, 1.0), "DeleteItem");
}

#[tokio::test]
async fn throttled_answers_are_counted() {
    let (store, gate) = connect_through_gate().await;
    let own = store.environment(rookery_domain::VendorId::random(&ENTROPY));
    for code in ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError"] {
        gate.bar("GetItem", Fault::Answer(400, code));
        own.get().await.unwrap_err();
    }
    assert_eq!(store.consumption().so_far().throttles, 2);
    gate.bar("TransactWriteItems", Fault::Answer(400, "ProvisionedThroughputExceededException"));
    own.tenants().create(&tenant("acme")).await.unwrap_err();
    assert_eq!(store.consumption().so_far().throttles, 3);
}
