//! Settling: read, wait while AWS works, update while something differs. The only wait
//! loop there is.

use provision_core::diff::{Change, Comparison, is_ignored, keep_ignored, top_level};
use provision_core::driver::{Cause, Id, Phase, Update, Wanted};
use provision_core::plan::{Seen, Stage};
use provision_core::state::{self, Operation, Record};
use provision_core::value::Value;
use serde_json::Value as Json;

use super::StepError;
use super::step::{Run, Target};
use crate::Event;
use crate::pace::Pauses;

/// How many updates one step makes at most, should AWS report something else each time.
const MOST_UPDATES: u32 = 10;

/// Where settling starts from.
pub(super) enum Start {
    /// A create call that was answered a moment ago.
    Created,
    /// An instance as it was last applied.
    Applied(Box<state::Instance>),
}

impl Run<'_> {
    /// Updates the resource in place.
    pub(super) async fn update(&self) -> Result<Id, StepError> {
        self.step_aside();
        let target = self.target().await?;
        let Some(current) = self.recorded().and_then(|resource| resource.current) else {
            return Err(StepError::Died("the state has no instance of it".to_owned()));
        };
        let (id, generation) = (current.id.clone(), current.generation);
        self.reach(Stage::Identified);
        self.settle(&target, generation, &id, Start::Applied(Box::new(current))).await?;
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
        let applied = settling.with_ignored(&live);
        let instance = state::Instance {
            generation,
            id: id.clone(),
            kind: None,
            place: None,
            settled: true,
            applied: self.application.salt.seal(&applied).unwrap_or_default(),
            outputs: live.outputs.clone(),
        };
        self.publish(&target.desired, Some((&live.spec, &live.outputs)), id.as_str(), true);
        let record = Record::Settled {
            address: self.step.address.clone(),
            kind: self.step.kind.clone(),
            place: target.place.clone(),
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
    /// How many updates were made.
    updates: u32,
    /// What AWS said last while it worked.
    said: String,
    looks: Pauses,
    early_looks: Pauses,
}

impl<'a> Settling<'a> {
    fn new(run: &'a Run<'a>, target: &'a Target, generation: u64, id: &Id, start: Start) -> Self {
        let (told, outputs, is_seen, operation) = match start {
            Start::Created => (target.desired.clone(), Json::Null, false, Operation::Create),
            Start::Applied(instance) => (Value::from(&instance.applied), instance.outputs, true, Operation::Update),
        };
        Self {
            run,
            target,
            generation,
            wanted: Wanted { id: id.clone(), applied: target.desired.to_driver_json(), outputs, is_fresh: !is_seen },
            told,
            is_seen,
            last: None,
            updates: 0,
            said: String::new(),
            looks: run.looks(operation),
            early_looks: run.pauses(),
        }
    }

    async fn run(&mut self) -> Result<Seen, StepError> {
        loop {
            let seen = self.look().await?;
            match &seen.phase {
                Phase::Failed(why) => return Err(StepError::Failed(why.clone())),
                Phase::Pending(_) => self.wait_while_pending(&seen).await?,
                Phase::Ready => {
                    let changes = self.changes(&seen);
                    if changes.is_empty() {
                        return Ok(seen);
                    }
                    self.mend(changes, &seen).await?;
                }
                Phase::Halted(why) if self.wanted.is_fresh => return Err(StepError::Halted(why.clone())),
                Phase::Halted(why) if self.updates > 0 => self.outlast(why).await?,
                // What halted before is tried again, though it may not differ.
                Phase::Halted(_) => self.mend(self.changes(&seen), &seen).await?,
            }
        }
    }

    /// Reads the resource, which may not be seen yet if it was made a moment ago.
    async fn look(&mut self) -> Result<Seen, StepError> {
        let run = self.run;
        let live = match self.is_seen {
            true => run.look(&self.wanted).await?,
            false => run.application.engine.await_sight(&run.caller, &self.wanted, run.urgency()).await?,
        };
        let Some(live) = live else {
            return Err(StepError::Vanished { id: self.wanted.id.to_string() });
        };
        self.is_seen = true;
        let seen = Seen::new(live, run.schema());
        run.publish(&self.target.desired, Some((&seen.spec, &seen.outputs)), self.wanted.id.as_str(), false);
        if self.shows_all_early(&seen) {
            run.reach(Stage::Seen);
        }
        Ok(seen)
    }

    /// Whether everything is known that dependents may use early. Some of it may show only
    /// after a while.
    fn shows_all_early(&self, seen: &Seen) -> bool {
        let shows = |name: &String| {
            let properties = [&self.target.desired, &seen.spec].into_iter().filter_map(Value::as_map);
            let mut stated = properties.filter_map(|properties| properties.get(name));
            name == "id" || stated.any(|value| *value != Value::Null) || !seen.outputs[name.as_str()].is_null()
        };
        self.run.schema().description.early.iter().all(shows)
    }

    /// Looks first when the resource is expected to be ready, then at growing steps. While
    /// something early is still to come, dependents wait for it: then it is growing steps
    /// from the start.
    async fn wait_while_pending(&mut self, seen: &Seen) -> Result<(), StepError> {
        let run = self.run;
        self.tell(seen.phase.said());
        let is_in_time = match self.shows_all_early(seen) {
            true => self.looks.pause().await,
            false => self.early_looks.pause().await,
        };
        let seconds = run.schema().description.timing.limit.into();
        if is_in_time { Ok(()) } else { Err(StepError::TimedOut { what: "ready", seconds, said: self.said.clone() }) }
    }

    /// Tells what AWS says, once.
    fn tell(&mut self, said: &str) {
        if said != self.said {
            self.said = said.to_owned();
            self.run.application.engine.observer.see(&Event::Waiting { step: self.run.index, said });
        }
    }

    /// What is desired, with what the cloud has where changes are ignored.
    fn with_ignored(&self, seen: &Seen) -> Value {
        let desired = self.target.desired.clone();
        self.target.ignored.iter().fold(desired, |desired, path| keep_ignored(&desired, &seen.spec, path))
    }

    fn changes(&self, seen: &Seen) -> Vec<Change> {
        let schema = self.run.schema();
        let comparison = Comparison { schema: &schema.spec, salt: &self.run.application.salt, applied: &self.told };
        let mut changes = comparison.changes(&self.target.desired, &seen.spec);
        changes.retain(|change| !is_ignored(&self.target.ignored, &change.path));
        changes
    }

    /// Nothing is told anew of an update that halted: nobody knows how much of it came about. Right after the
    /// update AWS may only show yet what halted before.
    async fn outlast(&mut self, why: &str) -> Result<(), StepError> {
        if let Some((_, pauses)) = &mut self.last
            && pauses.pause().await
        {
            return Ok(());
        }
        Err(StepError::Halted(why.to_owned()))
    }

    /// Updates what differs. When the same still differs after an update, AWS may only not
    /// show it yet, so it gets the grace period before that counts as a failure.
    async fn mend(&mut self, changes: Vec<Change>, seen: &Seen) -> Result<(), StepError> {
        if let Some((_, pauses)) = self.last.as_mut().filter(|(last, _)| *last == changes)
            && pauses.pause().await
        {
            return Ok(());
        }
        let is_same = self.last.as_ref().is_some_and(|(last, _)| *last == changes);
        if is_same || self.updates == MOST_UPDATES {
            let fields = top_level(&changes).into_iter().map(|field| format!("`{field}`")).collect();
            return Err(StepError::Unsettled { fields });
        }
        self.wanted.is_fresh = false;
        self.call_update(&changes, seen).await?;
        self.updates += 1;
        self.told = self.target.desired.clone();
        let patience = self.run.application.engine.patience;
        self.last = Some((changes, Pauses::new(patience, patience.grace)));
        self.looks = self.run.looks(Operation::Update);
        Ok(())
    }

    async fn call_update(&self, changes: &[Change], seen: &Seen) -> Result<(), StepError> {
        let run = self.run;
        let wanted = self.with_ignored(seen);
        let intent = run.intend(Operation::Update, self.target, &wanted, Some(self.generation)).await?;
        let update = Update {
            id: self.wanted.id.clone(),
            live: seen.spec.to_driver_json().unwrap_or_default(),
            fields: top_level(changes),
            intent,
        };
        let spec = wanted.to_driver_json().unwrap_or_default();
        let mut retries = run.retries();
        loop {
            let permit = run.permit(Operation::Update).await?;
            let Err(error) = run.caller.update(permit, &spec, &update).await else {
                retries.went_well();
                return Ok(());
            };
            let error = run.application.scrub(error, &self.target.desired);
            let may_pass = run.may_try_again(&error) || error.cause == Cause::Dependency;
            if !may_pass || !run.pause(&mut retries, &error).await {
                return Err(error.into());
            }
        }
    }
}
