//! The endpoint group on AWS Lambda.

use rookery_runtime::{Error, Function};

#[tokio::main]
async fn main() -> Result<(), Error> {
    Function::new(rookery_api_tokens::router()).serve().await
}
