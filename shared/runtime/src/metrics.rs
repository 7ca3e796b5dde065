//! One line of metrics a request, in CloudWatch's embedded metric format: CloudWatch finds them in the log by itself.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::{Context, RequestExt as _};
use rookery_domain::{TenantId, VendorId};
use rookery_http::{AppState, Observed};
use rookery_store::Consumed;
use rookery_tokens::KmsCalls;
use serde::Serialize;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter as _;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

const NAMESPACE: &str = "Rookery";

/// What there is a metric of for the stack, and in which unit.
const OF_STACK: [(&str, &str); 9] = [
    ("latency", "Milliseconds"),
    ("errors", "Count"),
    ("coldStart", "Count"),
    ("tableRequests", "Count"),
    ("tableThrottles", "Count"),
    ("consumedReadCapacity", "Count"),
    ("consumedWriteCapacity", "Count"),
    ("kmsCalls", "Count"),
    ("kmsThrottles", "Count"),
];

/// What there is a metric of for each endpoint besides. Each metric costs money every month, and there are many endpoints:
/// what one of them consumes, the lines tell.
const OF_ENDPOINT: [(&str, &str); 2] = [("latency", "Milliseconds"), ("errors", "Count")];

/// Counts what a function does.
pub(crate) struct Metrics {
    /// The stack, to tell it from others in the account.
    pub(crate) stack: String,
    /// Whether there are metrics of each endpoint.
    pub(crate) of_endpoints: bool,
    pub(crate) app: AppState,
    pub(crate) kms: KmsCalls,
    /// Whether nothing has been asked of this process yet.
    pub(crate) cold: AtomicBool,
    /// Where the lines go.
    pub(crate) writer: BoxMakeWriter,
}

/// What has been sent to AWS since the process began.
struct Sent {
    table_requests: usize,
    table: Consumed,
    kms_requests: u32,
    kms_throttles: u32,
}

/// A line: the metrics, and what they are metrics of.
///
/// The environment, the tenant and the ids are mere properties. As dimensions they would make metrics of their own, for each
/// of which money is due every month; CloudWatch Logs Insights answers questions about a tenant from the lines.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "_aws")]
    directive: Value,
    stack: &'a str,
    /// `none` for whatever is no endpoint: a path that somebody made up must not become a metric.
    endpoint: &'a str,
    latency: f64,
    errors: u8,
    cold_start: u8,
    table_requests: usize,
    table_throttles: u32,
    consumed_read_capacity: f64,
    consumed_write_capacity: f64,
    /// Both together.
    consumed_capacity: f64,
    kms_calls: u32,
    kms_throttles: u32,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_id: Option<VendorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xray_trace_id: Option<&'a str>,
}

/// Answers a request, and writes its line. Lambda has a process answer one request at a time: what is sent to AWS meanwhile
/// is sent for that request.
#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
pub(crate) async fn measure(
    State(metrics): State<Arc<Metrics>>,
    mut request: Request,
    next: Next,
) -> Response {
    let observed = Observed::default();
    request.extensions_mut().insert(observed.clone());
    let context = request.lambda_context_ref().cloned();
    let (before, began) = (metrics.sent(), Instant::now());
    let response = next.run(request).await;
    let milliseconds = began.elapsed().as_secs_f64() * 1_000.0;
    metrics.write(&before, milliseconds, response.status().as_u16(), &observed, context.as_ref());
    response
}

impl Metrics {
    fn sent(&self) -> Sent {
        Sent {
            table_requests: self.app.store.round_trips().requests(),
            table: self.app.store.consumption().so_far(),
            kms_requests: self.kms.requests(),
            kms_throttles: self.kms.throttles(),
        }
    }

    fn write(
        &self,
        before: &Sent,
        milliseconds: f64,
        status: u16,
        observed: &Observed,
        context: Option<&Context>,
    ) {
        let sent = self.sent();
        let read = sent.table.read_units - before.table.read_units;
        let written = sent.table.write_units - before.table.write_units;
        let line = Line {
            directive: self.directive(),
            stack: &self.stack,
            endpoint: observed.endpoint().unwrap_or("none"),
            latency: (milliseconds * 100.0).round() / 100.0,
            errors: (status >= 500).into(),
            cold_start: self.cold.swap(false, Ordering::SeqCst).into(),
            table_requests: sent.table_requests - before.table_requests,
            table_throttles: sent.table.throttles - before.table.throttles,
            consumed_read_capacity: read,
            consumed_write_capacity: written,
            consumed_capacity: read + written,
            kms_calls: sent.kms_requests - before.kms_requests,
            kms_throttles: sent.kms_throttles - before.kms_throttles,
            status,
            environment_id: observed.environment(),
            tenant_id: observed.tenant(),
            trace_id: observed.trace_id(),
            request_id: context.map(|context| context.request_id.as_str()),
            xray_trace_id: context.and_then(|context| context.xray_trace_id.as_deref()),
        };
        // A request does not fail because its line cannot be written.
        if let Ok(line) = serde_json::to_string(&line) {
            writeln!(self.writer.make_writer(), "{line}").ok();
        }
    }

    /// Tells CloudWatch what in a line is a metric, and of what.
    fn directive(&self) -> Value {
        let metrics = |dimensions: &[&str], metrics: &[(&str, &str)]| {
            let metrics = metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit }));
            let metrics = metrics.collect::<Value>();
            json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics })
        };
        let mut directives = vec![metrics(&["stack"], &OF_STACK)];
        if self.of_endpoints {
            directives.push(metrics(&["stack", "endpoint"], &OF_ENDPOINT));
        }
        json!({ "Timestamp": self.app.now().as_millis(), "CloudWatchMetrics": directives })
    }
}
