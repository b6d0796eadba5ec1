//! Creating: intent, one call, id; then settling.

use provision_core::driver::{Cause, CloudError, Id, Intent};
use provision_core::plan::{Reason, Stage};
use provision_core::state::{Operation, Record};

use super::StepError;
use super::settle::Start;
use super::step::{Run, Target};
use crate::Event;
use crate::pace::Pauses;
use crate::refresh;

impl Run<'_> {
    /// Creates the resource and brings it to what is desired.
    pub(super) async fn create(&self) -> Result<Id, StepError> {
        let target = self.target().await?;
        if self.step.reason == Reason::Missing {
            self.confirm_missing().await?;
        }
        let intent = self.intend(Operation::Create, &target, &target.desired, None).await?;
        let id = self.call_create(&target, &intent).await?;
        let created =
            Record::Created { address: intent.address.clone(), generation: intent.generation, id: id.clone() };
        self.application.journal.record(created).await?;
        self.publish(&target.desired, None, id.as_str(), false);
        self.reach(Stage::Identified);
        self.settle(&target, intent.generation, &id, Start::Created).await?;
        Ok(id)
    }

    /// Waits whether what the plan found missing stays missing (law 5), and lets go of it
    /// then (law 6).
    async fn confirm_missing(&self) -> Result<(), StepError> {
        let state = self.application.journal.state();
        let resource = state.resources.get(&self.step.address);
        let Some((resource, current)) = resource.and_then(|resource| Some((resource, resource.current.as_ref()?)))
        else {
            return Ok(());
        };
        let engine = &self.application.engine;
        if !refresh::is_on_its_way_out(resource, current)
            && engine.await_sight(&*self.driver, &refresh::wanted(current)).await?.is_some()
        {
            return Err(StepError::Reappeared { id: current.id.to_string() });
        }
        let deleted = Record::Deleted { address: self.step.address.clone(), generation: current.generation };
        Ok(self.application.journal.record(deleted).await?)
    }

    async fn call_create(&self, target: &Target, intent: &Intent) -> Result<Id, StepError> {
        let spec = target.desired.to_driver_json().unwrap_or_default();
        let limit = self.schema().description.timing.limit;
        let mut pauses = Pauses::new(self.application.engine.patience, std::time::Duration::from_secs(limit.into()));
        loop {
            let error = match self.driver.create(&spec, intent).await {
                Ok(id) => return Ok(id),
                Err(error) => self.application.scrub(error, &target.desired),
            };
            if may_have_acted(&error)
                && let Some(id) = self.application.engine.search(&*self.driver, &spec, intent).await?
            {
                return Ok(id);
            }
            if !self.may_try_again(&error) || !self.pause(&mut pauses, &error).await {
                return Err(self.refused(intent, error).await?);
            }
        }
    }

    /// Waits a little before the call that failed with `error` is made again; `false` once
    /// the time is up, or the lease is lost and with it the right to call.
    pub(super) async fn pause(&self, pauses: &mut Pauses, error: &CloudError) -> bool {
        self.application.engine.observer.see(&Event::Retrying { step: self.index, error });
        pauses.pause().await && !self.application.journal.is_lost()
    }

    pub(super) fn may_try_again(&self, error: &CloudError) -> bool {
        error.is_retryable() || self.schema().description.eventual.contains(&error.code)
    }

    /// The error to report. Where AWS surely did nothing the intent is closed; else it
    /// stays open, and the next run looks for what it may have made.
    async fn refused(&self, intent: &Intent, error: CloudError) -> Result<StepError, StepError> {
        if !may_have_acted(&error) || error.cause == Cause::Exists {
            let (address, generation) = (intent.address.clone(), intent.generation);
            self.application.journal.record(Record::Refused { address, generation }).await?;
        }
        Ok(match error.cause {
            Cause::Exists => StepError::Taken { error },
            _ => StepError::Cloud(error),
        })
    }
}

/// Whether the call may have had an effect that its answer did not tell. A name that is
/// taken may be so by this very intent, whose first answer was lost.
fn may_have_acted(error: &CloudError) -> bool {
    matches!(error.cause, Cause::Transient | Cause::Unreachable | Cause::Exists)
}
