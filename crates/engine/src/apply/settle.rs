//! Settling: read, wait while AWS works, update while something differs. The only wait
//! loop there is.

use std::time::Duration;

use provision_core::diff::{Change, Comparison, is_ignored, top_level};
use provision_core::driver::{Cause, Id, Live, Phase, Update, Wanted};
use provision_core::plan::{Seen, Stage};
use provision_core::state::{self, Operation, Record};
use provision_core::value::Value;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::StepError;
use super::step::{Run, Target};
use crate::Event;
use crate::pace::{self, Pauses};

/// Where settling starts from.
pub(super) enum Start {
    /// A create call that was answered a moment ago.
    Created,
    /// An instance as it was last applied.
    Applied(state::Instance),
}

impl Run<'_> {
    /// Updates the resource in place.
    pub(super) async fn update(&self) -> Result<Id, StepError> {
        let target = self.target()?;
        let state = self.application.journal.state();
        let resource = state.resources.get(&self.step.address);
        let Some(current) = resource.and_then(|resource| resource.current.clone()) else {
            return Err(StepError::Died("the state has no instance of it".to_owned()));
        };
        let (id, generation) = (current.id.clone(), current.generation);
        self.reach(Stage::Identified);
        self.settle(&target, generation, &id, Start::Applied(current)).await?;
        Ok(id)
    }

    /// Brings the resource to what is desired and waits until it is ready.
    pub(super) async fn settle(
        &self,
        target: &Target,
        generation: u64,
        id: &Id,
        start: Start,
    ) -> Result<(), StepError> {
        let mut settling = Settling::new(self, target, generation, id, start);
        let live = settling.run().await?;
        let instance = state::Instance {
            generation,
            id: id.clone(),
            settled: true,
            applied: self.application.salt.seal(&target.desired).unwrap_or_default(),
            outputs: live.outputs.clone(),
        };
        self.publish(&target.desired, Some((&live.spec, &live.outputs)), id.as_str(), true);
        let record = Record::Settled {
            address: self.step.address.clone(),
            kind: self.step.kind.clone(),
            dependencies: target.dependencies.clone(),
            lifecycle: target.lifecycle,
            instance,
        };
        Ok(self.application.journal.record(record).await?)
    }
}

struct Settling<'a> {
    run: &'a Run<'a>,
    target: &'a Target,
    generation: u64,
    wanted: Wanted,
    /// What write-only properties are compared with: what AWS was last told.
    told: Value,
    /// Whether the resource was seen since it was made.
    is_seen: bool,
    /// What differed when the last update was made, and the pauses since.
    last: Option<(Vec<Change>, Pauses)>,
    deadline: Instant,
    first_look: Option<Duration>,
}

impl<'a> Settling<'a> {
    fn new(run: &'a Run<'a>, target: &'a Target, generation: u64, id: &Id, start: Start) -> Self {
        let timing = run.schema().description.timing;
        let (told, outputs, is_seen, expected) = match start {
            Start::Created => (target.desired.clone(), Json::Null, false, timing.create),
            Start::Applied(instance) => (Value::from(&instance.applied), instance.outputs, true, timing.update),
        };
        Self {
            run,
            target,
            generation,
            wanted: Wanted { id: id.clone(), applied: target.desired.to_driver_json(), outputs },
            told,
            is_seen,
            last: None,
            deadline: Instant::now() + Duration::from_secs(timing.limit.into()),
            first_look: Some(Duration::from_secs(expected.into())),
        }
    }

    async fn run(&mut self) -> Result<Seen, StepError> {
        let mut pauses = self.run.pauses();
        loop {
            let Some(seen) = self.look().await? else {
                continue;
            };
            match &seen.phase {
                Phase::Failed(why) => return Err(StepError::Failed(why.clone())),
                Phase::Pending => self.wait_while_pending(&mut pauses).await?,
                Phase::Ready => {
                    let changes = self.changes(&seen);
                    if changes.is_empty() {
                        return Ok(seen);
                    }
                    self.mend(changes, &seen).await?;
                }
            }
        }
    }

