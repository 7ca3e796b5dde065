//! The group through its router.

mod identity;
mod mfa;
mod passwords;
mod sessions;

use rookery_testkit::TestApp;

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}
