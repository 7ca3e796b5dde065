//! A connection that is open before it is needed.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Config, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::Connection;

impl Connection {
    /// Opens a connection to DynamoDB for the first request to find. If that fails, the first request opens its own, or
    /// says why it cannot.
    pub async fn open(&self) {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let greeting = self.client.get_item().table_name(&*self.table_name);
        let greeting = greeting.customize().interceptor(Greeting).config_override(once);
        // DynamoDB says that it is well, which is no answer to `GetItem`: there is always an error.
        let _ = Box::pin(greeting.send()).await;
    }
}

/// Makes of a request what needs no permission and no key of a table: `GET /`, which DynamoDB answers to everybody.
#[derive(Debug)]
struct Greeting;

impl Intercept for Greeting {
    fn name(&self) -> &'static str {
        "Greeting"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The request is signed by now. Its greeting is not.
        let request = context.request_mut();
        *request = HttpRequest::get(request.uri())?;
        Ok(())
    }
}
