//! Deleting: intent, call, and the confirmation that it is gone.

use provision_core::driver::{Cause, CloudError, Id};
use provision_core::state::{Instance, Operation, Pending, Record, Resource};
use serde_json::Value as Json;

use super::StepError;
use super::step::{Beside, Run};
use crate::refresh::{may_be_unseen, wanted};

impl Run<'_> {
    /// Deletes the instance of `generation`; `None` when the state no longer has it.
    pub(super) async fn delete(&self, generation: u64) -> Result<Option<Id>, StepError> {
        let Some(resource) = self.recorded() else { return Ok(None) };
        let Some(instance) = find(&resource, generation) else { return Ok(None) };
        if may_be_unseen(&resource, instance) {
            // A delete call that finds nothing would be taken for done.
            self.step_aside();
            self.application.engine.await_sight(&self.caller, &wanted(instance), self.urgency()).await?;
        }
        let (_, token) = self.application.new_token(&self.step.address);
        let pending = Pending { operation: Operation::Delete, generation, token, request: Json::Null };
        let beside = Beside {
            kind: resource.kind.clone(),
            place: resource.place.clone(),
            dependencies: resource.dependencies.clone(),
            lifecycle: resource.lifecycle,
        };
        self.hold(Operation::Delete).await?;
        self.record_intent(pending, beside).await?;
        self.call_delete(instance).await?;
        self.confirm_gone(instance).await?;
        let deleted = Record::Deleted { address: self.step.address.clone(), generation };
        self.application.journal.record(deleted).await?;
        Ok(Some(instance.id.clone()))
    }

    async fn call_delete(&self, instance: &Instance) -> Result<(), StepError> {
        let mut retries = self.retries();
        loop {
            let permit = self.permit(Operation::Delete).await?;
            let Err(error) = self.caller.delete(permit, &instance.id, &instance.applied).await else {
                retries.went_well();
                return Ok(());
            };
            if !may_pass(&error) || !self.pause(&mut retries, &error).await {
                return Err(error.into());
            }
        }
    }

    /// Law 6: the state lets go of a resource only after AWS no longer knows it.
    async fn confirm_gone(&self, instance: &Instance) -> Result<(), StepError> {
        let wanted = wanted(instance);
        let mut looks = self.looks(Operation::Delete);
        while let Some(live) = self.look(&wanted).await? {
            if !looks.pause().await {
                let seconds = self.schema().description.timing.limit.into();
                return Err(StepError::TimedOut { what: "gone", seconds, said: live.phase.said().to_owned() });
            }
        }
        Ok(())
    }
}

/// A dependency may go away, and deleting can be repeated whatever became of the last try.
fn may_pass(error: &CloudError) -> bool {
    error.is_retryable() || error.cause == Cause::Dependency
}

fn find(resource: &Resource, generation: u64) -> Option<&Instance> {
    resource.current.iter().chain(&resource.deposed).find(|instance| instance.generation == generation)
}
