//! What requests cost: processor time, and how many are answered a second. And how long functions take to start.
//!
//! The database engine is in a process of its own, so the processor time of the process that measures is Rookery's, with
//! that of the AWS SDK in it. Requests go straight to the service, without a socket: what is spent on building them and
//! on taking their answers is counted too, and is little.
//!
//! Processor times are of requests one after the other; rates are of sixteen at a time, on a machine that the engine
//! has to share. What a hash, a signature and a read of one item cost is measured alongside, and what requests are
//! aimed to cost is said in terms of those: a slower machine, or one with other things to do, is slower in all of them.
//!
//! For its processor time everything takes turns, with a hash in every turn. A function on Lambda is called now and then,
//! and finds the processor's caches full of something else; one and the same request again and again would find them as it
//! left them, and be measured to cost about half.

mod cold_start;
mod lists;
mod measure;
mod operation;
mod report;
mod scene;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use rookery_table::LocalTable;

use report::Report;
use scene::Scene;

/// What ends a run.
type Failure = Box<dyn Error + Send + Sync>;

/// Where the engine is; the same variable has the tests use it.
const ENDPOINT: &str = "ROOKERY_TEST_DYNAMODB_ENDPOINT";

/// Measure what requests cost.
///
/// The engine is the embedded one, or with `ROOKERY_TEST_DYNAMODB_ENDPOINT` the DynamoDB at that address.
#[derive(Clone, Parser)]
struct Arguments {
    /// The file to write the results to, as JSON.
    #[arg(long, default_value = "target/bench.json")]
    output: PathBuf,
    /// How many users the long list has.
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// How often everything is measured; of each measurement the median counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The folder with the functions, as `make build` leaves them for the processors of this machine. Without it, how
    /// long they take to start is not measured.
    #[arg(long)]
    functions: Option<PathBuf>,
    /// Measure pages of a list of a million users too, which takes long to make.
    #[arg(long)]
    million: bool,
    /// Measure nothing else.
    #[arg(long)]
    only: Option<Part>,
}

/// What is measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Requests,
    ColdStarts,
    Lists,
}

impl Arguments {
    fn includes(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    match env::var(ENDPOINT) {
        // As a task, like any request to a server.
        Ok(_) => tokio::spawn(async move { run(&arguments).await }).await??,
        Err(_) => return with_engine().await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs this program a second time, to measure. The engine is in this process.
async fn with_engine() -> Result<ExitCode, Failure> {
    let table = LocalTable::in_memory().await?;
    let config = table.sdk_config();
    let endpoint = config.endpoint_url().ok_or("the engine has no address")?;
    let mut measuring = Command::new(env::current_exe()?);
    // The engine runs on a thread of its own, so that waiting here does not stop it.
    let status = measuring.args(env::args_os().skip(1)).env(ENDPOINT, endpoint).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut measurements = Vec::new();
    if arguments.includes(Part::Requests) {
        let scene = Arc::new(Scene::set(arguments.users).await?);
        measurements = measure::all(&scene, arguments.rounds).await?;
    }
    let cold_starts = match &arguments.functions {
        Some(folder) if arguments.includes(Part::ColdStarts) => cold_start::all(folder).await?,
        Some(_) | None => Vec::new(),
    };
    let lists = match arguments.includes(Part::Lists) {
        true => lists::measure(arguments.rounds, arguments.million).await?,
        false => Vec::new(),
    };
    let report = Report::new(&measurements, lists, cold_starts, arguments);
    report.print();
    report.write(&arguments.output)?;
    Ok(())
}
