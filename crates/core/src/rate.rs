//! How often an API may be called: a bucket of tokens, as AWS keeps one for each API, account
//! and region.
//!
//! See [request token bucket sizes and refill rates](https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What AWS allows of an API, in one account and region.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// How many calls at once, after a rest.
    pub burst: f64,
    /// How many calls a second from then on.
    pub per_second: f64,
}

/// What AWS allows of the calls of a kind. `None` where nothing is published: such calls are
/// made as often as they come, until AWS throttles one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// The one call that creates.
    #[serde(default)]
    pub create: Option<Rate>,
    /// The calls that read a batch of at most the kind's size.
    #[serde(default)]
    pub read: Option<Rate>,
    /// The calls that change a resource in place.
    #[serde(default)]
    pub update: Option<Rate>,
    /// The calls that delete one.
    #[serde(default)]
    pub delete: Option<Rate>,
}

impl Rates {
    /// Where nothing is published.
    pub const UNPUBLISHED: Self = Self { create: None, read: None, update: None, delete: None };
}

impl Rate {
    /// `burst` calls at once, then `per_second`.
    pub const fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second }
    }

    /// The shortest time in which so many calls can be made.
    pub fn time_for(self, calls: u64) -> Duration {
        Duration::from_secs_f64(((calls as f64 - self.burst) / self.per_second).max(0.0))
    }

    /// The same where time runs faster, or slower: at a tempo of 0.5 twice as often.
    #[must_use]
    pub fn at_tempo(self, tempo: f64) -> Self {
        Self { burst: self.burst, per_second: self.per_second / tempo.max(f64::MIN_POSITIVE) }
    }
}

/// Which part of its rate a bucket keeps when AWS throttles it all the same.
const KEPT: f64 = 0.5;

/// The least that is kept, as a part of the rate.
const LEAST: f64 = 0.05;

/// Which part of its rate it gets back in a second.
const BACK_PER_SECOND: f64 = 0.1;

/// The tokens of one API. Times are counted from any one instant.
///
/// # Invariants
/// - Calls go out in the order in which they asked.
/// - Between any two throttlings no more go out than burst and rate allow.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: Rate,
    /// Calls a second by now.
    pace: f64,
    /// Below zero, so many calls wait.
    tokens: f64,
    at: Duration,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate, now: Duration) -> Self {
        Self { rate, pace: rate.per_second, tokens: rate.burst, at: now }
    }

    /// Takes a token: how long to wait until the call may go out.
    pub fn take(&mut self, now: Duration) -> Duration {
        self.refill(now);
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens / self.pace).max(0.0))
    }

    /// AWS refused a call: its bucket is empty, and smaller than was thought or shared with others.
    pub fn throttled(&mut self, now: Duration) {
        self.refill(now);
        self.tokens = self.tokens.min(0.0);
        self.pace = (self.pace * KEPT).max(self.rate.per_second * LEAST);
    }

    fn refill(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.at).as_secs_f64();
        let pace = (self.pace + seconds * self.rate.per_second * BACK_PER_SECOND).min(self.rate.per_second);
        self.tokens = (self.tokens + seconds * (self.pace + pace) / 2.0).min(self.rate.burst);
        self.pace = pace;
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50 at once, then 5 a second: what EC2 allows of most calls that change something.
    const MUTATING: Rate = Rate { burst: 50.0, per_second: 5.0 };

    const NOW: Duration = Duration::from_secs(100);

    fn seconds(waits: impl IntoIterator<Item = Duration>) -> Vec<f64> {
        waits.into_iter().map(|wait| (wait.as_secs_f64() * 1000.0).round() / 1000.0).collect()
    }

    #[test]
    fn after_the_burst_calls_wait_their_turn() {
        let mut bucket = Bucket::new(MUTATING, NOW);
        let waits = seconds((0..200).map(|_| bucket.take(NOW)));
        assert_eq!((waits[49], waits[50], waits[54], waits[199]), (0.0, 0.2, 1.0, 30.0));
        assert_eq!(MUTATING.time_for(200), Duration::from_secs(30));
        assert_eq!(MUTATING.time_for(20), Duration::ZERO);
    }

    #[test]
    fn a_rest_fills_it_up_to_the_burst() {
        let mut bucket = Bucket::new(MUTATING, NOW);
        assert_eq!(seconds((0..60).map(|_| bucket.take(NOW))).last(), Some(&2.0));
        assert_eq!(seconds([bucket.take(NOW + Duration::from_secs(2))]), [0.2]);
        let later = NOW + Duration::from_secs(1000);
        let waits = seconds((0..51).map(|_| bucket.take(later)));
        assert_eq!((waits[49], waits[50]), (0.0, 0.2));
    }

    #[test]
    fn throttled_it_goes_slower_and_recovers() {
        let mut bucket = Bucket::new(MUTATING, NOW);
        bucket.throttled(NOW);
        assert_eq!(seconds([bucket.take(NOW), bucket.take(NOW)]), [0.4, 0.8]);
        (0..100).for_each(|_| bucket.throttled(NOW));
        assert!(bucket.take(NOW) < Duration::from_secs(13), "it stands still");
        let later = NOW + Duration::from_secs(60);
        assert_eq!(seconds((0..51).map(|_| bucket.take(later))).last(), Some(&0.2));
    }

    #[test]
    fn where_time_runs_faster_calls_do_too() {
        assert_eq!(MUTATING.at_tempo(0.05).time_for(200), Duration::from_millis(1500));
    }
}
