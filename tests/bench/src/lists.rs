//! What a page of a list costs, however long the list is, in whatever order, and whoever looks at it.

use rookery_domain::{RoleId, TenantId};
use rookery_testkit::{Client, TestApp};
use serde::Serialize;

use crate::Failure;
use crate::measure::{median, processor_time};
use crate::operation::require;
use crate::scene::{PAGE, fill};

/// How many users the lists have.
const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];

/// The longest list, which takes long to make.
const LONGEST: usize = 1_000_000;

/// The longest list that is sorted and searched.
const LONGEST_SORTED: usize = 10_000;

/// How often a request is made at a time.
const REPETITIONS: u32 = 5;

/// A list, and who looks at it.
struct List {
    size: usize,
    vendor: Client,
    /// A member, who sees the same but those who are invisible.
    user: Client,
}

/// Which page of a list is asked for.
#[derive(Clone, Copy)]
enum Request {
    First,
    /// The last of full pages: of 100,000 users page 1,999.
    Deep,
    Descending,
    Sorted,
    Filtered,
}

/// What a request came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    request: &'static str,
    users: usize,
    token: &'static str,
    status: u16,
    cpu_milliseconds: f64,
    table_requests: usize,
    waves: usize,
    read_units: f64,
}

/// Makes the lists and measures the requests, each `rounds` times; with `longest` for a list of a million too.
pub(crate) async fn measure(rounds: usize, longest: bool) -> Result<Vec<Row>, Failure> {
    let app = &TestApp::start(rookery_openapi::router()).await;
    let roles = app.roles(&["ReadOnly"]).await;
    let mut rows = Vec::new();
    for size in SIZES.into_iter().chain(longest.then_some(LONGEST)) {
        let list = List::make(app, &roles, size).await?;
        for request in Request::ALL {
            for (token, client) in [("vendor", &list.vendor), ("user", &list.user)] {
                rows.push(row(app, rounds, &list, request, token, client).await?);
            }
        }
    }
    Ok(rows)
}

impl List {
    async fn make(app: &TestApp, roles: &[RoleId], size: usize) -> Result<Self, Failure> {
        let tenant: TenantId = app.tenant(&format!("List of {size}")).await;
        let admin = app.user(&format!("admin@{tenant}.example.com"), &tenant, &["Admin"]).await;
        fill(app, &tenant, roles, size - 1).await?;
        let vendor = app.vendor().with("frontegg-tenant-id", tenant.as_str());
        Ok(Self { size, vendor, user: app.sign_in(&admin, &tenant).await })
    }
}

impl Request {
    const ALL: [Self; 5] = [Self::First, Self::Deep, Self::Descending, Self::Sorted, Self::Filtered];

    fn name(self) -> &'static str {
        match self {
            Self::First => "page 0 by createdAt",
            Self::Deep => "last page by createdAt",
            Self::Descending => "page 0, descending",
            Self::Sorted => "page 0 by email",
            Self::Filtered => "page 0, filtered",
        }
    }

    fn query(self, size: usize) -> String {
        match self {
            Self::First => String::new(),
            Self::Deep => format!("&_offset={}", (size / PAGE).saturating_sub(1)),
            Self::Descending => "&_order=DESC".to_owned(),
            Self::Sorted => "&_sortBy=email".to_owned(),
            Self::Filtered => "&_filter=user".to_owned(),
        }
    }

    /// The status of its answer: what would be dear every time is refused.
    fn status(self, size: usize) -> u16 {
        match self {
            Self::Sorted | Self::Filtered if size > LONGEST_SORTED => 400,
            Self::First | Self::Deep | Self::Descending | Self::Sorted | Self::Filtered => 200,
        }
    }
}

async fn row(
    app: &TestApp,
    rounds: usize,
    list: &List,
    request: Request,
    token: &'static str,
    client: &Client,
) -> Result<Row, Failure> {
    let status = request.status(list.size);
    let path = format!("/identity/resources/users/v1?_limit={PAGE}{}", request.query(list.size));
    require(&client.get(&path).await, status)?;
    let (trips, consumption) = (app.store().round_trips(), app.store().consumption());
    let before = (trips.requests(), trips.waves(), consumption.so_far().read_units);
    require(&client.get(&path).await, status)?;
    let after = (trips.requests(), trips.waves(), consumption.so_far().read_units);
    let mut cpu_ms = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = processor_time()?;
        for _ in 0..REPETITIONS {
            require(&client.get(&path).await, status)?;
        }
        let spent = processor_time()?.saturating_sub(start);
        cpu_ms.push(spent.as_secs_f64() * 1_000.0 / f64::from(REPETITIONS));
    }
    Ok(Row {
        request: request.name(),
        users: list.size,
        token,
        status,
        cpu_milliseconds: median(cpu_ms),
        table_requests: after.0 - before.0,
        waves: after.1 - before.1,
        read_units: after.2 - before.2,
    })
}

/// Prints `rows` as a table.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "{:<24}{:>10}{:>8}{:>8}{:>9}{:>16}{:>8}{:>12}",
        "page of a list", "users", "token", "status", "CPU ms", "table requests", "waves", "read units"
    );
    for row in rows {
        println!(
            "{:<24}{:>10}{:>8}{:>8}{:>9.3}{:>16}{:>8}{:>12.1}",
            row.request,
            row.users,
            row.token,
            row.status,
            row.cpu_milliseconds,
            row.table_requests,
            row.waves,
            row.read_units
        );
    }
}
