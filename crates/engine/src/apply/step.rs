//! One step: what all kinds of steps share.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use provision_core::address::Address;
use provision_core::driver::{CloudError, Id, Intent, Place};
use provision_core::fact::Facts;
use provision_core::plan::{Action, Stage, Step, Unchanged, present_attributes};
use provision_core::schema::KindSchema;
use provision_core::spec::{Attributes, Expanded, Instance};
use provision_core::state::{self, Operation, Pending, Record, Resource, State, token};
use provision_core::store::StoreError;
use provision_core::value::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::admission::Admission;
use super::{Application, Message, StepError};
use crate::Event;
use crate::calls::{Caller, Permit};

/// A step under way.
pub(super) struct Run<'a> {
    pub(super) application: &'a Application,
    pub(super) index: usize,
    pub(super) step: &'a Step,
    pub(super) caller: Arc<Caller>,
    /// The right to make the step's first call, until it is made.
    pub(super) held: Mutex<Option<Permit>>,
    pub(super) sender: &'a mpsc::UnboundedSender<Message>,
}

/// What a create or update step works toward.
pub(super) struct Target {
    /// The properties, all known.
    pub(super) desired: Value,
    /// Where it lies.
    pub(super) place: Place,
    /// What it needs.
    pub(super) dependencies: BTreeSet<Address>,
    /// What protects it.
    pub(super) lifecycle: state::Lifecycle,
    /// Properties whose changes are left alone.
    pub(super) ignored: Vec<String>,
}

/// What the state is to record of an address beside an intent.
pub(super) struct Beside {
    pub(super) kind: String,
    pub(super) place: Place,
    pub(super) dependencies: BTreeSet<Address>,
    pub(super) lifecycle: state::Lifecycle,
}

impl Application {
    /// Carries out one step.
    pub(super) async fn carry_out(
        &self,
        index: usize,
        admission: Admission,
        sender: &mpsc::UnboundedSender<Message>,
    ) -> Result<(), StepError> {
        let step = &self.plan.steps[index];
        let started = Instant::now();
        self.engine.observer.see(&Event::Started { step: index, expected: self.plan.paces[index].done });
        let id = match admission? {
            None => {
                self.journal.record(Record::Forgotten { address: step.address.clone() }).await?;
                None
            }
            Some((caller, permit)) => {
                let held = Mutex::new(Some(permit));
                Run { application: self, index, step, caller, held, sender }.carry_out().await?
            }
        };
        let elapsed = started.elapsed();
        let id = id.as_ref().map(|id| id.as_str());
        self.engine.observer.see(&Event::Finished { step: index, action: step.action, elapsed, id });
        Ok(())
    }

    /// A number no other generation of this state has, and a token no other intent has.
    pub(super) fn new_token(&self, address: &Address) -> (u64, String) {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        (number, token(&self.plan.lineage, self.serial, address, number))
    }

    /// An error without the secrets of `desired`, should AWS have repeated one (law 10).
    pub(super) fn scrub(&self, mut error: CloudError, desired: &Value) -> CloudError {
        for secret in desired.secret_texts() {
            error.message = error.message.replace(&*secret, "(sensitive)");
        }
        error
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn attributes(&self) -> MutexGuard<'_, Attributes> {
        self.attributes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the records of what the plan leaves alone up to date before any step: the
    /// resources' addresses, what the state records beside their properties, and intents to
    /// create that nobody takes up.
    pub(super) async fn prepare(&self) {
        for (from, to) in &self.plan.moves {
            self.engine.observer.see(&Event::Moved { from, to });
        }
        let moved = |(from, to): &(Address, Address)| Record::Moved { from: from.clone(), to: to.clone() };
        // A journal that cannot be written fails every step and the end of the run.
        let _ = self.journal.record_all(self.plan.moves.iter().map(moved)).await;
        let _ = self.journal.record_all(self.refreshed().into_iter().chain(self.given_up())).await;
    }

    /// What the state records beside the properties of what the plan leaves alone.
    fn refreshed(&self) -> Vec<Record> {
        let Some(spec) = &self.spec else { return Vec::new() };
        let refreshed = |state: &State, unchanged: &Unchanged| {
            let (resource, instance) = (state.resources.get(&unchanged.address)?, spec.instance(&unchanged.address)?);
            let (outputs, current) = (unchanged.refresh.clone()?, resource.current.clone()?);
            Some(settled(spec, instance, resource.kind.clone(), state::Instance { outputs, ..current }))
        };
        self.journal.with(|state| self.plan.unchanged.iter().filter_map(|it| refreshed(state, it)).collect())
    }

    /// The end of intents to create that were interrupted and that the plan does not take up.
    /// Recovery has looked for what they may have made and found nothing.
    fn given_up(&self) -> Vec<Record> {
        let creates = self.plan.steps.iter().filter(|step| matches!(step.action, Action::Create { .. }));
        let made: BTreeSet<&Address> = creates.map(|step| &step.address).collect();
        self.journal.with(|state| {
            let rest = state.resources.iter().filter(|(address, _)| !made.contains(address));
            let pending = rest.filter_map(|(address, it)| Some((address.clone(), it.interrupted_create()?.generation)));
            pending.map(|(address, generation)| Record::Refused { address, generation }).collect()
        })
    }
}

fn settled(spec: &Expanded, instance: &Instance, kind: String, current: state::Instance) -> Record {
    Record::Settled {
        address: instance.address.clone(),
        kind,
        place: instance.place.clone(),
        dependencies: spec.dependencies(instance),
        lifecycle: instance.lifecycle,
        instance: current,
    }
}

impl Run<'_> {
    async fn carry_out(&self) -> Result<Option<Id>, StepError> {
        match self.step.action {
            Action::Create { .. } => self.create().await.map(Some),
            Action::Update => self.update().await.map(Some),
            Action::Adopt => self.adopt().await.map(Some),
            Action::Delete { generation, .. } => self.delete(generation).await,
            Action::Forget => Ok(None),
        }
    }

