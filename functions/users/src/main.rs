//! The endpoint group on AWS Lambda.

use rookery_runtime::{Error, Function};

#[tokio::main]
async fn main() -> Result<(), Error> {
    Function::new(rookery_users::router())
        .sending_mail()
        .signing_user_tokens()
        .sealing_secrets()
        .serve()
        .await
}
