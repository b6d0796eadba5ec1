//! A lease while it is held: renewed in time, and given up in time.

use std::future::{Future, pending};
use std::time::Duration;

use provision_core::state::{Record, State};
use provision_core::store::{Lease, StoreError};
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
        let tenure = Self { lease, times };
        if tenure.times.is_some() {
            tenure.in_time(tenure.lease.renew()).await?;
        }
        Ok(tenure)
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
        match renewed {
            Ok(()) => *times = Times::new(times.term, begun),
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

    pub(crate) async fn save(&self, state: &State) -> Result<u64, StoreError> {
        self.in_time(self.lease.save(state)).await
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