    /// What the state records at the step's address, as far as it is durable.
    pub(super) fn recorded(&self) -> Option<Resource> {
        self.application.journal.with(|state| state.resources.get(&self.step.address).cloned())
    }

    pub(super) fn schema(&self) -> &KindSchema {
        self.caller.schema()
    }

    /// Tells dependents how far this step has come.
    pub(super) fn reach(&self, stage: Stage) {
        // The walk ends only after its steps, so somebody listens.
        let _ = self.sender.send(Message::Reached(self.index, stage));
    }

    /// Makes attributes visible to other expressions: all that is known when `is_done`,
    /// else the early ones.
    pub(super) fn publish(&self, desired: &Value, live: Option<(&Value, &serde_json::Value)>, id: &str, is_done: bool) {
        let schema = self.schema();
        let nothing = (Value::map([]), serde_json::Value::Null);
        let (live, outputs) = live.unwrap_or((&nothing.0, &nothing.1));
        let known = present_attributes(schema, desired, live, outputs, id);
        let mut attributes = self.application.attributes();
        let before = attributes.get(&self.step.address).and_then(Value::as_map).cloned().unwrap_or_default();
        let is_known = |name: &str| is_done || schema.is_early(name) || before.get(name).is_some_and(Value::is_known);
        let merged = known.into_iter().map(|(name, value)| {
            let keeps = !is_known(&name) || (!is_done && value == Value::Null);
            let value = before.get(&name).filter(|_| keeps).cloned().unwrap_or(value);
            (name, value)
        });
        attributes.publish(&self.step.address, Value::map(merged.collect::<Vec<_>>()));
    }

    /// Makes the intent to create or update durable (law 1). One that was interrupted and
    /// asked for the same there is taken up again, generation, token and all, so that AWS sees
    /// one request (law 2); `generation` is `None` for a create.
    pub(super) async fn intend(
        &self,
        operation: Operation,
        target: &Target,
        wanted: &Value,
        generation: Option<u64>,
    ) -> Result<Intent, StepError> {
        let application = self.application;
        let request = application.salt.seal(wanted).unwrap_or_default();
        self.hold(operation).await?;
        let interrupted = application.journal.with(|state| {
            let resource = state.resources.get(&self.step.address)?;
            let is_there = state.location(&resource.place) == state.location(&target.place);
            resource.pending.clone().filter(|_| is_there)
        });
        let is_same = |it: &Pending| {
            it.operation == operation && it.request == request && generation.is_none_or(|own| own == it.generation)
        };
        let pending = interrupted.filter(is_same).unwrap_or_else(|| {
            let (number, token) = application.new_token(&self.step.address);
            Pending { operation, generation: generation.unwrap_or(number), token, request }
        });
        let beside = Beside {
            kind: self.step.kind.clone(),
            place: target.place.clone(),
            dependencies: target.dependencies.clone(),
            lifecycle: target.lifecycle,
        };
        self.record_intent(pending, beside).await
    }

    pub(super) async fn record_intent(&self, pending: Pending, beside: Beside) -> Result<Intent, StepError> {
        let address = self.step.address.clone();
        let intent = Intent {
            stack: self.application.plan.stack.clone(),
            address: address.clone(),
            generation: pending.generation,
            token: pending.token.clone(),
        };
        let Beside { kind, place, dependencies, lifecycle } = beside;
        let record = Record::Intent { address, kind, place, dependencies, lifecycle, pending };
        let journal = &self.application.journal;
        journal.record(record).await?;
        // The call follows at once, so this is the last moment to look.
        if journal.is_lost() { Err(StoreError::LeaseLost { holder: None }.into()) } else { Ok(intent) }
    }
}
