//! What a function talks to: Lambda's Runtime API and the services of AWS, all at one address.

use std::future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::aws;
use super::keys::Keys;
use crate::Failure;

/// What is seen of a function.
pub(crate) enum Sighting {
    /// It asked for the first event.
    Ready(Instant),
    /// It asked for something in the table.
    LookedUp,
    /// It answered the event.
    Answered(Instant, Value),
    /// It said that it failed.
    Failed(String),
}

/// The stub for one process of a function.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    pub(crate) sightings: UnboundedReceiver<Sighting>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Script {
    event: Arc<str>,
    keys: Keys,
    given: Arc<AtomicBool>,
    sightings: UnboundedSender<Sighting>,
}

impl Stub {
    /// Listens. Whoever asks for an event gets `event`, once.
    pub(crate) async fn listen(event: &Value, keys: &Keys) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, sightings) = unbounded_channel();
        let script = Script {
            event: event.to_string().into(),
            keys: keys.clone(),
            given: Arc::default(),
            sightings: sender,
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .route("/", get(async || "healthy").post(call))
            .with_state(script);
        // Lambda answers without delay.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let serving = tokio::spawn(async move {
            // It goes on until the task is ended, and then nobody asks how it went.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, sightings, serving })
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Script {
    fn saw(&self, sighting: Sighting) {
        // Nobody looks any more once the function has answered.
        let _ = self.sightings.send(sighting);
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
async fn next(State(script): State<Script>) -> Response {
    let now = Instant::now();
    if script.given.swap(true, Ordering::SeqCst) {
        // There is no second event.
        return future::pending().await;
    }
    script.saw(Sighting::Ready(now));
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        // In the year 2100.
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:111122223333:function:bench"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"),
    ];
    (headers, script.event.to_string()).into_response()
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
async fn answered(State(script): State<Script>, body: Bytes) -> StatusCode {
    let now = Instant::now();
    match serde_json::from_slice(&body) {
        Ok(answer) => script.saw(Sighting::Answered(now, answer)),
        Err(error) => script.saw(Sighting::Failed(error.to_string())),
    }
    StatusCode::ACCEPTED
}

async fn failed(State(script): State<Script>, body: Bytes) -> StatusCode {
    script.saw(Sighting::Failed(String::from_utf8_lossy(&body).into_owned()));
    StatusCode::ACCEPTED
}

/// A call of an operation of AWS.
async fn call(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if aws::is_of_table(target) {
        script.saw(Sighting::LookedUp);
    }
    let request = serde_json::from_slice(&body).unwrap_or_default();
    match aws::answer(&script.keys, target, &request) {
        Ok(answer) => ([("content-type", "application/x-amz-json-1.0")], answer.to_string()).into_response(),
        Err(error) => {
            script.saw(Sighting::Failed(error.to_string()));
            StatusCode::BAD_REQUEST.into_response()
        }
    }
}
