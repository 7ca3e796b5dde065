//! Requests as Lambda hands them over, and the lines that they leave.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, Once};

use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Context, LambdaEvent, lambda_runtime};
use rookery_http::AppState;
use rookery_testkit::{Fault, PASSWORD, TestApp};
use rookery_tokens::KmsCalls;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tracing::Instrument as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::metrics::Metrics;
use crate::mount::Mount;
use crate::{gateway, logs};

const SIGN_IN: &str = "/identity/resources/auth/v1/user";

/// What would be on standard output.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

thread_local! {
    static OUTPUT: RefCell<Output> = RefCell::default();
}

impl Output {
    /// What this test, which has a thread to itself, will write. It logs as a function does, and what our own crates have to
    /// say besides.
    fn of_this_test() -> Self {
        // For all threads: what a span means to one thread would otherwise depend on which was the first to enter it.
        static LOGGING: Once = Once::new();
        LOGGING.call_once(|| {
            let filter = EnvFilter::new("info,rookery=debug");
            logs::subscriber(filter, || OUTPUT.with_borrow(Self::clone)).init();
        });
        OUTPUT.set(Self::default());
        OUTPUT.with_borrow(Self::clone)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A process that is new.
fn metrics(app: &TestApp, output: &Output) -> Metrics {
    let output = output.clone();
    Metrics {
        stack: "blue".to_owned(),
        of_endpoints: true,
        app: app.state().clone(),
        kms: KmsCalls::default(),
        cold: true.into(),
        writer: BoxMakeWriter::new(move || output.clone()),
    }
}

/// An event with a secret in every place that somebody might log.
fn event(app: &TestApp, method: &str, path: &str, body: &Value) -> LambdaRequest {
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "code=secret-query",
        "cookies": ["fe_refresh_other=secret-cookie"],
        "headers": {
            "host": app.host(),
            "authorization": "Bearer secret-token",
            "user-agent": "secret-agent",
        },
        "requestContext": {
            "accountId": "111122223333",
            "apiId": "api",
            "domainName": "api.execute-api.eu-central-1.amazonaws.com",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7" },
            "requestId": "gateway-request",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
        },
        "body": body.to_string(),
        "isBase64Encoded": false,
    });
    serde_json::from_value(event).unwrap()
}

fn router() -> Router<AppState> {
    rookery_authentication::router().merge(rookery_vendor_auth::router())
}

/// What a new process answers to an event.
async fn answer(app: &TestApp, output: &Output, event: LambdaRequest) -> Value {
    let mut context = Context::default();
    context.request_id = "lambda-request".to_owned();
    context.xray_trace_id = Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned());
    let span = lambda_runtime::layers::trace::request_span(&context);
    let handler = gateway::handler(router(), metrics(app, output), Mount::default());
    let event = LambdaEvent { payload: event, context };
    let answer = handler.oneshot(event).instrument(span).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

fn credentials(password: &str) -> Value {
    json!({ "email": "jane@example.com", "password": password })
}

