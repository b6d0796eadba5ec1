//! When a step makes a call again, and when it looks again.

use std::time::Duration;

use provision_core::driver::{Cause, CloudError};

use super::step::Run;
use crate::Event;
use crate::budget::Retries;
use crate::pace::Pauses;

impl Run<'_> {
    /// The retries of a call.
    pub(super) fn retries(&self) -> Retries<'_> {
        let engine = &self.application.engine;
        Retries::new(&engine.budget.writes, engine.patience, self.limit())
    }

    /// The pauses between looks at what may be there at any time.
    pub(super) fn pauses(&self) -> Pauses {
        Pauses::new(self.application.engine.patience, self.limit())
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.schema().description.timing.limit.into())
    }

    /// The pauses between looks at what is expected to take so many seconds.
    pub(super) fn looks(&self, expected: u32) -> Pauses {
        self.pauses().expecting(Duration::from_secs(expected.into()), self.application.engine.patience)
    }

    /// Waits a little before the call that failed with `error` is made again; `false` once
    /// time or retries are used up, or the lease is lost and with it the right to call.
    pub(super) async fn pause(&self, retries: &mut Retries<'_>, error: &CloudError) -> bool {
        self.application.engine.observer.see(&Event::Retrying { step: self.index, error });
        let is_in_time = match self.is_eventual(error) {
            true => retries.pause_unseen().await,
            false => retries.pause(error).await,
        };
        is_in_time && !self.application.journal.is_lost()
    }

    pub(super) fn may_try_again(&self, error: &CloudError) -> bool {
        error.is_retryable() || self.is_eventual(error)
    }

    fn is_eventual(&self, error: &CloudError) -> bool {
        error.cause == Cause::Eventual || self.schema().is_eventual(error)
    }
}
