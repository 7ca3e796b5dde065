//! Trying again what others got in the way of.

use std::time::Duration;

/// How often a change is tried when others change the same items. Each time at least one of them gets through, so this
/// is about how many may do so at once.
pub(crate) const TRIES: u32 = 20;

/// Waits a little, and longer after each failure, so that rivals spread.
pub(crate) async fn pause_after(tries: u32) {
    let pause = Duration::from_millis(1 << tries.min(5));
    tokio::time::sleep(jitter(pause)).await;
}

/// Up to `pause`, different for rivals: they would meet again otherwise.
pub(crate) fn jitter(pause: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let fraction = u32::try_from(RandomState::new().hash_one(0) % 256).unwrap_or_default();
    pause * fraction / 256
}

/// Awaits `$attempt`, which makes a change that starts from what it reads, again while somebody else was quicker.
///
/// It is a macro and not a function, as the future of an async closure cannot be shown to be `Send`.
macro_rules! while_contended {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            let outcome: Result<_, $crate::UpdateError<_>> = $attempt.await;
            match outcome {
                Err($crate::UpdateError::Store($crate::StoreError::Contended))
                    if tries < $crate::contention::TRIES =>
                {
                    $crate::contention::pause_after(tries).await;
                    tries += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use while_contended;
