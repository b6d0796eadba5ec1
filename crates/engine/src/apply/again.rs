//! When a step makes a call again, and when it looks again.

use std::time::Duration;

use provision_core::driver::{Cause, CloudError};
use provision_core::plan::CALL;
use provision_core::state::Operation;

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

    /// The pauses between looks at what an operation is to bring about.
    pub(super) fn looks(&self, operation: Operation) -> Pauses {
        let engine = &self.application.engine;
        let durations = self.application.journal.with(|state| state.durations.get(&self.step.kind, operation));
        let expected = durations.map(|all| all.saturating_sub(CALL));
        let expected = expected.unwrap_or_else(|| self.schema().description.timing.of(operation));
        self.pauses().expecting(expected, engine.patience, engine.calls.epoch())
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
