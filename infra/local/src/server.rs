//! The server: everything put together behind one port.

use std::fs::File;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use rookery_domain::{Clock, Entropy, SystemClock, SystemEntropy, VendorId};
use rookery_email::Mailer;
use rookery_http::{AppState, ClientAddress, Costly, Parts, service};
use rookery_store::{Connection, Store};
use rookery_table::LocalTable;
use rookery_tokens::{KeyRing, LocalSigner, PasswordHasher};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::home::Home;
use crate::{Options, StartError, body, environment, pages, worker};

/// What a client needs to know of a server.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Where it is.
    pub base_url: String,
    /// The environment's client id.
    pub client_id: VendorId,
    /// The environment's secret.
    pub secret: String,
    /// Where the captured mails are, as JSON.
    pub mail_url: String,
}

/// A server that has its port and its data, and is ready to run.
pub struct Server {
    facts: Facts,
    listener: TcpListener,
    router: Router,
    app: AppState,
    written: worker::Written,
    // Kept until the server has stopped.
    _table: LocalTable,
    _lock: Option<File>,
}

impl Server {
    /// Prepares everything.
    ///
    /// # Errors
    /// The port or the data cannot be had.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let unusable = |source| StartError::Port { port: options.port, source };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(unusable)?;
        let base_url = format!("http://{}", port.local_addr().map_err(unusable)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);

        let home = Home::open(options, clock.clone(), entropy.clone()).await?;
        let connection = Connection::new(&home.table.sdk_config(), home.table.table_name());
        let (listener, written) = worker::channel();
        let store = Store::new(connection.telling(listener));
        environment::prepare(&store, &home.credentials, &base_url, options, &*clock, &*entropy).await?;

        let facts = Facts {
            mail_url: format!("{base_url}{}", pages::MAIL_JSON),
            client_id: home.credentials.client_id,
            secret: home.credentials.secret,
            base_url,
        };
        let app = AppState::new(Parts {
            store,
            user_keys: ring(home.user_key),
            vendor_keys: ring(home.vendor_key),
            costly: Costly::new(
                PasswordHasher::new(entropy.clone())?,
                Mailer::new(Arc::new(home.mail.clone())),
                Arc::new(home.sealer),
            ),
            clock,
            entropy,
        });
        let hosts = environment::hosts(options).collect();
        let router = pages::router(facts.clone(), home.mail, hosts)?
            .fallback_service(service::service(rookery_openapi::router(), app.clone()))
            .layer(from_fn_with_state(app.clone(), with_deferred))
            .layer(from_fn(with_client_address))
            .layer(from_fn(body::read_whole));
        Ok(Self { facts, listener: port, router, app, written, _table: home.table, _lock: home.lock })
    }

    /// What clients need to know.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Answers requests until `stop`, and then those that are under way.
    ///
    /// # Errors
    /// The port fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let service = self.router.into_make_service_with_connect_info::<SocketAddr>();
        let worker = tokio::spawn(worker::run(self.app, self.written));
        let served = axum::serve(self.listener, service).with_graceful_shutdown(stop).await;
        worker.abort();
        served
    }
}

fn ring(key: LocalSigner) -> KeyRing {
    KeyRing::new(Arc::new(key), Vec::new())
}

/// Has what was deferred done while the answer is sent.
async fn with_deferred(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    tokio::spawn(async move { app.run_deferred().await });
    response
}

async fn with_client_address(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(ClientAddress(peer.ip()));
    next.run(request).await
}
