//! What a page costs in round trips and read units, whoever looks at it and however long the list is.

use std::convert::Infallible;

use rookery_domain::{Order, PageRequest, TenantId, UserId};
use rookery_store::{EnvironmentStore, NewUser, Store, UserQuery, UserSort};

use crate::support::{environment, tenant, user};

/// A list of `count` users, of whom every four hundredth is invisible, the first too.
async fn list_of(count: usize) -> (EnvironmentStore, TenantId, Vec<UserId>) {
    let own = environment().await;
    own.tenants().create(&tenant("acme")).await.unwrap();
    let acme: TenantId = "acme".parse().unwrap();
    let users: Vec<NewUser> = (0..count)
        .map(|n| {
            let mut new = user(&format!("user{n:05}@example.com"), &[&acme], i64::try_from(n).unwrap());
            new.user.invisible = n % 400 == 0;
            new
        })
        .collect();
    own.users().import(&users).await.unwrap();
    (own, acme, users.iter().map(|new| new.user.id).collect())
}

/// The page `index` of 50, in `order`, as somebody sees it who sees the invisible ones if `all`.
fn page(tenant: &TenantId, index: usize, order: Order, all: bool) -> UserQuery {
    let page = PageRequest { limit: 50, index, order };
    UserQuery { by_vendor: all, page, ..UserQuery::page(vec![tenant.clone()], 50, 0) }
}

/// What `query` costs: round trips and read units.
async fn cost(store: &Store, own: &EnvironmentStore, query: &UserQuery) -> (usize, f64) {
    let own = store.environment(own.id());
    let before = (store.round_trips().waves(), store.consumption().so_far().read_units);
    let found = own.users().list(query).await.unwrap();
    assert!(!found.items.is_empty());
    let after = (store.round_trips().waves(), store.consumption().so_far().read_units);
    (after.0 - before.0, after.1 - before.1)
}

#[tokio::test]
async fn a_page_costs_the_same_at_10_and_at_thousands_whoever_looks_at_it() {
    let mut costs = Vec::new();
    for (count, deep) in [(10, 0), (3_000, 0), (3_000, 40)] {
        let (own, acme, _) = list_of(count).await;
        for all in [true, false] {
            let store = rookery_testkit::connect().await;
            let (waves, units) = cost(&store, &own, &page(&acme, deep, Order::Ascending, all)).await;
            let (again, _) = cost(&store, &own, &page(&acme, deep, Order::Descending, all)).await;
            costs.push(format!("{count} {deep} {all}: {waves} {units}, descending {again}"));
        }
    }
    assert_eq!(
        costs,
        [
            "10 0 true: 2 12, descending 2",
            "10 0 false: 2 11, descending 2",
            "3000 0 true: 2 57, descending 2",
            "3000 0 false: 2 57, descending 2",
            "3000 40 true: 2 57, descending 2",
            "3000 40 false: 2 57, descending 2",
        ]
    );
}

#[tokio::test]
async fn a_list_that_was_seen_before_takes_two_round_trips_in_any_order() {
    let (own, acme, ids) = list_of(1_200).await;
    for at in [0, 30, 31, 32, 33, 34, 35, 36, 37, 38, 700] {
        assert!(own.users().leave(ids[at], &acme).await.unwrap());
    }
    let store = rookery_testkit::connect().await;
    let sorted = UserQuery { sort: UserSort::Email, ..page(&acme, 3, Order::Ascending, true) };
    let (cold, _) = cost(&store, &own, &page(&acme, 7, Order::Descending, true)).await;
    assert_eq!(cold, 3);
    let queries = [
        page(&acme, 7, Order::Descending, true),
        page(&acme, 7, Order::Ascending, false),
        UserQuery { filter: Some("user0".to_owned()), ..sorted.clone() },
        sorted,
    ];
    for query in &queries {
        assert_eq!(cost(&store, &own, query).await.0, 2, "{query:?}");
    }
    // What comes and goes in the meantime does not change that.
    for at in [100, 101, 1_100] {
        assert!(own.users().leave(ids[at], &acme).await.unwrap());
    }
    own.users().create(&user("late@example.com", &[&acme], 5_000)).await.unwrap();
    for query in &queries {
        assert_eq!(cost(&store, &own, query).await.0, 2, "{query:?}");
    }
}

#[tokio::test]
async fn pages_leave_the_invisible_out_and_sum_to_the_total() {
    let (own, acme, ids) = list_of(900).await;
    let toggle = async |at: usize, invisible: bool| {
        let users = own.users();
        let changed = users.update(ids[at], None, |user| {
            user.invisible = invisible;
            Ok::<_, Infallible>(())
        });
        changed.await.unwrap().unwrap();
    };
    // They were 0, 400 and 800.
    for (at, invisible) in [(400, false), (3, true), (249, true), (250, true), (899, true), (3, true)] {
        toggle(at, invisible).await;
    }
    assert!(own.users().leave(ids[249], &acme).await.unwrap());
    assert!(own.users().leave(ids[10], &acme).await.unwrap());
    let unseen = [0, 3, 10, 249, 250, 800, 899];
    let seen: Vec<_> = (0..900).filter(|at| !unseen.contains(at)).map(|at| ids[at]).collect();
    for order in [Order::Ascending, Order::Descending] {
        let (mut found, mut totals) = (Vec::new(), Vec::new());
        for index in 0..19 {
            let page = own.users().list(&page(&acme, index, order, false)).await.unwrap();
            found.extend(page.items.into_iter().map(|user| user.id));
            totals.push(page.total);
        }
        if order == Order::Descending {
            found.reverse();
        }
        assert_eq!(found, seen);
        assert!(totals.iter().all(|total| *total == seen.len()), "{totals:?}");
    }
    let of_all = own.users().list(&page(&acme, 0, Order::Ascending, true)).await.unwrap();
    assert_eq!(of_all.total, 898);
    let everybody = UserQuery { by_vendor: false, ..UserQuery::page(Vec::new(), 50, 0) };
    assert_eq!(
        own.users().list(&everybody).await.unwrap().total,
        seen.len(),
        "in the environment's list too"
    );
}

#[tokio::test]
async fn somebody_in_very_many_lists_becomes_invisible_in_all_of_them() {
    let own = environment().await;
    let tenants: Vec<TenantId> = (0..100).map(|n| format!("tenant{n}").parse().unwrap()).collect();
    for tenant in &tenants {
        own.tenants().create(&crate::support::tenant(tenant.as_str())).await.unwrap();
    }
    let (one, jane) =
        (user("one@example.com", &[&tenants[99]], 0), user("jane@example.com", &[&tenants[0]], 1));
    for new in [&one, &jane] {
        own.users().create(new).await.unwrap();
    }
    for tenant in &tenants[1..] {
        own.users().join(jane.user.id, &crate::support::membership(tenant, 2)).await.unwrap();
    }
    let total = async |tenant: &TenantId| {
        let page = own.users().list(&page(tenant, 0, Order::Ascending, false)).await.unwrap();
        (page.items.len(), page.total)
    };
    for invisible in [true, false] {
        let users = own.users();
        let changed = users.update(jane.user.id, None, |user| {
            user.invisible = invisible;
            Ok::<_, Infallible>(())
        });
        changed.await.unwrap();
        let seen = usize::from(!invisible);
        assert_eq!(total(&tenants[0]).await, (seen, seen));
        assert_eq!(total(&tenants[60]).await, (seen, seen));
        assert_eq!(total(&tenants[99]).await, (1 + seen, 1 + seen));
    }
}
