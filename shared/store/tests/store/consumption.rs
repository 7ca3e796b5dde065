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

    // How much it is, the engines do not agree on; which side it is on, they do.
    let reads = |(read, written): (f64, f64)| read > 0.0 && written == 0.0;
    let writes = |(read, written): (f64, f64)| read == 0.0 && written > 0.0;

    own.tenants().create(&tenant("acme")).await.unwrap();
    let (_, written) = consumed();
    assert!(written > 0.0, "TransactWriteItems");
    own.users().create(&jane).await.unwrap();
    consumed();

    own.get().await.unwrap();
    assert!(reads(consumed()), "GetItem");
    own.users().login(&jane.user.email).await.unwrap();
    assert!(reads(consumed()), "BatchGetItem");
    own.sessions().begin(&session).await.unwrap();
    assert!(writes(consumed()), "PutItem");
    own.users().note_login(id, at(1)).await.unwrap();
    assert!(writes(consumed()), "UpdateItem");
    own.sessions().of_user(id).await.unwrap();
    assert!(reads(consumed()), "Query");
    own.sessions().end(id, session.id, None).await.unwrap();
    assert!(writes(consumed()), "DeleteItem");
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
