//! What requests consume of the table's capacity.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::{
    batch_get_item, delete_item, get_item, put_item, query, transact_write_items, update_item,
};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;

use crate::error::is_throttle;

/// Has every answer of the table say what it consumed, and adds that up. What DynamoDB refuses, such as a write whose
/// condition does not hold, consumes too, and it does not say how much.
#[derive(Clone, Debug, Default)]
pub struct Consumption(Arc<Mutex<Consumed>>);

/// What has been consumed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Consumed {
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
    /// Answers that there are too many requests, those too after which the SDK tried again.
    pub throttles: u32,
}

impl Consumption {
    /// What has been consumed so far.
    #[must_use]
    pub fn so_far(&self) -> Consumed {
        *self.consumed()
    }

    pub(crate) fn note(&self, outcome: Result<&Output, &OrchestratorError<Error>>) {
        match outcome {
            Ok(output) => add(&mut self.consumed(), output),
            Err(error) if error.as_operation_error().is_some_and(is_throttled) => {
                self.consumed().throttles += 1;
            }
            Err(_) => {}
        }
    }

    fn consumed(&self) -> MutexGuard<'_, Consumed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! operations {
    ($($units:ident: $module:ident $input:ident $output:ident $error:ident;)*) => {
        /// Has the answer say what it consumed.
        pub(crate) fn ask(input: &mut Input) {
            $(if let Some(input) = input.downcast_mut::<$module::$input>() {
                input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
            })*
        }

        /// Adds what an answer says it consumed.
        fn add(consumed: &mut Consumed, output: &Output) {
            $(if let Some(output) = output.downcast_ref::<$module::$output>() {
                let units = output.consumed_capacity().into_iter().filter_map(ConsumedCapacity::capacity_units);
                consumed.$units += units.sum::<f64>();
            })*
        }

        /// DynamoDB's name for an error.
        fn code(error: &Error) -> Option<&str> {
            $(if let Some(error) = error.downcast_ref::<$module::$error>() {
                return error.code();
            })*
            None
        }
    };
}

operations! {
    read_units: get_item GetItemInput GetItemOutput GetItemError;
    read_units: batch_get_item BatchGetItemInput BatchGetItemOutput BatchGetItemError;
    read_units: query QueryInput QueryOutput QueryError;
    write_units: put_item PutItemInput PutItemOutput PutItemError;
    write_units: update_item UpdateItemInput UpdateItemOutput UpdateItemError;
    write_units: delete_item DeleteItemInput DeleteItemOutput DeleteItemError;
    write_units: transact_write_items TransactWriteItemsInput TransactWriteItemsOutput TransactWriteItemsError;
}

fn is_throttled(error: &Error) -> bool {
    use transact_write_items::TransactWriteItemsError::TransactionCanceledException;
    match error.downcast_ref() {
        Some(TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            reasons.iter().any(|reason| reason.code().is_some_and(is_throttle))
        }
        Some(_) | None => code(error).is_some_and(is_throttle),
    }
}
