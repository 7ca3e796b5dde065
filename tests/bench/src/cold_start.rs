//! How long functions take to start.
//!
//! Every function is started as Lambda starts it: its program, in an environment like the one that the stack gives it,
//! asks for an event and answers it. Lambda, KMS and DynamoDB are stubs in this process, so the times are those of the
//! function alone; on AWS come those of the network. The smallest function there is starts alongside.

mod aws;
mod event;
mod keys;
mod launch;
mod process;
mod stub;
mod subject;

use std::path::Path;

use serde::Serialize;

use crate::Failure;
use crate::measure::median;
use keys::Keys;
use launch::{Launch, launch};
use subject::Subject;

pub(crate) use subject::Signing;

/// How often every function is started.
const LAUNCHES: usize = 20;

/// What the starts of a function came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ColdStart {
    pub(crate) function: String,
    /// How it comes to its keys; none for the smallest function, which has no keys.
    pub(crate) signing: Option<Signing>,
    /// From the start of its process until it asks for an event, in milliseconds.
    pub(crate) ready_milliseconds: f64,
    /// From the start of its process until it has answered the event, in milliseconds.
    pub(crate) answered_milliseconds: f64,
    /// The processor time until then, in milliseconds.
    pub(crate) cpu_milliseconds: f64,
    /// The most memory that it had until then, in megabytes.
    pub(crate) peak_megabytes: f64,
}

/// Starts the functions in `folder`, in rounds, so that whatever else the machine does meets all of them.
pub(crate) async fn all(folder: &Path) -> Result<Vec<ColdStart>, Failure> {
    let keys = Keys::generate()?;
    let subjects = subject::all(folder, &keys).await?;
    let mut launches: Vec<_> = subjects.into_iter().map(|subject| (subject, Vec::new())).collect();
    for _ in 0..LAUNCHES {
        for (subject, launches) in &mut launches {
            launches.push(
                launch(subject, &keys).await.map_err(|error| format!("{}: {error}", subject.function))?,
            );
        }
    }
    eprintln!("every function started {LAUNCHES} times");
    Ok(launches.into_iter().map(|(subject, launches)| summary(subject, &launches)).collect())
}

fn summary(subject: Subject, launches: &[Launch]) -> ColdStart {
    let median = |part: fn(&Launch) -> f64| median(launches.iter().map(part).collect());
    ColdStart {
        function: subject.function,
        signing: subject.signing,
        ready_milliseconds: median(|launch| launch.ready.as_secs_f64() * 1_000.0),
        answered_milliseconds: median(|launch| launch.answered.as_secs_f64() * 1_000.0),
        cpu_milliseconds: median(|launch| launch.cpu_milliseconds),
        peak_megabytes: median(|launch| launch.peak_megabytes),
    }
}
