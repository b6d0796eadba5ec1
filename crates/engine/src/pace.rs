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
    watch: Option<Watch>,
}

/// When to look at what is expected to take a while: seldom at first, often around the expected
/// time. What is ready then is noticed within a small part of the time it took, what is ready
/// long before within half of it. All who watch the like look at the same instants around that
/// time, so that their reads can be one.
#[derive(Clone, Copy, Debug)]
struct Watch {
    epoch: Instant,
    began: Instant,
    expected: Duration,
    /// The first pause.
    least: Duration,
    /// Looks around the expected time are whole numbers of steps away from the epoch.
    step: Duration,
}

/// From which part of the expected time on looks are frequent.
const FREQUENT_FROM: f64 = 0.5;

/// Which part of the expected time lies between frequent looks.
const BETWEEN_LOOKS: f64 = 0.04;

/// Which part of the time that has passed lies between the looks before.
const BEFORE: f64 = 0.5;

impl Watch {
    fn new(expected: Duration, patience: Patience, epoch: Instant) -> Self {
        let least = patience.first_pause.min(LONGEST);
        let step = expected.mul_f64(BETWEEN_LOOKS).clamp(least, LONGEST);
        Self { epoch, began: Instant::now(), expected, least, step }
    }

    /// The next instant to look.
    fn next(&self, now: Instant) -> Instant {
        let (passed, frequent) = (now - self.began, self.expected.mul_f64(FREQUENT_FROM));
        if passed >= frequent {
            return self.aligned(now, passed);
        }
        let seldom = now + passed.mul_f64(BEFORE).max(self.least);
        if seldom < self.began + frequent { seldom } else { self.aligned(self.began + frequent, frequent) }
    }

    /// The first of the common instants that lies a good part of a step behind `after`.
    fn aligned(&self, after: Instant, passed: Duration) -> Instant {
        let times_over = passed.div_duration_f64(self.expected).max(1.0) as u32;
        let step = self.step * times_over;
        let steps = (after + step / 2 - self.epoch).div_duration_f64(step).ceil();
        self.epoch + step.mul_f64(steps)
    }
}

impl Pauses {
    /// Pauses from `patience.first_pause` on, for `total` in all.
    pub fn new(patience: Patience, total: Duration) -> Self {
        Self { next: patience.first_pause, jitter: patience.jitter, deadline: Instant::now() + total, watch: None }
    }

    /// Pauses between looks at what is expected to be there after a while, aligned to `epoch`.
    #[must_use]
    pub(crate) fn expecting(mut self, expected: Duration, patience: Patience, epoch: Instant) -> Self {
        let expected = expected.mul_f64(patience.tempo);
        self.watch = (!expected.is_zero()).then(|| Watch::new(expected, patience, epoch));
        self
    }

    /// Waits a little, longer each time; `false` once the time is up.
    pub async fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        if let Some(watch) = &self.watch {
            until(watch.next(Instant::now()).min(self.deadline)).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(expected: u64, until: u64) -> Pauses {
        let patience = Patience { tempo: 0.5, ..Patience::default() };
        let pauses = Pauses::new(patience, Duration::from_secs(until));
        pauses.expecting(Duration::from_secs(expected), patience, Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_noticed_within_a_small_part_of_its_time() {
        let began = Instant::now();
        let (mut pauses, mut last, mut count) = (looks(180, 1000), 0.0, 0);
        while pauses.pause().await {
            let now = began.elapsed().as_secs_f64();
            let late = if last < 45.0 { 0.5 * last + 4.0 } else { 0.08 * now };
            assert!(now - last <= late, "nothing between {last} and {now} s");
            (last, count) = (now, count + 1);
        }
        assert!((30..=130).contains(&count), "{count} looks");
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_began_a_little_apart_look_at_the_same_instants() {
        let epoch = Instant::now();
        let patience = Patience::default();
        let mut instants = Vec::new();
        for late in [0, 700] {
            wait(Duration::from_millis(late)).await;
            let mut pauses =
                Pauses::new(patience, Duration::from_secs(1000)).expecting(Duration::from_secs(90), patience, epoch);
            let (began, mut seen) = (Instant::now(), Vec::new());
            while seen.len() < 10 {
                pauses.pause().await;
                if began.elapsed() > Duration::from_secs(46) {
                    seen.push(epoch.elapsed().as_millis() % 3600);
                }
            }
            instants.push(seen);
        }
        assert_eq!(instants, vec![vec![0; 10]; 2]);
    }
}
