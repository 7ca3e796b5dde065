//! The audit log's journals.

use std::collections::BTreeSet;

use futures::future::join_all;
use rookery_domain::{AuditRecord, JsonObject, Order, RecordId, Severity, TenantId, Timestamp};
use rookery_store::{EnvironmentStore, FiledRecord, JournalError, JournalStatistics, RowPage, TimeRange};
use rookery_testkit::connect;

use crate::support::{ENTROPY, at, environment};

/// For how many days records are kept here.
const DAYS: u32 = 30;

pub(crate) fn record(tenant: Option<&TenantId>, severity: Severity, description: &str) -> AuditRecord {
    AuditRecord {
        id: RecordId::random(&ENTROPY),
        tenant_id: tenant.cloned(),
        severity,
        time: at(0),
        action: Some("user.created".to_owned()),
        resource: Some("users".to_owned()),
        description: Some(description.to_owned()),
        user: None,
        email: None,
        ip: None,
        user_agent: None,
        json: JsonObject::new(),
        more: JsonObject::new(),
    }
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn numbered(range: std::ops::Range<usize>, tenant: &TenantId) -> Vec<AuditRecord> {
    range.map(|number| record(Some(tenant), Severity::Info, &number.to_string())).collect()
}

async fn file(store: &EnvironmentStore, records: &[AuditRecord], now: Timestamp) -> usize {
    store.journal().file(records, now, DAYS).await.unwrap()
}

fn rows(offset: u64, count: u64) -> RowPage {
    RowPage { offset, count, order: Order::Descending }
}

fn numbers(records: &[FiledRecord]) -> Vec<usize> {
    let number = |filed: &FiledRecord| filed.record.description.as_ref().unwrap().parse().unwrap();
    records.iter().map(number).collect()
}

async fn page(store: &EnvironmentStore, range: TimeRange, rows: RowPage) -> (Vec<usize>, usize) {
    let page = store.journal().page(Some(&acme()), range, rows, at(10_000)).await.unwrap();
    (numbers(&page.items), page.total)
}

#[tokio::test]
async fn a_page_is_counted_in_rows_from_either_end() {
    let store = environment().await;
    file(&store, &numbered(0..250, &acme()), at(0)).await;
    let all = TimeRange::default();
    assert_eq!(page(&store, all, rows(0, 3)).await, (vec![249, 248, 247], 250));
    assert_eq!(page(&store, all, rows(48, 4)).await, (vec![201, 200, 199, 198], 250));
    assert_eq!(page(&store, all, rows(248, 10)).await, (vec![1, 0], 250));
    assert_eq!(page(&store, all, rows(250, 10)).await, (vec![], 250));
    let oldest = RowPage { offset: 99, count: 2, order: Order::Ascending };
    assert_eq!(page(&store, all, oldest).await, (vec![99, 100], 250));
}

#[tokio::test]
async fn a_range_of_time_is_exact_to_the_millisecond() {
    let store = environment().await;
    // Three every ten minutes, over three hours.
    for step in 0..18 {
        let records = numbered(step * 3..(step + 1) * 3, &acme());
        file(&store, &records, at(i64::try_from(step).unwrap() * 600)).await;
    }
    let range = |from: Option<i64>, to: Option<i64>| TimeRange { from: from.map(at), to: to.map(at) };
    let ascending = RowPage { offset: 0, count: 1, order: Order::Ascending };
    for (from, to, first, total) in [
        (None, None, 0, 54),
        (Some(3_600), None, 18, 36),
        (Some(3_601), None, 21, 33),
        (None, Some(3_000), 0, 18),
        (None, Some(2_999), 0, 15),
        (Some(1_800), Some(9_000), 9, 39),
        (Some(-500), Some(0), 0, 3),
    ] {
        let found = page(&store, range(from, to), ascending).await;
        assert_eq!(found, (vec![first], total), "{from:?} to {to:?}");
    }
    assert_eq!(page(&store, range(Some(180 * 60), None), ascending).await, (vec![], 0));
    assert_eq!(page(&store, range(Some(7_200), Some(3_600)), ascending).await, (vec![], 0));
}

#[tokio::test]
async fn what_is_filed_is_in_the_journals_of_its_tenant_and_of_the_environment() {
    let store = environment().await;
    let labs: TenantId = "labs".parse().unwrap();
    let records = [
        record(Some(&acme()), Severity::Info, "0"),
        record(Some(&labs), Severity::Info, "1"),
        record(None, Severity::Info, "2"),
    ];
    assert_eq!(file(&store, &records, at(0)).await, 3);
    let journal = store.journal();
    for (tenant, expected) in [(None, vec![2, 1, 0]), (Some(&acme()), vec![0]), (Some(&labs), vec![1])] {
        let page = journal.page(tenant, TimeRange::default(), rows(0, 10), at(0)).await.unwrap();
        assert_eq!(numbers(&page.items), expected);
    }
    let nowhere = "nowhere".parse().unwrap();
    let page = journal.page(Some(&nowhere), TimeRange::default(), rows(0, 10), at(0)).await.unwrap();
    assert_eq!((page.items.len(), page.total), (0, 0));
}

#[tokio::test]
async fn a_record_that_comes_again_is_filed_once() {
    let store = environment().await;
    let records = numbered(0..70, &acme());
    assert_eq!(file(&store, &records[..40], at(0)).await, 40);
    assert_eq!(file(&store, &records, at(1)).await, 30);
    assert_eq!(file(&store, &records, at(2)).await, 0);
    let twice = [records[0].clone(), record(Some(&acme()), Severity::Info, "70")];
    assert_eq!(file(&store, &[twice[1].clone(), twice[1].clone(), twice[0].clone()], at(3)).await, 1);
    assert_eq!(page(&store, TimeRange::default(), rows(0, 2)).await, (vec![70, 69], 71));
}

#[tokio::test]
async fn those_who_file_at_the_same_time_lose_and_double_nothing() {
    let store = environment().await;
    let records = numbered(0..120, &acme());
    // Each half is brought by two.
    let brought = join_all((0..4_u32).map(|worker| {
        let half = if worker % 2 == 0 { &records[..60] } else { &records[60..] };
        let id = store.id();
        async move { connect().await.environment(id).journal().file(half, at(0), DAYS).await.unwrap() }
    }));
    assert_eq!(brought.await.into_iter().sum::<usize>(), 120);
    let (found, total) = page(&store, TimeRange::default(), rows(0, 200)).await;
    assert_eq!((found.into_iter().collect::<BTreeSet<_>>().len(), total), (120, 120));
}

#[tokio::test]
async fn time_does_not_go_back_in_a_journal() {
    let store = environment().await;
    file(&store, &numbered(0..1, &acme()), at(100)).await;
    file(&store, &numbered(1..2, &acme()), at(50)).await;
    let page = store.journal().page(Some(&acme()), TimeRange::default(), rows(0, 2), at(100)).await.unwrap();
    assert_eq!(page.items.iter().map(|filed| filed.created_at).collect::<Vec<_>>(), [at(100), at(100)]);
}

#[tokio::test]
async fn what_is_over_is_neither_shown_nor_counted() {
    let (store, day) = (environment().await, 86_400);
    file(&store, &numbered(0..5, &acme()), at(0)).await;
    file(&store, &numbered(5..8, &acme()), at(10 * day)).await;
    let seen = async |now| {
        let page = store.journal().page(Some(&acme()), TimeRange::default(), rows(0, 10), now).await.unwrap();
        (numbers(&page.items), page.total)
    };
    assert_eq!(seen(at(29 * day)).await.1, 8);
    assert_eq!(seen(at(31 * day)).await, (vec![7, 6, 5], 3));
    file(&store, &numbered(8..9, &acme()), at(35 * day)).await;
    assert_eq!(seen(at(35 * day)).await, (vec![8, 7, 6, 5], 4));
    assert_eq!(seen(at(42 * day)).await, (vec![8], 1));
    assert_eq!(seen(at(99 * day)).await, (vec![], 0));
}

#[tokio::test]
async fn statistics_count_today_and_the_severe_ones_of_a_week() {
    let (store, day) = (environment().await, 86_400);
    for (days, severity) in [
        (0, Severity::High),
        (1, Severity::Critical),
        (6, Severity::Error),
        (7, Severity::High),
        (7, Severity::Medium),
    ] {
        file(&store, &[record(Some(&acme()), severity, "0")], at(days * day + 60)).await;
    }
    let statistics = async |now| store.journal().statistics(Some(&acme()), now).await.unwrap();
    assert_eq!(statistics(at(7 * day + 120)).await, JournalStatistics { today: 2, severe_this_week: 3 });
    assert_eq!(statistics(at(8 * day)).await, JournalStatistics { today: 0, severe_this_week: 2 });
    assert_eq!(statistics(at(20 * day)).await, JournalStatistics { today: 0, severe_this_week: 0 });
}

#[tokio::test]
async fn a_page_costs_the_same_in_a_long_journal() {
    let store = environment().await;
    let cost = async |offset| {
        let connection = connect().await;
        let reader = connection.environment(store.id());
        let range = TimeRange { from: Some(at(0)), to: Some(at(20_000)) };
        let page = reader.journal().page(Some(&acme()), range, rows(offset, 20), at(20_000)).await.unwrap();
        (page.items.len(), connection.round_trips().waves(), connection.round_trips().requests())
    };
    file(&store, &numbered(0..100, &acme()), at(0)).await;
    let short = cost(60).await;
    assert_eq!(short, (20, 2, 4));
    file(&store, &numbered(100..3_000, &acme()), at(7_200)).await;
    assert_eq!(cost(60).await, short);
    assert_eq!(cost(2_960).await, short);
}

#[tokio::test]
async fn a_search_sees_every_record_in_order() {
    let store = environment().await;
    file(&store, &numbered(0..350, &acme()), at(0)).await;
    for (order, first, last) in [(Order::Descending, 349, 0), (Order::Ascending, 0, 349)] {
        let mut seen = Vec::new();
        let (journal, tenant) = (store.journal(), acme());
        let search = journal.search(Some(&tenant), TimeRange::default(), order, at(0), |filed| {
            seen.extend(numbers(&[filed]));
        });
        let outcome: Result<(), JournalError> = search.await;
        outcome.unwrap();
        assert_eq!((seen.len(), seen[0], seen[349]), (350, first, last));
    }
}
