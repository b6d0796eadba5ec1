//! When to try or look again: the only place that waits.

use std::future::Future;
use std::time::Duration;

use provision_core::driver::{Cause, CloudError};
use rand::RngExt;
use tokio::time::Instant;

/// How patient the engine is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long a thing may stay unseen after it was made, before it counts as absent (law 5).
    pub grace: Duration,
    /// The first pause before trying again; each next is twice as long, up to [`LONGEST`].
    pub first_pause: Duration,
    /// By how much expected durations are scaled before the first look; 1 unless time
    /// runs faster, as it does on a simulated or local cloud.
    pub tempo: f64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { grace: Duration::from_secs(15), first_pause: Duration::from_millis(400), tempo: 1.0 }
    }
}

/// The longest pause between two tries.
pub const LONGEST: Duration = Duration::from_secs(15);

/// A series of pauses that grow, until a deadline.
#[derive(Debug)]
pub struct Pauses {
    next: Duration,
    deadline: Instant,
}

impl Pauses {
    /// Pauses from `patience.first_pause` on, for `total` in all.
    pub fn new(patience: Patience, total: Duration) -> Self {
        Self { next: patience.first_pause, deadline: Instant::now() + total }
    }

    /// Waits a little, longer each time; `false` once the time is up.
    pub async fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        wait(jittered(self.next).min(left)).await;
        self.next = (self.next * 2).min(LONGEST);
        true
    }
}

/// A pause between half of `pause` and all of it, so that many waiters do not return at once.
#[expect(clippy::disallowed_methods, reason = "the home of jitter")]
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..=1.0))
}

/// Waits for `pause`.
#[expect(clippy::disallowed_methods, reason = "the home of waiting")]
pub async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// Makes a call that changes nothing, again while it is throttled or fails in passing.
///
/// # Errors
/// What the last try answered.
pub async fn reading<T, F>(patience: Patience, call: impl Fn() -> F) -> Result<T, CloudError>
where
    F: Future<Output = Result<T, CloudError>>,
{
    let mut pauses = Pauses::new(patience, Duration::from_secs(60));
    loop {
        match call().await {
            Err(error) if matches!(error.cause, Cause::Throttled | Cause::Transient) && pauses.pause().await => {}
            answer => return answer,
        }
    }
}
