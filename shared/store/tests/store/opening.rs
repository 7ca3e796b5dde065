//! The connection that is opened before the first request.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rookery_store::{Connection, Store};
use tokio::net::TcpListener;

/// From where each request came, and what it was.
type Seen = Arc<Mutex<Vec<(SocketAddr, Parts)>>>;

async fn answer(
    State(seen): State<Seen>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> &'static str {
    let (parts, _) = request.into_parts();
    let answer =
        if parts.method == Method::GET { "healthy: dynamodb.eu-central-1.amazonaws.com" } else { "{}" };
    seen.lock().unwrap().push((client, parts));
    answer
}

fn config(address: SocketAddr) -> SdkConfig {
    let credentials = Credentials::new("id", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build()
}

#[tokio::test]
async fn the_first_request_finds_an_open_connection() {
    let seen = Seen::default();
    let router = Router::new().fallback(answer).with_state(seen.clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let connection = Connection::new(&config(listener.local_addr().unwrap()), "rookery");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });

    connection.open().await;
    assert_eq!(Store::new(connection).environments().find_by_host("auth.example.com").await.unwrap(), None);

    let seen = seen.lock().unwrap();
    let [(opener, greeting), (reader, read)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((&greeting.method, greeting.uri.path()), (&Method::GET, "/"));
    assert!(!greeting.headers.contains_key(AUTHORIZATION), "it needs no permission");
    assert_eq!(read.headers["x-amz-target"], "DynamoDB_20120810.GetItem");
    assert_eq!(opener, reader, "both came by the same connection");
}

#[tokio::test]
async fn that_nobody_answers_is_left_to_the_first_request() {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let connection = Connection::new(&config(nobody), "rookery");
    connection.open().await;
    assert!(Store::new(connection).environments().find_by_host("auth.example.com").await.is_err());
}
