//! The audit log as CSV (RFC 4180).

use std::borrow::Cow;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rookery_domain::{VendorId, bounded, required};
use rookery_http::{ApiError, ApiResult, AppState, Body};
use rookery_store::FiledRecord;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::record::text_of;
use crate::scope::Scope;
use crate::search::{FirstParameters, FirstSearch, RowParameters, Search, SecondParameters, SecondSearch};

/// How many columns a file may have.
const MOST_COLUMNS: usize = 50;

/// How large a file may be, in bytes: with what becomes of it on its way, a function can answer no more.
const LARGEST_FILE: usize = 5 * 1024 * 1024;

/// What the file shows.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ExportRequest {
    /// The columns, from left to right; at most 50.
    properties: Vec<Column>,
}

/// A column.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Column {
    /// The name of the field.
    name: String,
    /// What stands above the column.
    display_name: String,
}

/// Exports the records that a search finds, all of them unless `count` says otherwise, as CSV.
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe. A file of more than 5 MB is refused: it
/// takes several, each of a part of the time.
#[utoipa::path(
    post,
    path = "/audits/export/csv",
    tag = "audit-logs",
    operation_id = "AuditsController_exportCsv",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without it, the whole environment."),
        RowParameters,
        FirstParameters,
    ),
    request_body = ExportRequest,
    responses((status = CREATED, body = String, content_type = "text/csv"), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn export(
    scope: Scope,
    State(app): State<AppState>,
    FirstSearch(search): FirstSearch,
    Body(request): Body<ExportRequest>,
) -> ApiResult<Response> {
    file(&app, &scope, search, request, StatusCode::CREATED).await
}

/// Exports the records that a search finds as CSV, as the version before does.
#[utoipa::path(
    post,
    path = "/audits/export/csv/v2",
    tag = "audit-logs",
    operation_id = "AuditsController_exportCsvToStream",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without it, the whole environment."),
        RowParameters,
        FirstParameters,
    ),
    request_body = ExportRequest,
    responses((status = CREATED, body = String, content_type = "text/csv"), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn export_v2(
    scope: Scope,
    State(app): State<AppState>,
    FirstSearch(search): FirstSearch,
    Body(request): Body<ExportRequest>,
) -> ApiResult<Response> {
    file(&app, &scope, search, request, StatusCode::CREATED).await
}

/// Exports the records of some tenants or users as CSV.
#[utoipa::path(
    post,
    path = "/audits/resources/audits/v2/export/csv",
    tag = "audit-logs",
    operation_id = "AuditsController_V2_exportCsvToStream",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without it, the whole environment."),
        RowParameters,
        SecondParameters,
    ),
    request_body = ExportRequest,
    responses((status = OK, body = String, content_type = "text/csv"), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn export_list_v2(
    scope: Scope,
    State(app): State<AppState>,
    SecondSearch(search): SecondSearch,
    Body(request): Body<ExportRequest>,
) -> ApiResult<Response> {
    file(&app, &scope, search, request, StatusCode::OK).await
}

async fn file(
    app: &AppState,
    scope: &Scope,
    search: Search,
    request: ExportRequest,
    status: StatusCode,
) -> ApiResult<Response> {
    let mut table = Table::new(scope.store.id(), request.columns()?)?;
    search.run(scope, app.now(), |filed| table.add(&filed)).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, r#"attachment; filename="audits.csv""#),
    ];
    Ok((status, headers, table.finish()?).into_response())
}

impl ExportRequest {
    fn columns(self) -> ApiResult<Vec<Column>> {
        if !(1..=MOST_COLUMNS).contains(&self.properties.len()) {
            return Err(ApiError::Invalid(format!("properties must name 1 to {MOST_COLUMNS} columns")));
        }
        let columns = self.properties.into_iter().map(|column| {
            Ok(Column {
                name: required("name", column.name, 255)?,
                display_name: bounded("displayName", column.display_name, 255)?,
            })
        });
        columns.collect()
    }
}

/// A file in the making. What it holds is the file itself and no record.
struct Table {
    vendor: VendorId,
    columns: Vec<Column>,
    written: csv::Writer<Vec<u8>>,
    outcome: Result<(), csv::Error>,
    size: usize,
}

impl Table {
    fn new(vendor: VendorId, columns: Vec<Column>) -> ApiResult<Self> {
        let mut written = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let names = columns.iter().map(|column| harmless(Cow::Borrowed(&column.display_name)).into_owned());
        written.write_record(names).map_err(ApiError::internal)?;
        Ok(Self { vendor, columns, written, outcome: Ok(()), size: 0 })
    }

    fn add(&mut self, filed: &FiledRecord) {
        if self.size > LARGEST_FILE || self.outcome.is_err() {
            return;
        }
        let cells = self.columns.iter().map(|column| {
            harmless(text_of(self.vendor, filed, &column.name).unwrap_or_default()).into_owned()
        });
        let cells: Vec<String> = cells.collect();
        self.size += cells.iter().map(|cell| cell.len() + 3).sum::<usize>();
        self.outcome = self.written.write_record(cells);
    }

    fn finish(self) -> ApiResult<Vec<u8>> {
        self.outcome.map_err(ApiError::internal)?;
        if self.size > LARGEST_FILE {
            return Err(ApiError::Invalid(
                "the file would be larger than 5 MB: export a shorter time with created_from and created_to, or fewer rows"
                    .to_owned(),
            ));
        }
        self.written.into_inner().map_err(|error| ApiError::internal(error.to_string()))
    }
}

/// `cell` as a spreadsheet takes for text: what begins like a formula is led in by an apostrophe (OWASP, CSV injection).
fn harmless(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format!("'{cell}")),
        false => cell,
    }
}
