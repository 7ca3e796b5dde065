//! The endpoint group on AWS Lambda.

#[tokio::main]
async fn main() -> Result<(), rookery_runtime::Error> {
    rookery_runtime::serve(rookery_vendor_only::router()).await
}
