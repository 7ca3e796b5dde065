//! The embedded engine, served on a port of this machine only.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread::{self, JoinHandle};

use dynoxide::{Database, server};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::LocalTableError;

/// An engine on a thread of its own: it outlives the runtime of whoever started it, which in a test is that of one test.
#[derive(Debug)]
pub(crate) struct Engine {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    pub(crate) async fn in_memory() -> Result<Self, LocalTableError> {
        let database = Database::memory().map_err(|error| LocalTableError::Database(error.to_string()))?;
        Ok(Self::start(database).await?)
    }

    pub(crate) async fn on_disk(path: &Path) -> Result<Self, LocalTableError> {
        let Some(text) = path.to_str() else {
            return Err(LocalTableError::Database(format!("{} is not UTF-8", path.display())));
        };
        let database = Database::new(text).map_err(|error| LocalTableError::Database(error.to_string()))?;
        Ok(Self::start(database).await?)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    async fn start(database: Database) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let (started, starting) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("rookery-table".to_owned())
            .spawn(move || run(listener, database, started, stopped))?;
        let engine = Self { url, stop: Some(stop), thread: Some(thread) };
        starting.await.map_err(io::Error::other)??;
        Ok(engine)
    }
}

impl Drop for Engine {
    /// Waits for the database to be closed, so that its file can be opened anew or deleted.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported already.
            drop(thread.join());
        }
    }
}

/// Serves until the other end of `stopped` is dropped. What is still under way ends with the runtime.
fn run(
    listener: TcpListener,
    database: Database,
    started: oneshot::Sender<io::Result<()>>,
    stopped: oneshot::Receiver<()>,
) {
    let serve = || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        runtime.spawn(server::serve_on(listener, database));
        drop(guard);
        Ok(runtime)
    };
    match serve() {
        Ok(runtime) => {
            // Both channels carry no news but that the other end is gone, which is no failure.
            let _ = started.send(Ok(()));
            let _ = runtime.block_on(stopped);
        }
        Err(error) => drop(started.send(Err(error))),
    }
}
