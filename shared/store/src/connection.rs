//! The way to the table.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::error::BoxError;

use crate::{Consumption, Fact, consumption};

/// A DynamoDB client and the name of the table.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) client: Client,
    pub(crate) table_name: Arc<str>,
    pub(crate) round_trips: RoundTrips,
    pub(crate) consumption: Consumption,
    pub(crate) listener: Option<FactListener>,
}

/// What is told each fact once it is written: where no stream does so.
#[derive(Clone)]
pub(crate) struct FactListener(Arc<dyn Fn(&Fact) + Send + Sync>);

impl fmt::Debug for FactListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactListener")
    }
}

impl Connection {
    /// Connects to the table `table_name` with the settings of `config`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table_name: &str) -> Self {
        let (round_trips, consumption) = (RoundTrips::default(), Consumption::default());
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            // Answers are no streams, and every operation has a limit in time of its own.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Watch { round_trips: round_trips.clone(), consumption: consumption.clone() })
            .build();
        let (client, table_name) = (Client::from_conf(config), table_name.into());
        Self { client, table_name, round_trips, consumption, listener: None }
    }

    /// The same, which tells `listener` each fact that it has written. On AWS the table's stream does so, whoever writes.
    #[must_use]
    pub fn telling(self, listener: impl Fn(&Fact) + Send + Sync + 'static) -> Self {
        Self { listener: Some(FactListener(Arc::new(listener))), ..self }
    }

    /// Says that `facts` have been written.
    pub(crate) fn tell<'f>(&self, facts: impl IntoIterator<Item = &'f Fact>) {
        if let Some(FactListener(listener)) = &self.listener {
            facts.into_iter().for_each(|fact| listener(fact));
        }
    }
}

/// Counts what goes to the table: requests, and waves of requests that are under way together. A wave is what a caller
/// waits for, as round trips made at the same time take the time of one.
#[derive(Clone, Debug, Default)]
pub struct RoundTrips(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicUsize,
    waves: AtomicUsize,
    under_way: AtomicUsize,
}

impl RoundTrips {
    /// How many requests there have been.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// How many waves there have been.
    #[must_use]
    pub fn waves(&self) -> usize {
        self.0.waves.load(Ordering::SeqCst)
    }

    fn begin(&self) {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        if self.0.under_way.fetch_add(1, Ordering::SeqCst) == 0 {
            self.0.waves.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn end(&self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Watches what goes to the table. It is one interceptor, as each has a part in some twenty steps of every request.
#[derive(Debug)]
struct Watch {
    round_trips: RoundTrips,
    consumption: Consumption,
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        consumption::ask(context.input_mut());
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.round_trips.begin();
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.consumption.note(context.output_or_error());
        Ok(())
    }

    fn read_after_attempt(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.round_trips.end();
        Ok(())
    }
}
