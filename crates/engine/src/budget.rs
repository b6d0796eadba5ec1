//! How often a run tries again: a dead region does not make every step wait for minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use provision_core::driver::{Cause, CloudError};
use provision_core::rate::PARALLELISM;

use crate::pace::{Patience, Pauses};

/// The retries of a run, those of reads apart from those of calls that change something: while
/// a service refuses to make anything, what it tells is no sign that it will. Clones are the
/// same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    pub(crate) reads: Tokens,
    pub(crate) writes: Tokens,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(RETRIES)
    }
}

impl Budget {
    /// So many retries of each sort while nothing goes well.
    pub fn of(retries: u32) -> Self {
        Self { reads: Tokens::of(retries), writes: Tokens::of(retries) }
    }
}

/// Retries that many calls share, after the token bucket of the
/// [SDKs](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). Each
/// retry of what is throttled or fails in passing takes one. A call that goes well gives back
/// what it took, and one more: as long as some go well there are retries.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    left: Arc<AtomicU32>,
    most: u32,
}

/// How many there are while nothing goes well: enough for half a minute of them in as
/// many steps as call at once.
const RETRIES: u32 = 6 * PARALLELISM as u32;

/// How long what was made a moment ago may stay unseen by others: IAM's answers are as late as that.
const UNSEEN: Duration = Duration::from_secs(120);

/// How long a read is tried again.
const READING: Duration = Duration::from_secs(60);

impl Tokens {
    fn of(retries: u32) -> Self {
        Self { left: Arc::new(AtomicU32::new(retries)), most: retries }
    }

    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn give_back(&self, retries: u32) {
        let most = |left: u32| Some(left.saturating_add(retries).min(self.most));
        // The change cannot be refused.
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, most);
    }
}

/// The retries of one call.
pub(crate) struct Retries<'a> {
    tokens: &'a Tokens,
    patience: Patience,
    pauses: Pauses,
    /// The pauses for what is not yet seen by others.
    unseen: Option<Pauses>,
    taken: u32,
}

impl<'a> Retries<'a> {
    /// Retries for `total` in all.
    pub(crate) fn new(tokens: &'a Tokens, patience: Patience, total: Duration) -> Self {
        Self { tokens, patience, pauses: Pauses::new(patience, total), unseen: None, taken: 0 }
    }

    /// Waits before a call that failed with `error` is made again; `false` if it should not be.
    pub(crate) async fn pause(&mut self, error: &CloudError) -> bool {
        if is_costly(error) {
            if !self.tokens.take() {
                return false;
            }
            self.taken += 1;
        }
        self.pauses.pause().await
    }

    /// The same, where what the call names was made a moment ago and may not be seen yet.
    pub(crate) async fn pause_unseen(&mut self) -> bool {
        self.unseen.get_or_insert_with(|| Pauses::new(self.patience, UNSEEN)).pause().await
    }

    /// The call went well.
    pub(crate) fn went_well(self) {
        self.tokens.give_back(self.taken + 1);
    }
}

impl Budget {
    /// Makes a call that changes nothing, again while it is throttled or fails in passing.
    ///
    /// # Errors
    /// What the last try answered.
    pub(crate) async fn reading<T, F>(&self, patience: Patience, mut call: impl FnMut() -> F) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, CloudError>>,
    {
        let mut retries = Retries::new(&self.reads, patience, READING);
        loop {
            match call().await {
                Ok(answer) => {
                    retries.went_well();
                    return Ok(answer);
                }
                Err(error) if is_costly(&error) && retries.pause(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether AWS, or the way there, is at its limits.
fn is_costly(error: &CloudError) -> bool {
    matches!(error.cause, Cause::Throttled | Cause::Transient)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(cause: Cause) -> CloudError {
        CloudError::new(cause, "ec2:CreateVpc", "")
    }

    async fn times_until_refused(tokens: &Tokens, cause: Cause) -> u32 {
        let mut retries = Retries::new(tokens, Patience::default(), Duration::from_secs(1_000_000));
        let mut times = 0;
        while times < 2 * RETRIES && retries.pause(&error(cause)).await {
            times += 1;
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn all_calls_share_the_retries_and_only_success_gives_some_back() {
        let tokens = Tokens::of(RETRIES);
        assert_eq!(times_until_refused(&tokens.clone(), Cause::Throttled).await, RETRIES);
        assert_eq!(times_until_refused(&tokens, Cause::Transient).await, 0);

        Retries::new(&tokens, Patience::default(), Duration::ZERO).went_well();
        let mut retries = Retries::new(&tokens, Patience::default(), Duration::from_secs(60));
        assert!(retries.pause(&error(Cause::Transient)).await);
        assert!(!retries.pause(&error(Cause::Transient)).await);
        retries.went_well();
        assert_eq!(times_until_refused(&tokens, Cause::Transient).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_others_costs_nothing() {
        let tokens = Tokens::of(RETRIES);
        assert_eq!(times_until_refused(&tokens, Cause::Dependency).await, 2 * RETRIES);
        assert_eq!(times_until_refused(&tokens, Cause::Throttled).await, RETRIES);
    }
}
