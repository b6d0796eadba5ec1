//! Broken engines: each breaks one law at a seam, and must be caught.
//!
//! A seam is where the engine meets the cloud or the store, so what is changed there is what a
//! broken engine would do. Nothing of the engine itself is changed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use provision_core::driver::{
    Cause, CloudError, Driver, Id, Identity, Intent, Live, Place, Provider, Recovery, Update, Wanted,
};
use provision_core::schema::KindSchema;
use provision_core::state::history::{Entry, Past};
use provision_core::state::{Operation, Record, State};
use provision_core::store::{Holder, Lease, Loaded, Replacement, Store, StoreError};
use provision_engine::pace::Patience;
use provision_sim::{Seams, StoreRules};
use serde_json::{Map, Value as Json};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    IntentSkipped,
    TokenNewEachTry,
    CreatedNotRecorded,
    CreatedAfterTheWait,
    ForgottenBeforeGone,
    NoGrace,
    NoLeaseCheck,
    NoFence,
    NoCompareAndSwap,
    JournalElsewhere,
    ForeignAdoptedByName,
    ForeignAdoptedByTag,
    SecretUnsealed,
    ProtectionNotKept,
}

/// All mutants, the law each breaks, and what it does.
pub(crate) const MUTANTS: [(Mutant, u32, &str); 14] = [
    (Mutant::IntentSkipped, 1, "the intent is not recorded"),
    (Mutant::TokenNewEachTry, 2, "each try has a token of its own"),
    (Mutant::CreatedNotRecorded, 4, "the id is not recorded before all is done"),
    (Mutant::CreatedAfterTheWait, 4, "the id is recorded after the wait"),
    (Mutant::NoGrace, 5, "absent from a list is absent"),
    (Mutant::ForgottenBeforeGone, 6, "forgotten before it is gone"),
    (Mutant::ProtectionNotKept, 6, "protection is not kept in the state"),
    (Mutant::NoLeaseCheck, 7, "the lease is never lost, and writes after it are taken for done"),
    (Mutant::NoFence, 7, "the clock stands still, and the former holder's journal goes on beside the new one"),
    (Mutant::NoCompareAndSwap, 7, "the clock stands still, and a snapshot replaces whatever is there"),
    (Mutant::JournalElsewhere, 8, "the journal lies with the process, and is gone with it"),
    (Mutant::ForeignAdoptedByName, 9, "what has the name is taken for ours"),
    (Mutant::ForeignAdoptedByTag, 9, "recovery takes what is alike, whoever owns it"),
    (Mutant::SecretUnsealed, 10, "secrets are stored as they are"),
];

/// What the parts of a broken engine share.
#[derive(Clone)]
pub(crate) struct Broken {
    mutant: Mutant,
    calls: Arc<AtomicU64>,
    /// The last password that was sent.
    password: Arc<Mutex<Json>>,
    /// Ids that are to be recorded later.
    held: Arc<Mutex<Vec<Record>>>,
}

impl Broken {
    pub(crate) fn new(mutant: Mutant) -> Self {
        Self { mutant, calls: Arc::default(), password: Arc::default(), held: Arc::default() }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    /// What is written for `record`, by an engine that is broken in this way.
    fn written(&self, record: &Record) -> Vec<Record> {
        let mut record = record.clone();
        match (self.mutant, &mut record) {
            (Mutant::IntentSkipped, Record::Intent { .. }) | (Mutant::CreatedNotRecorded, Record::Created { .. }) => {
                Vec::new()
            }
            (Mutant::CreatedAfterTheWait, Record::Created { .. }) => {
                self.held.lock().unwrap().push(record);
                Vec::new()
            }
            (Mutant::CreatedAfterTheWait, Record::Settled { instance, .. }) => {
                let number = instance.generation;
                let is_its =
                    |it: &mut Record| matches!(it, Record::Created { generation, .. } if *generation == number);
                let mut all: Vec<Record> = self.held.lock().unwrap().extract_if(.., is_its).collect();
                all.push(record);
                all
            }
            (Mutant::ForgottenBeforeGone, Record::Intent { pending, address, .. })
                if pending.operation == Operation::Delete =>
            {
                let deleted = Record::Deleted { address: address.clone(), generation: pending.generation };
                vec![record, deleted]
            }
            (Mutant::SecretUnsealed, Record::Settled { instance, .. }) => {
                if let Some(password) = instance.applied.get_mut("password") {
                    password.clone_from(&self.password.lock().unwrap());
                }
                vec![record]
            }
            (Mutant::ProtectionNotKept, Record::Intent { lifecycle, .. } | Record::Settled { lifecycle, .. }) => {
                lifecycle.prevent_destroy = false;
                vec![record]
            }
            _ => vec![record],
        }
    }

    /// The state that is saved in the place of `state`.
    fn saved(&self, state: &State) -> State {
        let mut state = state.clone();
        if self.is(Mutant::ProtectionNotKept) {
            state.resources.values_mut().for_each(|resource| resource.lifecycle.prevent_destroy = false);
        }
        state
    }

    /// What is made of the answer to a write.
    fn heard<T: Default>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        match answer {
            Err(StoreError::LeaseLost { .. }) if self.is(Mutant::NoLeaseCheck) => Ok(T::default()),
            answer => answer,
        }
    }
}

