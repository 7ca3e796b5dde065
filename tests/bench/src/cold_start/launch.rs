//! One start of a function.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::keys::Keys;
use super::process::Process;
use super::stub::{Sighting, Stub};
use super::subject::Subject;
use crate::Failure;

/// How long a function may take. It is some hundred times as long as it should.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a start went. Times begin with the process.
pub(crate) struct Launch {
    /// Until the function asked for an event.
    pub(crate) ready: Duration,
    /// Until it had answered it.
    pub(crate) answered: Duration,
    /// The processor time by then, in milliseconds.
    pub(crate) cpu_milliseconds: f64,
    /// The most memory that it had by then, in megabytes.
    pub(crate) peak_megabytes: f64,
}

/// Starts `subject`, gives it its event, and ends it when it has answered.
#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
pub(crate) async fn launch(subject: &Subject, keys: &Keys) -> Result<Launch, Failure> {
    let mut stub = Stub::listen(&subject.event, keys).await?;
    let mut command = Command::new(&subject.program);
    command
        .env_clear()
        .envs(&subject.environment)
        .env("AWS_LAMBDA_RUNTIME_API", stub.address.to_string())
        .env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", stub.address))
        .env("AWS_ENDPOINT_URL_KMS", format!("http://{}", stub.address))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let start = Instant::now();
    let process = Process::start(&mut command)?;
    let seen = timeout(PATIENCE, watch(&mut stub));
    let seen = seen.await.map_err(|_| format!("it had not answered after {} s", PATIENCE.as_secs()))??;
    if subject.signing.is_some() && !seen.looked_up {
        return Err("it answered without a look into the table".into());
    }
    Ok(Launch {
        ready: seen.ready.duration_since(start),
        answered: seen.answered.duration_since(start),
        cpu_milliseconds: process.cpu_milliseconds()?,
        peak_megabytes: process.peak_megabytes()?,
    })
}

struct Seen {
    ready: Instant,
    looked_up: bool,
    answered: Instant,
}

/// Watches the function that talks to `stub` until it has answered.
async fn watch(stub: &mut Stub) -> Result<Seen, Failure> {
    let (mut asked_at, mut looked_up) = (None, false);
    while let Some(sighting) = stub.sightings.recv().await {
        match sighting {
            Sighting::Ready(at) => asked_at = Some(at),
            Sighting::LookedUp => looked_up = true,
            Sighting::Answered(_, answer) if answer["statusCode"].as_u64() >= Some(500) => {
                return Err(format!("it answered {answer}").into());
            }
            Sighting::Answered(answered, _) => {
                let ready = asked_at.ok_or("it answered before it had asked")?;
                return Ok(Seen { ready, looked_up, answered });
            }
            Sighting::Failed(message) => return Err(message.into()),
        }
    }
    Err("the stub ended".into())
}
