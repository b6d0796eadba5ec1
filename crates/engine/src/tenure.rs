//! A lease while it is held: renewed in time, and given up in time.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use provision_core::state::{Record, State};
use provision_core::store::{Lease, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::pace;

/// A lease, and when it is over for us.
///
/// # Invariants
/// - Time is counted from before a renewal is asked for, so the lease is over here before
///   it is over for others.
/// - What is reported as written was written before it was over, so nobody else had the lock.
pub(crate) struct Tenure {
    lease: Box<dyn Lease>,
    times: Option<Times>,
    /// From when on nothing more is begun, for whoever begins something.
    over: watch::Sender<Option<Instant>>,
}

struct Times {
    term: Duration,
    /// When to renew it.
    due: Instant,
    /// From when on nothing more is written or begun.
    over: Instant,
}

/// The part of a term after which it is renewed, and the part at its end that is left unused:
/// calls that were begun before it may take as long.
const RENEWED_AFTER: u32 = 3;
const UNUSED: u32 = 4;

/// The part of a term after which a renewal that failed is tried again.
const TRIED_AGAIN_AFTER: u32 = 12;

impl Times {
    fn new(term: Duration, begun: Instant) -> Self {
        Self { term, due: begun + term / RENEWED_AFTER, over: begun + term - term / UNUSED }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.over
    }
}

impl Tenure {
    /// Begins the term of `lease` at a time that is known here.
    pub(crate) async fn begin(lease: Box<dyn Lease>) -> Result<Self, StoreError> {
        let begun = Instant::now();
        let times = lease.term().map(|term| Times::new(term, begun));
        let over = watch::Sender::new(times.as_ref().map(|times| times.over));
        let tenure = Self { lease, times, over };
        if tenure.times.is_some() {
            tenure.in_time(tenure.lease.renew()).await?;
        }
        Ok(tenure)
    }

    /// From when on nothing more is begun: later after each renewal.
    pub(crate) fn over(&self) -> watch::Receiver<Option<Instant>> {
        self.over.subscribe()
    }

    /// Waits until the lease is to be renewed: for ever if it has no term.
    pub(crate) async fn due(&self) {
        match &self.times {
            Some(times) => pace::until(times.due).await,
            None => pending().await,
        }
    }

    /// Renews the lease. What only failed is tried again while there is time.
    pub(crate) async fn renew(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        let renewed = self.in_time(self.lease.renew()).await;
        let Some(times) = &mut self.times else { return renewed };
        tracing::debug!(?renewed, "renewed the lease");
        match renewed {
            Ok(()) => {
                *times = Times::new(times.term, begun);
                self.over.send_replace(Some(times.over));
            }
            Err(StoreError::Io { .. }) if !times.is_over() => {
                times.due = (Instant::now() + times.term / TRIED_AGAIN_AFTER).min(times.over);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(crate) async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
        self.in_time(self.lease.append(records)).await
    }

    /// Saves `state`, and answers it with the serial it has now.
    pub(crate) async fn save(&self, state: State) -> Result<State, StoreError> {
        let state = Arc::new(state);
        let serial = self.in_time(self.lease.save(state.clone())).await?;
        Ok(State { serial, ..Arc::unwrap_or_clone(state) })
    }

    pub(crate) async fn release(self) -> Result<(), StoreError> {
        self.lease.release().await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let Some(times) = &self.times else { return work.await };
        let lost = StoreError::LeaseLost { holder: None };
        match pace::until_then(times.over, work).await {
            Some(done) if done.is_err() || !times.is_over() => done,
            _ => Err(lost),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use provision_core::address::Address;
    use provision_core::state::Salt;
    use provision_core::store::Replacement;

    use super::*;
    use crate::journal::Journal;

    const TERM: Duration = Duration::from_secs(60);

    /// A lease whose renewals go well, fail, or find it lost.
    #[derive(Default)]
    struct FakeLease {
        renewals: Arc<AtomicU32>,
        /// How many renewals go well.
        good: u32,
        is_lost: bool,
        /// How long an append takes.
        append: Duration,
    }

    #[async_trait]
    impl Lease for FakeLease {
        async fn append(&self, _: &[Record]) -> Result<(), StoreError> {
            pace::wait(self.append).await;
            Ok(())
        }

        async fn replace(&self, _: &Replacement) -> Result<u64, StoreError> {
            Ok(1)
        }

        async fn release(self: Box<Self>) -> Result<(), StoreError> {
            Ok(())
        }

        fn term(&self) -> Option<Duration> {
            Some(TERM)
        }

        async fn renew(&self) -> Result<(), StoreError> {
            match self.renewals.fetch_add(1, Ordering::SeqCst) {
                renewal if renewal < self.good => Ok(()),
                _ if self.is_lost => Err(StoreError::LeaseLost { holder: None }),
                _ => Err(StoreError::Io { what: "write".to_owned(), message: "no network".to_owned() }),
            }
        }
    }

    async fn journal(lease: FakeLease) -> Journal {
        Journal::start(Box::new(lease), State::new("shop", "0f", Salt::new("5a"))).await.unwrap()
    }

    async fn record(journal: &Journal) -> Result<(), StoreError> {
        journal.record(Record::Forgotten { address: Address::root("vpc") }).await
    }

    fn is_lost(outcome: Result<(), StoreError>) -> bool {
        matches!(outcome, Err(StoreError::LeaseLost { .. }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_renewed_three_times_in_each_term() {
        let lease = FakeLease { good: u32::MAX, ..FakeLease::default() };
        let renewals = lease.renewals.clone();
        let journal = journal(lease).await;
        pace::wait(10 * TERM + Duration::from_secs(1)).await;
        assert_eq!(renewals.load(Ordering::SeqCst), 31);
        assert_eq!((record(&journal).await, journal.is_lost()), (Ok(()), false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_found_lost_ends_the_journal_at_once() {
        let journal = journal(FakeLease { good: 1, is_lost: true, ..FakeLease::default() }).await;
        assert_eq!(record(&journal).await, Ok(()));
        journal.breaks().await;
        assert!(journal.is_lost() && is_lost(record(&journal).await));
        assert!(is_lost(journal.close(|_| ()).await.map(drop)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_cannot_be_renewed_is_lost_before_its_term_is_over() {
        let lease = FakeLease { good: 1, ..FakeLease::default() };
        let (renewals, begun) = (lease.renewals.clone(), Instant::now());
        let journal = journal(lease).await;
        pace::wait(TERM * 2 / 3).await;
        assert_eq!(record(&journal).await, Ok(()), "it was tried again too seldom");
        journal.breaks().await;
        let tried = renewals.load(Ordering::SeqCst);
        assert!(begun.elapsed() < TERM && tried > 4, "{:?} {tried}", begun.elapsed());
        assert!(record(&journal).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_too_late_is_not_reported_as_written() {
        let lease = FakeLease { good: u32::MAX, append: TERM, ..FakeLease::default() };
        let journal = journal(lease).await;
        assert!(is_lost(record(&journal).await));
        assert!(journal.with(|state| state.serial == 1) && journal.is_lost());
    }
}
