//! The endpoint group on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), rookery_runtime::Error> {
    rookery_runtime::serve(rookery_authentication::router()).await
}
