//! Creating: intent, one call, id; then settling.

use provision_core::driver::{Cause, CloudError, Id, Intent, Place};
use provision_core::fact::Answer;
use provision_core::plan::{Reason, Stage};
use provision_core::state::{Operation, Record};
use serde_json::Value as Json;

use super::StepError;
use super::settle::Start;
use super::step::{Run, Target};
use crate::recover::Search;
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
        self.step_aside();
        let Some(resource) = self.recorded() else { return Ok(()) };
        let Some(current) = &resource.current else { return Ok(()) };
        let engine = &self.application.engine;
        if !refresh::is_on_its_way_out(&resource, current)
            && engine.await_sight(&self.caller, &refresh::wanted(current), self.urgency()).await?.is_some()
        {
            return Err(StepError::Reappeared { id: current.id.to_string() });
        }
        let deleted = Record::Deleted { address: self.step.address.clone(), generation: current.generation };
        Ok(self.application.journal.record(deleted).await?)
    }

    async fn call_create(&self, target: &Target, intent: &Intent) -> Result<Id, StepError> {
        let spec = target.desired.to_driver_json().unwrap_or_default();
        let mut retries = self.retries();
        loop {
            let permit = self.permit(Operation::Create).await?;
            let error = match self.caller.create(permit, &spec, intent).await {
                Ok(id) => {
                    retries.went_well();
                    return Ok(id);
                }
                Err(error) => self.application.scrub(error, &target.desired),
            };
            if may_have_acted(&error)
                && let Some(id) = self.search(target, &spec, intent).await?
            {
                return Ok(id);
            }
            if !self.may_try_again(&error) || !self.pause(&mut retries, &error).await {
                return Err(self.refused(target, &spec, intent, error).await?);
            }
        }
    }

    /// What the call made whose answer is missing.
    async fn search(&self, target: &Target, spec: &Json, intent: &Intent) -> Result<Option<Id>, StepError> {
        let journal = &self.application.journal;
        let is_free = |id: &Id| journal.with(|state| state.owner(&self.step.kind, &target.place, id).is_none());
        match self.application.engine.search(&self.caller, spec, intent, is_free).await? {
            Search::Nothing => Ok(None),
            Search::Found(id) => Ok(Some(id)),
            Search::Undecided(undecided) => Err(StepError::Undecided(undecided)),
        }
    }

    /// The error to report. Where AWS surely did nothing the intent is closed; else it
    /// stays open, and the next run looks for what it may have made.
    async fn refused(
        &self,
        target: &Target,
        spec: &Json,
        intent: &Intent,
        error: CloudError,
    ) -> Result<StepError, StepError> {
        if !may_have_acted(&error) || error.cause == Cause::Exists {
            let (address, generation) = (intent.address.clone(), intent.generation);
            self.application.journal.record(Record::Refused { address, generation }).await?;
        }
        Ok(match error.cause {
            Cause::Exists => StepError::Taken { error, id: self.holder_of_name(&target.place, spec).await },
            _ => StepError::Cloud(error),
        })
    }

    /// What has the name that was asked for, where that can be told.
    async fn holder_of_name(&self, place: &Place, spec: &Json) -> Option<Id> {
        let names = self.schema().spec.fields.iter().filter(|(_, field)| field.required && field.replace);
        let by = names.filter_map(|(name, _)| Some((name.clone(), spec.get(name)?.clone())));
        let by = Json::Object(by.collect()).to_string();
        let found = self.application.engine.look_up(&self.step.kind, place, &by).await.ok()?;
        let Answer::Value(found) = found else { return None };
        found.as_map()?.get("id")?.as_str().map(Id::from)
    }
}

/// Whether the call may have had an effect that its answer did not tell. A name that is
/// taken may be so by this very intent, whose first answer was lost.
fn may_have_acted(error: &CloudError) -> bool {
    matches!(error.cause, Cause::Transient | Cause::Unreachable | Cause::Exists)
}