    /// Reads the resource; `None` after a pause when AWS does not show it yet.
    async fn look(&mut self) -> Result<Option<Seen>, StepError> {
        let run = self.run;
        let patience = run.application.engine.patience;
        let mut pauses = Pauses::new(patience, patience.grace);
        let wanted = std::slice::from_ref(&self.wanted);
        let live: Live = loop {
            let found = pace::reading(patience, || run.driver.read(wanted)).await?;
            match found.into_iter().flatten().next() {
                Some(live) => break live,
                None if self.is_seen || !pauses.pause().await => {
                    return Err(StepError::Vanished { id: self.wanted.id.to_string() });
                }
                None => {}
            }
        };
        self.is_seen = true;
        let seen = Seen::new(live, run.schema());
        run.publish(&self.target.desired, Some((&seen.spec, &seen.outputs)), self.wanted.id.as_str(), false);
        run.reach(Stage::Seen);
        Ok(Some(seen))
    }

    /// Looks first when the resource is expected to be ready, then at growing steps.
    async fn wait_while_pending(&mut self, pauses: &mut Pauses) -> Result<(), StepError> {
        let run = self.run;
        run.application.engine.observer.see(&Event::Pending { step: run.index });
        match self.first_look.take() {
            Some(expected) if !expected.is_zero() => {
                pace::wait(expected.mul_f64(run.application.engine.patience.tempo)).await
            }
            _ => {
                if !pauses.pause().await || Instant::now() > self.deadline {
                    let seconds = run.schema().description.timing.limit.into();
                    return Err(StepError::TimedOut { what: "ready", seconds });
                }
            }
        }
        Ok(())
    }

    fn changes(&self, seen: &Seen) -> Vec<Change> {
        let schema = self.run.schema();
        let comparison = Comparison { schema: &schema.spec, salt: &self.run.application.salt, applied: &self.told };
        let mut changes = comparison.changes(&self.target.desired, &seen.spec);
        changes.retain(|change| !is_ignored(&self.target.ignored, &change.path));
        changes
    }

    /// Updates what differs. When the same still differs after an update, AWS may only not
    /// show it yet, so it gets the grace period before that counts as a failure.
    async fn mend(&mut self, changes: Vec<Change>, seen: &Seen) -> Result<(), StepError> {
        if let Some((last, pauses)) = self.last.as_mut().filter(|(last, _)| *last == changes) {
            if pauses.pause().await {
                return Ok(());
            }
            let fields = top_level(last).into_iter().map(|field| format!("`{field}`")).collect();
            return Err(StepError::Unsettled { fields });
        }
        self.call_update(&changes, seen).await?;
        self.told = self.target.desired.clone();
        let patience = self.run.application.engine.patience;
        self.last = Some((changes, Pauses::new(patience, patience.grace)));
        Ok(())
    }

    async fn call_update(&self, changes: &[Change], seen: &Seen) -> Result<(), StepError> {
        let run = self.run;
        let intent = run.intend(Operation::Update, self.target, Some(self.generation)).await?;
        let update = Update {
            id: self.wanted.id.clone(),
            live: seen.spec.to_driver_json().unwrap_or_default(),
            fields: top_level(changes),
            intent,
        };
        let spec = self.target.desired.to_driver_json().unwrap_or_default();
        let mut pauses = run.pauses();
        loop {
            let Err(error) = run.driver.update(&spec, &update).await else {
                return Ok(());
            };
            let error = run.application.scrub(error, &self.target.desired);
            run.application.engine.observer.see(&Event::Retrying { step: run.index, error: &error });
            let may_pass = run.may_try_again(&error) || error.cause == Cause::Dependency;
            if !may_pass || !pauses.pause().await {
                return Err(error.into());
            }
        }
    }
}
