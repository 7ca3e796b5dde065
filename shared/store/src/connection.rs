//! The way to the table.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::error::BoxError;

use crate::{Consumption, consumption};

/// A DynamoDB client and the name of the table.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) client: Client,
    pub(crate) table_name: Arc<str>,
    pub(crate) round_trips: RoundTrips,
    pub(crate) consumption: Consumption,
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
        Self { client: Client::from_conf(config), table_name: table_name.into(), round_trips, consumption }
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