#[tokio::test]
async fn a_sign_in_leaves_no_secret_in_any_line() {
    let app = TestApp::start(router()).await;
    let acme = app.tenant("Acme").await;
    app.user("jane@example.com", &acme, &["Admin"]).await;
    let output = Output::of_this_test();
    let signed_in = answer(&app, &output, event(&app, "POST", SIGN_IN, &credentials(PASSWORD))).await;
    assert_eq!(signed_in["statusCode"], 200);
    let refused = answer(&app, &output, event(&app, "POST", SIGN_IN, &credentials("secret-guess"))).await;
    assert_eq!(refused["statusCode"], 401);
    let lost = event(&app, "GET", "/jane@example.com/secret-path", &json!({}));
    assert_eq!(answer(&app, &output, lost).await["statusCode"], 404);

    let tokens: Value = serde_json::from_str(signed_in["body"].as_str().unwrap()).unwrap();
    let text = output.text();
    for secret in [
        "jane",
        "secret",
        "198.51.100.7",
        PASSWORD,
        tokens["accessToken"].as_str().unwrap(),
        tokens["refreshToken"].as_str().unwrap(),
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let lines = output.lines();
    assert!(lines.len() >= 6, "a line of metrics and one at least of the log for each: {text}");
    for line in lines {
        assert_eq!(line["requestId"], "lambda-request", "{line}");
        assert_eq!(line["xrayTraceId"], "Root=1-5759e988-bd862e3fe1be46a994272793", "{line}");
        assert!(line["traceId"].as_str().is_some_and(|id| id.len() == 36), "{line}");
    }
}

#[tokio::test]
async fn an_endpoint_with_a_rate_limit_answers_to_its_own_route_alone() {
    let app = TestApp::start(router()).await;
    let acme = app.tenant("Acme").await;
    app.user("jane@example.com", &acme, &["Admin"]).await;
    let output = Output::of_this_test();
    let own = format!("POST {SIGN_IN}");
    for (route, status) in [
        (Some(own.as_str()), 200),
        (Some("POST /identity/{proxy+}"), 200),
        (Some("ANY /identity/resources/auth/{proxy+}"), 404),
        (Some("$default"), 404),
        (None, 404),
    ] {
        let event = by_route(route, event(&app, "POST", SIGN_IN, &credentials(PASSWORD)));
        let answer = answer(&app, &output, event).await;
        assert_eq!(answer["statusCode"], status, "{route:?}: {answer}");
        assert_eq!(answer["body"].as_str().unwrap().contains("one spelling"), status == 404, "{route:?}");
    }
    // One that has none answers to any.
    let keys = event(&app, "GET", "/.well-known/jwks.json", &json!({}));
    let keys = by_route(Some("ANY /.well-known/{proxy+}"), keys);
    assert_eq!(answer(&app, &output, keys).await["statusCode"], 200);
}

/// `event` as it is when API Gateway chose `route`.
fn by_route(route: Option<&str>, mut event: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(request) = &mut event else { panic!("the event is of another kind") };
    request.request_context.route_key = route.map(str::to_owned);
    event
}

#[tokio::test]
async fn a_line_of_metrics_is_what_cloudwatch_reads() {
    let app = TestApp::start(router()).await;
    let acme = app.tenant("Acme").await;
    app.user("jane@example.com", &acme, &["Admin"]).await;
    let output = Output::of_this_test();
    answer(&app, &output, event(&app, "POST", SIGN_IN, &credentials(PASSWORD))).await;
    let line = output.lines().pop().unwrap();
    assert!(line["latency"].as_f64().is_some_and(|latency| latency > 0.0), "{line}");
    assert_eq!(line["environmentId"], app.environment().id().to_string());
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric} is a number in {line}");
        }
        for dimension in directive["Dimensions"][0].as_array().unwrap() {
            assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension} is a text in {line}");
        }
    }
    let varying = ["latency", "environmentId", "traceId"].map(|name| line[name].to_string());
    let text = output.text().lines().last().unwrap().to_owned();
    let shown = varying.iter().fold(text, |text, value| text.replace(value, "…"));
    insta::assert_snapshot!(shown, @r#"{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["stack"]],"Metrics":[{"Name":"latency","Unit":"Milliseconds"},{"Name":"errors","Unit":"Count"},{"Name":"coldStart","Unit":"Count"},{"Name":"tableRequests","Unit":"Count"},{"Name":"tableThrottles","Unit":"Count"},{"Name":"consumedReadCapacity","Unit":"Count"},{"Name":"consumedWriteCapacity","Unit":"Count"},{"Name":"kmsCalls","Unit":"Count"},{"Name":"kmsThrottles","Unit":"Count"}],"Namespace":"Rookery"},{"Dimensions":[["stack","endpoint"]],"Metrics":[{"Name":"latency","Unit":"Milliseconds"},{"Name":"errors","Unit":"Count"}],"Namespace":"Rookery"}],"Timestamp":1767225600000},"stack":"blue","endpoint":"POST /identity/resources/auth/v1/user","latency":…,"errors":0,"coldStart":1,"tableRequests":5,"tableThrottles":0,"consumedReadCapacity":5.0,"consumedWriteCapacity":3.0,"consumedCapacity":8.0,"kmsCalls":0,"kmsThrottles":0,"status":200,"environmentId":…,"traceId":…,"requestId":"lambda-request","xrayTraceId":"Root=1-5759e988-bd862e3fe1be46a994272793"}"#);
}

#[tokio::test]
async fn a_vendor_is_counted_once_they_have_proved_who_they_are() {
    let app = TestApp::start(router()).await;
    let output = Output::of_this_test();
    let (client_id, secret) = app.credentials();
    for secret in [secret, "secret-guess"] {
        let body = json!({ "clientId": client_id, "secret": secret });
        answer(&app, &output, event(&app, "POST", "/auth/vendor", &body)).await;
    }
    let lines: Vec<_> = output.lines().into_iter().filter(|line| line.get("_aws").is_some()).collect();
    let told = lines.iter().map(|line| [&line["status"], &line["environmentId"]]).collect::<Vec<_>>();
    assert_eq!(json!(told), json!([[200, client_id], [401, null]]));
}

#[tokio::test]
async fn metrics_say_what_failed_and_the_log_says_why() {
    let (app, gate) = TestApp::start_behind_gate(router()).await;
    let output = Output::of_this_test();
    gate.bar("GetItem", Fault::Answer(400, "ProvisionedThroughputExceededException"));
    answer(&app, &output, event(&app, "POST", SIGN_IN, &credentials(PASSWORD))).await;
    let lines = output.lines();
    let log = lines.iter().find(|line| line["level"] == "WARN").unwrap();
    let line = lines.last().unwrap();
    assert_eq!(
        (&log["message"], &log["cause"]),
        (&json!("a request was put off"), &json!("the table is throttled"))
    );
    assert_eq!(log["traceId"], line["traceId"]);
    let counts = ["status", "errors", "tableRequests", "tableThrottles", "consumedCapacity"];
    assert_eq!(json!(counts.map(|count| &line[count])), json!([503, 1, 1, 1, 0.0]));
}

#[test]
fn an_error_is_logged_with_what_caused_it() {
    let output = Output::of_this_test();
    let error = rookery_tokens::SigningError::Key("the key is disabled".into());
    tracing::error!(cause = &error as &dyn std::error::Error, "a request failed");
    let line = output.lines().remove(0);
    assert_eq!(line["cause"], "the key cannot be used: the key is disabled");
    assert_eq!((&line["level"], &line["target"]), (&json!("ERROR"), &json!("rookery_runtime::tests")));
}
