//! Measuring.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

use crate::Failure;
use crate::operation::{Caller, Operation};
use crate::scene::Scene;

/// How many requests are under way when rates are measured.
pub(crate) const IN_FLIGHT: usize = 16;

/// How often an operation is done before it is measured.
const WARM_UP: usize = 10;

/// How often each operation is done in a round, while its processor time is measured.
const TURNS: usize = 60;

/// For how long a rate is measured.
const RATE_MEASURED: Duration = Duration::from_millis(500);

/// What an operation came to.
pub(crate) struct Measurement {
    pub(crate) operation: Operation,
    /// The processor time of one, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// How many there were in a second.
    pub(crate) per_second: f64,
    /// How many requests each sent to the table.
    pub(crate) table_requests: usize,
    /// In how many waves: requests that are under way together are one, those too of which one began before another ended.
    pub(crate) waves: usize,
}

/// Measures everything `rounds` times, so that whatever else the machine does meets all of it.
pub(crate) async fn all(scene: &Arc<Scene>, rounds: usize) -> Result<Vec<Measurement>, Failure> {
    let mut callers = Vec::with_capacity(IN_FLIGHT);
    for _ in 0..IN_FLIGHT {
        callers.push(Caller::new(scene).await?);
    }
    let mut series = Vec::with_capacity(Operation::ALL.len());
    for operation in Operation::ALL {
        series.push(Series::warm_up(operation, scene, &mut callers[0]).await?);
    }
    for round in 1..=rounds {
        for _ in 0..TURNS {
            take_turns(&mut series, scene, &mut callers[0]).await?;
        }
        for series in &mut series {
            let (rate, returned) = per_second(series.operation, scene, callers).await?;
            series.per_second.push(rate);
            callers = returned;
        }
        eprintln!("round {round} of {rounds} measured");
    }
    Ok(series.into_iter().map(Series::measurement).collect())
}

/// The measurements of one operation.
struct Series {
    operation: Operation,
    cpu_ms: Vec<f64>,
    per_second: Vec<f64>,
    table_requests: usize,
    waves: usize,
}

impl Series {
    /// Opens connections and fills caches, and then counts what goes to the table.
    async fn warm_up(operation: Operation, scene: &Scene, caller: &mut Caller) -> Result<Self, Failure> {
        for _ in 0..WARM_UP {
            caller.perform(operation, scene).await?;
        }
        let counter = scene.app.store().round_trips();
        let (requests, waves) = (counter.requests(), counter.waves());
        caller.perform(operation, scene).await?;
        Ok(Self {
            operation,
            cpu_ms: Vec::new(),
            per_second: Vec::new(),
            table_requests: counter.requests() - requests,
            waves: counter.waves() - waves,
        })
    }

    fn measurement(self) -> Measurement {
        Measurement {
            operation: self.operation,
            cpu_ms: median(self.cpu_ms),
            per_second: median(self.per_second),
            table_requests: self.table_requests,
            waves: self.waves,
        }
    }
}

/// The median of `values`, of an even number the upper one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Does every operation once, in an order that nobody foresees, and notes the processor time of each.
async fn take_turns(series: &mut [Series], scene: &Scene, caller: &mut Caller) -> Result<(), Failure> {
    let entropy = &scene.app.state().entropy;
    let mut order: Vec<_> = series.iter_mut().collect();
    order.sort_by_cached_key(|_| entropy.uuid());
    for series in order {
        let before = processor_time()?;
        caller.perform(series.operation, scene).await?;
        let spent = processor_time()?.saturating_sub(before);
        series.cpu_ms.push(spent.as_secs_f64() * 1_000.0);
    }
    Ok(())
}

/// The processor time of all threads of this process.
pub(crate) fn processor_time() -> Result<Duration, Failure> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

/// How many of `operation` there are in a second when each of `callers` does one after the other.
#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
async fn per_second(
    operation: Operation,
    scene: &Arc<Scene>,
    callers: Vec<Caller>,
) -> Result<(f64, Vec<Caller>), Failure> {
    let start = Instant::now();
    let mut calling = JoinSet::new();
    for mut caller in callers {
        let scene = Arc::clone(scene);
        calling.spawn(async move {
            let mut done = 0;
            while start.elapsed() < RATE_MEASURED {
                caller.perform(operation, &scene).await?;
                done += 1;
            }
            Ok::<_, Failure>((done, caller))
        });
    }
    let outcomes = calling.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let seconds = start.elapsed().as_secs_f64();
    let (done, callers): (Vec<u32>, Vec<Caller>) = outcomes.into_iter().unzip();
    Ok((f64::from(done.iter().sum::<u32>()) / seconds, callers))
}
