//! The worker, in this process: what requests leave for it is worked off as the function `worker` does on AWS.

use rookery_domain::with_causes;
use rookery_http::AppState;
use rookery_store::Fact;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// How many facts are filed together.
const TOGETHER: usize = 200;

/// For how many days records of the audit log are kept, as a stack keeps them unless it is told otherwise.
const KEEP_DAYS: u32 = 365;

/// The facts that have been written. They come by the store and not by the table's stream: the embedded engine reads all
/// that it has ever streamed at each write.
pub(crate) type Written = UnboundedReceiver<Fact>;

/// What the store tells of the facts that it has written, and where they arrive.
pub(crate) fn channel() -> (impl Fn(&Fact) + Send + Sync, Written) {
    let (sender, written) = unbounded_channel();
    // When the server stops, nobody receives any more.
    let listener = move |fact: &Fact| drop(sender.send(fact.clone()));
    (listener, written)
}

/// Files the facts that are written.
pub(crate) async fn run(app: AppState, mut written: Written) {
    let mut facts = Vec::new();
    while written.recv_many(&mut facts, TOGETHER).await > 0 {
        let some = std::mem::take(&mut facts);
        if let Err(error) = rookery_worker::file(&app.store, some, app.now(), KEEP_DAYS).await {
            tracing::error!(cause = %with_causes(&error), "facts were not filed in the audit log");
        }
    }
}
