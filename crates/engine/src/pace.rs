//! When to try or look again: the only place that waits.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use provision_core::store::{NewTries, Tries};
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
    /// Which part of a pause is left to chance, from 0 to 1, so that many waiters do not
    /// return at once; 0 makes a run the same every time.
    pub jitter: f64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { grace: Duration::from_secs(15), first_pause: Duration::from_millis(400), tempo: 1.0, jitter: 0.5 }
    }
}

/// The longest pause between two tries.
pub const LONGEST: Duration = Duration::from_secs(15);

/// A series of pauses that grow, until a deadline.
#[derive(Debug)]
pub struct Pauses {
    next: Duration,
    jitter: f64,
    deadline: Instant,
    /// No pause ends before this.
    not_before: Option<Instant>,
}

impl Pauses {
    /// Pauses from `patience.first_pause` on, for `total` in all.
    pub fn new(patience: Patience, total: Duration) -> Self {
        Self { next: patience.first_pause, jitter: patience.jitter, deadline: Instant::now() + total, not_before: None }
    }

    /// The same, but no pause ends before what is waited for is expected to be there.
    #[must_use]
    pub fn expecting(mut self, expected: Duration, patience: Patience) -> Self {
        self.not_before = Some(Instant::now() + expected.mul_f64(patience.tempo));
        self
    }

    /// Waits a little, longer each time; `false` once the time is up.
    pub async fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        if let Some(not_before) = self.not_before.take().filter(|it| *it > Instant::now()) {
            wait(not_before.min(self.deadline).saturating_duration_since(Instant::now())).await;
            return true;
        }
        wait(self.jittered().min(left)).await;
        self.next = (self.next * 2).min(LONGEST);
        true
    }

    #[expect(clippy::disallowed_methods, reason = "the home of jitter")]
    fn jittered(&self) -> Duration {
        self.next.mul_f64(1.0 - self.jitter * rand::rng().random_range(0.0..=1.0))
    }
}

#[async_trait]
impl Tries for Pauses {
    async fn pause(&mut self) -> bool {
        self.pause().await
    }
}

/// How long a store tries again what is throttled or fails in passing.
const STORE_TRIES: Duration = Duration::from_secs(45);

/// Pauses for a store's tries.
pub fn store_tries(patience: Patience) -> NewTries {
    Arc::new(move || Box::new(Pauses::new(patience, STORE_TRIES)))
}

/// Waits for the instant `time`.
#[expect(clippy::disallowed_methods, reason = "the home of waiting")]
pub(crate) async fn until(time: Instant) {
    tokio::time::sleep_until(time).await;
}

/// What `work` gives, unless that takes longer than until `time`.
pub(crate) async fn until_then<T>(time: Instant, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(time, work).await.ok()
}

/// Waits for `pause`.
#[expect(clippy::disallowed_methods, reason = "the home of waiting")]
pub async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}
