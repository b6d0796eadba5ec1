//! The calls an engine makes: how many at once, how often, and which of them are one.

mod gate;
mod reads;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use provision_core::driver::{CloudError, Driver, Id, Intent, Place, Update};
use provision_core::rate::{PARALLELISM, Rate, Rates};
use provision_core::schema::KindSchema;
use provision_core::state::Operation;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use crate::budget::Budget;
use crate::pace::Patience;
use crate::{Engine, EngineError};
pub(crate) use gate::Permit;
use gate::{Gate, LaneId};
use reads::Reads;

/// How urgent something is of which nothing tells how much comes after it.
pub(crate) const AT_ONCE: Duration = Duration::MAX;

type Callers = HashMap<(String, Place), Arc<Caller>>;

/// The calls of one run. Clones share their bounds.
#[derive(Clone)]
pub struct Calls {
    gate: Gate,
    callers: Arc<Mutex<Callers>>,
}

impl Default for Calls {
    fn default() -> Self {
        Self::at_most(PARALLELISM)
    }
}

impl Calls {
    /// So many at once.
    pub fn at_most(parallelism: usize) -> Self {
        Self { gate: Gate::new(parallelism), callers: Arc::default() }
    }

    /// The instant on which pauses that are to end together agree.
    pub(crate) fn epoch(&self) -> Instant {
        self.gate.epoch()
    }

    fn callers(&self) -> MutexGuard<'_, Callers> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Who calls AWS about `kind` in `place`.
    pub(crate) async fn caller(&self, kind: &str, place: &Place) -> Result<Arc<Caller>, EngineError> {
        let key = (kind.to_owned(), place.clone());
        if let Some(known) = self.calls.callers().get(&key) {
            return Ok(known.clone());
        }
        let driver = self.provider.driver(kind, place).await?;
        let driver = driver.ok_or_else(|| EngineError::UnknownKind { kind: kind.to_owned() })?;
        let new = || Arc::new(Caller::new(self, driver));
        Ok(self.calls.callers().entry(key).or_insert_with(new).clone())
    }
}

/// A kind in a place, as the engine calls it.
///
/// # Guarantees
/// - Each call has a [`Permit`] of the gate: one that changes something brings it along, for
///   the intent is written between permit and call, and nothing may come between intent and call.
/// - A read is tried again while it is throttled or fails in passing, each try with a permit of its own.
pub(crate) struct Caller {
    driver: Arc<dyn Driver>,
    gate: Gate,
    lanes: Lanes,
    reads: Reads,
    budget: Budget,
    patience: Patience,
}

struct Lanes {
    create: LaneId,
    read: LaneId,
    update: LaneId,
    delete: LaneId,
}

impl Lanes {
    fn new(gate: &Gate, rates: Rates, patience: Patience) -> Self {
        let lane = |rate: Option<Rate>| gate.lane(rate.map(|rate| rate.at_tempo(patience.tempo)));
        let Rates { create, read, update, delete } = rates;
        Self { create: lane(create), read: lane(read), update: lane(update), delete: lane(delete) }
    }
}

impl Caller {
    fn new(engine: &Engine, driver: Arc<dyn Driver>) -> Self {
        let (gate, patience) = (engine.calls.gate.clone(), engine.patience);
        let lanes = Lanes::new(&gate, driver.schema().description.rates, patience);
        Self { driver, gate, lanes, reads: Reads::default(), budget: engine.budget.clone(), patience }
    }

    pub(crate) fn schema(&self) -> &KindSchema {
        self.driver.schema()
    }

    /// Waits for the right to make a call that changes something.
    pub(crate) async fn admit(&self, operation: Operation, urgency: Duration) -> Permit {
        let lane = match operation {
            Operation::Create => self.lanes.create,
            Operation::Update => self.lanes.update,
            Operation::Delete => self.lanes.delete,
        };
        self.gate.pass(lane, urgency).await
    }

    pub(crate) async fn create(&self, permit: Permit, spec: &Json, intent: &Intent) -> Result<Id, CloudError> {
        permit.noting(self.driver.create(spec, intent).await)
    }

    pub(crate) async fn update(&self, permit: Permit, spec: &Json, update: &Update) -> Result<(), CloudError> {
        permit.noting(self.driver.update(spec, update).await)
    }

    pub(crate) async fn delete(&self, permit: Permit, id: &Id, applied: &Json) -> Result<(), CloudError> {
        permit.noting(self.driver.delete(id, applied).await)
    }

    pub(crate) async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError> {
        self.asking(AT_ONCE, None, || self.driver.recover(spec, intent)).await
    }

    pub(crate) async fn find(&self, by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.asking(AT_ONCE, None, || self.driver.find(by)).await
    }

    /// Makes a call that changes nothing, the first time with `permit` if there is one.
    async fn asking<T, F>(
        &self,
        urgency: Duration,
        mut permit: Option<Permit>,
        ask: impl Fn() -> F,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, CloudError>>,
    {
        let ask = &ask;
        let call = || {
            let permit = permit.take();
            async move {
                let permit = match permit {
                    Some(permit) => permit,
                    None => self.gate.pass(self.lanes.read, urgency).await,
                };
                permit.noting(ask().await)
            }
        };
        self.budget.reading(self.patience, call).await
    }
}
