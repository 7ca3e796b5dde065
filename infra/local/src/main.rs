//! Starts the local server, says where it is, and stops it when it is told to.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use rookery_domain::with_causes;
use rookery_local::{Options, Server, banner};
use tracing_subscriber::EnvFilter;

/// What is logged. The engine warns of every condition that does not hold, which is how uniqueness is kept here.
const LOGGED: &str = "info,dynoxide=error";

/// For how long requests may be finished after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match Box::pin(run(&options)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rookery-local: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Before anything is announced: from then on the server may be told to stop.
    let mut signals = Signals::listen()?;
    let server = Server::start(options).await?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(server.facts())?)?;
    stdout.flush()?;
    if !options.quiet {
        eprint!("{}", banner(server.facts()));
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = server.run(async { drop(stopped.await) });
    tokio::pin!(serving);
    tokio::select! {
        outcome = &mut serving => return Ok(outcome?),
        () = signals.next() => drop(stop),
    }
    // A connection that does not end, or a second signal, ends the wait.
    tokio::select! {
        outcome = tokio::time::timeout(GRACE, serving) => Ok(outcome.unwrap_or(Ok(()))?),
        () = signals.next() => Ok(()),
    }
}

/// What the system tells a process to stop with.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What the system tells a process to stop with: here there is only Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
