//! How often an API may be called: a bucket of tokens, as AWS keeps one for each API, account
//! and region.
//!
//! See [request token bucket sizes and refill rates](https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::state::Operation;

/// How many calls are under way at once unless the user says otherwise. What AWS allows is
/// another matter and has its own bounds; this one keeps the number of open sockets below
/// what systems let a process have, 256 on macOS.
pub const PARALLELISM: usize = 128;

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
    /// What is allowed of the calls that change something.
    pub fn of(self, operation: Operation) -> Option<Rate> {
        match operation {
            Operation::Create => self.create,
            Operation::Update => self.update,
            Operation::Delete => self.delete,
        }
    }

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
/// - Between any two throttlings no more are taken than burst and rate allow, if each is taken
///   only once [`wait`](Bucket::wait) is zero.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: Rate,
    /// Calls a second by now.
    pace: f64,
    tokens: f64,
    at: Duration,
}

/// Less of a token than this is lost in rounding.
const WHOLE: f64 = 1.0 - 1e-6;

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate, now: Duration) -> Self {
        Self { rate, pace: rate.per_second, tokens: rate.burst.max(1.0), at: now }
    }

    /// How long until there is a token; zero if there is one.
    pub fn wait(&mut self, now: Duration) -> Duration {
        self.refill(now);
        if self.tokens >= WHOLE {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((1.0 - self.tokens) / self.pace)
    }

    /// Takes a token.
    pub fn take(&mut self, now: Duration) {
        self.refill(now);
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    /// Puts back a token for which no call was made.
    pub fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.most());
    }

    fn most(&self) -> f64 {
        self.rate.burst.max(1.0)
    }

    /// AWS refused a call: its bucket is empty, and smaller than was thought or shared with others.
    pub fn throttled(&mut self, now: Duration) {
        self.refill(now);
        self.tokens = 0.0;
        self.pace = (self.pace * KEPT).max(self.rate.per_second * LEAST);
    }

    fn refill(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.at).as_secs_f64();
        let pace = (self.pace + seconds * self.rate.per_second * BACK_PER_SECOND).min(self.rate.per_second);
        self.tokens = (self.tokens + seconds * (self.pace + pace) / 2.0).min(self.most());
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

    /// When each of so many calls may go out, in seconds from `now`.
    fn seconds(bucket: &mut Bucket, now: Duration, calls: usize) -> Vec<f64> {
        let mut at = now;
        let mut next = || {
            at += bucket.wait(at);
            bucket.take(at);
            ((at - now).as_secs_f64() * 1000.0).round() / 1000.0
        };
        (0..calls).map(|_| next()).collect()
    }

    #[test]
    fn after_the_burst_calls_wait_their_turn() {
        let waits = seconds(&mut Bucket::new(MUTATING, NOW), NOW, 200);
        assert_eq!((waits[49], waits[50], waits[54], waits[199]), (0.0, 0.2, 1.0, 30.0));
        assert_eq!(MUTATING.time_for(200), Duration::from_secs(30));
        assert_eq!(MUTATING.time_for(20), Duration::ZERO);
    }

    #[test]
    fn a_rest_fills_it_up_to_the_burst() {
        let mut bucket = Bucket::new(MUTATING, NOW);
        assert_eq!(seconds(&mut bucket, NOW, 60).last(), Some(&2.0));
        let later = NOW + Duration::from_secs(1000);
        let waits = seconds(&mut bucket, later, 51);
        assert_eq!((waits[49], waits[50]), (0.0, 0.2));
    }

    #[test]
    fn what_was_not_used_goes_to_another() {
        let mut bucket = Bucket::new(MUTATING, NOW);
        seconds(&mut bucket, NOW, 50);
        bucket.give_back();
        assert_eq!(seconds(&mut bucket, NOW, 2), [0.0, 0.2]);
    }

    #[test]
    fn throttled_it_goes_slower_and_recovers() {
        let mut bucket = Bucket::new(MUTATING, NOW);
        bucket.throttled(NOW);
        let waits = seconds(&mut bucket, NOW, 2);
        assert!((0.3..=0.4).contains(&waits[0]) && waits[1] < 0.8, "{waits:?}");
        (0..100).for_each(|_| bucket.throttled(NOW + Duration::from_secs(1)));
        assert!(bucket.wait(NOW + Duration::from_secs(1)) < Duration::from_secs(13), "it stands still");
        let later = NOW + Duration::from_secs(60);
        assert_eq!(seconds(&mut bucket, later, 51).last(), Some(&0.2));
    }

    #[test]
    fn where_time_runs_faster_calls_do_too() {
        assert_eq!(MUTATING.at_tempo(0.05).time_for(200), Duration::from_millis(1500));
    }
}