impl Seams for Broken {
    fn provider(&self, inner: Arc<dyn Provider>) -> Arc<dyn Provider> {
        Arc::new(BrokenProvider { broken: self.clone(), inner })
    }

    fn store(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(BrokenStore { broken: self.clone(), inner })
    }

    fn patience(&self, patience: Patience) -> Patience {
        match self.mutant {
            Mutant::NoGrace => Patience { grace: Duration::ZERO, ..patience },
            _ => patience,
        }
    }

    fn rules(&self) -> StoreRules {
        StoreRules { fences: !self.is(Mutant::NoFence), compares: !self.is(Mutant::NoCompareAndSwap) }
    }
}

struct BrokenProvider {
    broken: Broken,
    inner: Arc<dyn Provider>,
}

#[async_trait]
impl Provider for BrokenProvider {
    async fn driver(&self, kind: &str, place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        let broken = self.broken.clone();
        let driver = self.inner.driver(kind, place).await?;
        Ok(driver.map(|inner| -> Arc<dyn Driver> { Arc::new(BrokenDriver { broken, inner }) }))
    }

    async fn identity(&self, place: &Place) -> Result<Identity, CloudError> {
        self.inner.identity(place).await
    }

    async fn zones(&self, place: &Place) -> Result<Vec<String>, CloudError> {
        self.inner.zones(place).await
    }

    async fn secret_value(&self, arn: &str, place: &Place) -> Result<String, CloudError> {
        self.inner.secret_value(arn, place).await
    }
}

struct BrokenDriver {
    broken: Broken,
    inner: Arc<dyn Driver>,
}

#[async_trait]
impl Driver for BrokenDriver {
    fn schema(&self) -> &KindSchema {
        self.inner.schema()
    }

    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id, CloudError> {
        if let Some(password) = spec.get("password") {
            self.broken.password.lock().unwrap().clone_from(password);
        }
        let mut intent = intent.clone();
        if self.broken.is(Mutant::TokenNewEachTry) {
            intent.token = format!("{:032x}", self.broken.calls.fetch_add(1, Ordering::Relaxed));
        }
        match self.inner.create(spec, &intent).await {
            Err(error) if error.cause == Cause::Exists && self.broken.is(Mutant::ForeignAdoptedByName) => {
                Ok(Id::from(spec["name"].as_str().unwrap_or_default()))
            }
            answer => answer,
        }
    }

    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Live>>, CloudError> {
        self.inner.read(wanted).await
    }

    async fn update(&self, spec: &Json, update: &Update) -> Result<(), CloudError> {
        self.inner.update(spec, update).await
    }

    async fn delete(&self, id: &Id, applied: &Json) -> Result<(), CloudError> {
        self.inner.delete(id, applied).await
    }

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError> {
        if self.broken.is(Mutant::ForeignAdoptedByTag) && self.schema().description.recovery == Recovery::Tag {
            return Ok(self.inner.find(&Map::new()).await?.into_iter().take(1).collect());
        }
        self.inner.recover(spec, intent).await
    }

    async fn find(&self, by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.inner.find(by).await
    }
}

struct BrokenStore {
    broken: Broken,
    inner: Arc<dyn Store>,
}

#[async_trait]
impl Store for BrokenStore {
    async fn load(&self) -> Result<Option<Loaded>, StoreError> {
        self.inner.load().await
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError> {
        Ok(Box::new(BrokenLease { broken: self.broken.clone(), inner: self.inner.lock(holder).await? }))
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.inner.holder().await
    }

    async fn break_lock(&self, holder: &Holder) -> Result<(), StoreError> {
        self.inner.break_lock(holder).await
    }

    async fn remember(&self, past: &Past) -> Result<(), StoreError> {
        self.inner.remember(past).await
    }

    async fn history(&self) -> Result<Vec<Entry>, StoreError> {
        self.inner.history().await
    }

    async fn past(&self, serial: u64) -> Result<Option<Past>, StoreError> {
        self.inner.past(serial).await
    }
}

struct BrokenLease {
    broken: Broken,
    inner: Box<dyn Lease>,
}

#[async_trait]
impl Lease for BrokenLease {
    async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
        let written: Vec<Record> = records.iter().flat_map(|record| self.broken.written(record)).collect();
        match written.is_empty() || self.broken.is(Mutant::JournalElsewhere) {
            true => Ok(()),
            false => self.broken.heard(self.inner.append(&written).await),
        }
    }

    async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError> {
        let replacement = match replacement {
            Replacement::Next(state) => Replacement::Next(Arc::new(self.broken.saved(state))),
            other => other.clone(),
        };
        self.broken.heard(self.inner.replace(&replacement).await)
    }

    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.release().await
    }

    /// Without a term nobody looks at the clock, as if it stood still with the process.
    fn term(&self) -> Option<Duration> {
        let is_blind = [Mutant::NoLeaseCheck, Mutant::NoFence, Mutant::NoCompareAndSwap].contains(&self.broken.mutant);
        self.inner.term().filter(|_| !is_blind)
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.broken.heard(self.inner.renew().await)
    }

    fn taken_from(&self) -> Option<&Holder> {
        self.inner.taken_from()
    }
}
