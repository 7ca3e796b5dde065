//! What handlers work with.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use rookery_domain::{Clock, Entropy, Timestamp, VendorId};
use rookery_email::Mailer;
use rookery_store::Store;
use rookery_tokens::{KeyRing, PasswordHasher, Sealer};

use crate::deferred::Deferred;

/// The parts that a server is put together from, once, when it starts.
pub struct Parts {
    /// The table.
    pub store: Store,
    /// Signs and knows users' tokens.
    pub user_keys: KeyRing,
    /// Signs and knows vendors' tokens. The keys are others than the users', so that no token can pass as the other
    /// kind.
    pub vendor_keys: KeyRing,
    /// What only endpoints with a rate limit of their own use.
    pub costly: Costly,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Supplies randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// What takes a processor's time, sends mail or asks a key for whoever asks: for [`RateLimited`](crate::RateLimited) alone.
pub struct Costly {
    pub(crate) passwords: PasswordHasher,
    pub(crate) mailer: Mailer,
    pub(crate) sealer: Arc<dyn Sealer>,
}

impl Costly {
    /// All of it.
    #[must_use]
    pub fn new(passwords: PasswordHasher, mailer: Mailer, sealer: Arc<dyn Sealer>) -> Self {
        Self { passwords, mailer, sealer }
    }
}

/// What handlers work with: the [`Parts`], shared.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    parts: Parts,
    hosts: Mutex<HashMap<String, (VendorId, Timestamp)>>,
    deferred: Deferred,
}

/// For how long it is remembered which environment a host name belongs to, in seconds.
const HOST_REMEMBERED_SECONDS: i64 = 60;

/// For how long one request goes on with work that the same request can continue, in seconds. It leaves time to end what
/// was begun before the request has to be answered.
const LONGEST_WORK_SECONDS: i64 = 15;

/// How many host names are remembered. Only those are that belong to an environment, so this is a precaution.
const HOSTS_REMEMBERED: usize = 1_000;

impl AppState {
    /// Shares `parts`.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, hosts: Mutex::default(), deferred: Deferred::default() }))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether there is time to begin another piece of long work, in a request that begins now.
    pub fn time_for_more(&self) -> impl Fn() -> bool + Sync + use<'_> {
        let start = self.now();
        move || self.now().seconds_since(start) < LONGEST_WORK_SECONDS
    }

    pub(crate) fn deferred(&self) -> &Deferred {
        &self.0.deferred
    }

    pub(crate) fn remembered_host(&self, host: &str) -> Option<VendorId> {
        let hosts = self.0.hosts.lock().ok()?;
        let (vendor, since) = hosts.get(host)?;
        (self.now().seconds_since(*since) < HOST_REMEMBERED_SECONDS).then_some(*vendor)
    }

    pub(crate) fn remember_host(&self, host: &str, vendor: VendorId) {
        if let Ok(mut hosts) = self.0.hosts.lock() {
            if hosts.len() >= HOSTS_REMEMBERED {
                hosts.clear();
            }
            hosts.insert(host.to_owned(), (vendor, self.now()));
        }
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
