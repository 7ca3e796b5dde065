use rookery_domain::{Order, Severity, TenantId};
use rookery_store::{JournalStatistics, RowPage, TimeRange};

use super::World;
use crate::journal::record;
use crate::support::at;

const ROWS: RowPage = RowPage { offset: 0, count: 10, order: Order::Descending };

/// A world whose own environment has a record of `acme`'s.
async fn world() -> World {
    let world = Box::pin(World::new()).await;
    let own = [record(Some(&world.acme), Severity::High, "0")];
    Box::pin(world.own.journal().file(&own, at(0), 30)).await.unwrap();
    world
}

#[tokio::test]
async fn file() {
    let world = world().await;
    let same = [record(Some(&world.acme), Severity::Info, "1")];
    let filed = world.untouched_by(async { world.other.journal().file(&same, at(1), 30).await.unwrap() });
    assert_eq!(filed.await, 1);
    // The same record in both environments is one of each.
    assert_eq!(world.own.journal().file(&same, at(2), 30).await.unwrap(), 1);
}

#[tokio::test]
async fn page() {
    let world = world().await;
    for (store, tenant, total) in [
        (&world.own, Some(&world.acme), 1),
        (&world.own, None, 1),
        (&world.own, Some(&world.labs), 0),
        (&world.other, Some(&world.acme), 0),
        (&world.other, None, 0),
    ] {
        let found = store.journal().page(tenant, TimeRange::default(), ROWS, at(0)).await.unwrap();
        assert_eq!((found.items.len(), found.total), (total, total), "{tenant:?}");
    }
}

#[tokio::test]
async fn search() {
    let world = world().await;
    let none: [(_, Option<&TenantId>); 3] =
        [(&world.own, Some(&world.labs)), (&world.other, Some(&world.acme)), (&world.other, None)];
    for (store, tenant) in none {
        let (journal, mut seen) = (store.journal(), 0);
        let search = journal.search(tenant, TimeRange::default(), Order::Ascending, at(0), |_| seen += 1);
        search.await.unwrap();
        assert_eq!(seen, 0, "{tenant:?}");
    }
}

#[tokio::test]
async fn statistics() {
    let world = world().await;
    let own = world.own.journal().statistics(Some(&world.acme), at(0)).await.unwrap();
    assert_eq!(own, JournalStatistics { today: 1, severe_this_week: 1 });
    for (store, tenant) in [(&world.own, Some(&world.labs)), (&world.other, None)] {
        let others = store.journal().statistics(tenant, at(0)).await.unwrap();
        assert_eq!(others, JournalStatistics { today: 0, severe_this_week: 0 });
    }
}
