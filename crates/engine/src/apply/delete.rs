//! Deleting: intent, call, and the confirmation that it is gone.

use std::time::Duration;

use provision_core::driver::{Cause, CloudError, Id, Wanted};
use provision_core::state::{Instance, Operation, Pending, Record, Resource};
use serde_json::Value as Json;

use super::StepError;
use super::step::Run;
use crate::Event;
use crate::pace::{self, Pauses};

impl Run<'_> {
    /// Deletes the instance of `generation`; `None` when the state no longer has it.
    pub(super) async fn delete(&self, generation: u64) -> Result<Option<Id>, StepError> {
        let state = self.application.journal.state();
        let Some((resource, instance)) = find(state.resources.get(&self.step.address), generation) else {
            return Ok(None);
        };
        let (_, token) = self.application.new_token(&self.step.address);
        let pending = Pending { operation: Operation::Delete, generation, token, request: Json::Null };
        self.record_intent(pending, resource.dependencies.clone(), resource.lifecycle).await?;
        self.call_delete(instance).await?;
        self.confirm_gone(instance).await?;
        let deleted = Record::Deleted { address: self.step.address.clone(), generation };
        self.application.journal.record(deleted).await?;
        Ok(Some(instance.id.clone()))
    }

    async fn call_delete(&self, instance: &Instance) -> Result<(), StepError> {
        let mut pauses = self.pauses();
        loop {
            let Err(error) = self.driver.delete(&instance.id, &instance.applied).await else {
                return Ok(());
            };
            self.application.engine.observer.see(&Event::Retrying { step: self.index, error: &error });
            if !may_pass(&error) || !pauses.pause().await {
                return Err(error.into());
            }
        }
    }

    /// Law 6: the state lets go of a resource only after AWS no longer knows it.
    async fn confirm_gone(&self, instance: &Instance) -> Result<(), StepError> {
        let mut pauses = self.pauses();
        let wanted = [Wanted {
            id: instance.id.clone(),
            applied: Some(instance.applied.clone()),
            outputs: instance.outputs.clone(),
        }];
        let patience = self.application.engine.patience;
        while pace::reading(patience, || self.driver.read(&wanted)).await?.into_iter().flatten().next().is_some() {
            self.application.engine.observer.see(&Event::Pending { step: self.index });
            if !pauses.pause().await {
                let seconds = self.schema().description.timing.limit.into();
                return Err(StepError::TimedOut { what: "gone", seconds });
            }
        }
        Ok(())
    }

    pub(super) fn pauses(&self) -> Pauses {
        let limit = self.schema().description.timing.limit;
        Pauses::new(self.application.engine.patience, Duration::from_secs(limit.into()))
    }
}

/// A dependency may go away, and deleting can be repeated whatever became of the last try.
fn may_pass(error: &CloudError) -> bool {
    error.is_retryable() || error.cause == Cause::Dependency
}

fn find(resource: Option<&Resource>, generation: u64) -> Option<(&Resource, &Instance)> {
    let resource = resource?;
    let mut instances = resource.current.iter().chain(&resource.deposed);
    instances.find(|instance| instance.generation == generation).map(|instance| (resource, instance))
}
