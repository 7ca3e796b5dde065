//! The endpoint group on AWS Lambda.

use rookery_runtime::{Error, Function};

#[tokio::main]
async fn main() -> Result<(), Error> {
    // API Gateway cannot tell the paths of security policies that end with a slash from those of this group.
    let router = rookery_vendor_configuration::router().merge(rookery_security_policy::router());
    Function::new(router).serve().await
}
