//! The endpoint group on AWS Lambda.

use rookery_runtime::{Error, Function};

#[tokio::main]
async fn main() -> Result<(), Error> {
    Function::new(rookery_groups::router()).serve().await
}
