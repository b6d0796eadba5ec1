//! A store in memory: what it holds is the very text that a file or an object would.
//!
//! It is either like files, whose lock lasts as long as the process that has it, or like a
//! bucket, whose lock has a term and whose writes travel and may arrive late.

mod fault;
mod lease;
mod stored;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use provision_core::state::State;
use provision_core::state::format::encode_snapshot;
use provision_core::state::history::{Entry, Past, encode_past, outdated};
use provision_core::store::{Holder, Lease, Loaded, Store, StoreError};

use crate::network::{Network, ONE_WAY, travel};
use crate::process::{Moment, Process};
use lease::MemoryLease;
use stored::{Stored, found};

pub use fault::{PlannedFault, StoreFault};
pub use stored::StoreRules;

/// The store of one stack. Clones are the same store.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    stack: String,
    stored: Arc<Mutex<Stored>>,
    /// How long a lease lasts and by which way writes come, where it is like a bucket.
    far: Option<(Duration, Network)>,
}

impl MemoryStore {
    /// An empty store for `stack`, like files.
    pub fn new(stack: &str) -> Self {
        Self { stack: stack.to_owned(), stored: Arc::default(), far: None }
    }

    /// An empty store for `stack`, like a bucket, with leases of this term.
    pub(crate) fn far(stack: &str, term: Duration, network: Network) -> Self {
        Self { far: Some((term, network)), ..Self::new(stack) }
    }

    /// The store as `process` reaches it.
    pub fn connect(&self, process: Arc<Process>) -> Arc<dyn Store> {
        Arc::new(Connection { store: self.clone(), process })
    }

    /// Lets something go wrong.
    pub fn plan_fault(&self, planned: PlannedFault) {
        self.stored().faults.plan(planned);
    }

    /// From now on each call goes wrong with the probability `rate`.
    pub fn fail_randomly(&self, seed: u64, rate: f64) {
        self.stored().faults.randomly(seed, rate);
    }

    /// From now on nothing goes wrong; what went wrong stays counted.
    pub fn heal(&self) {
        self.stored().faults.none();
    }

    /// From now on it keeps these rules.
    pub fn keep(&self, rules: StoreRules) {
        self.stored().rules = rules;
    }

    /// How often something went wrong so far, by what it was.
    pub fn struck(&self) -> std::collections::BTreeMap<&'static str, u64> {
        self.stored().faults.struck.clone()
    }

    /// The state as it is stored now.
    ///
    /// # Errors
    /// When what is stored is damaged.
    pub fn state(&self) -> Result<Option<State>, StoreError> {
        Ok(self.stored().load(&self.stack)?.map(|loaded| loaded.state))
    }

    /// The state as it would be stored, had only this part of the journal become durable.
    ///
    /// # Errors
    /// When that could not be read: it never may.
    pub fn state_cut(&self, part: f64) -> Result<Option<State>, StoreError> {
        Ok(self.stored().cut(part).load(&self.stack)?.map(|loaded| loaded.state))
    }

    /// Changes the stored state as somebody who works on it by hand.
    ///
    /// # Errors
    /// When what is stored is damaged.
    pub fn edit(&self, edit: impl FnOnce(&mut State)) -> Result<(), StoreError> {
        if let Some(mut state) = self.state()? {
            edit(&mut state);
            let text = encode_snapshot(&state).map_err(|error| StoreError::of_format(error, "the snapshot"))?;
            *self.stored() = Stored::of(text);
        }
        Ok(())
    }

    /// Everything that is stored, as text.
    pub fn text(&self) -> String {
        let stored = self.stored();
        [&stored.snapshot, &stored.journal].into_iter().flatten().map(String::as_str).collect()
    }

    /// Who holds the lock.
    pub fn holder(&self) -> Option<Holder> {
        self.stored().holder().cloned()
    }

    /// How long a lease lasts; `None` if as long as the process.
    pub fn term(&self) -> Option<Duration> {
        self.far.as_ref().map(|(term, _)| *term)
    }

    /// Takes the lock away from whoever has it, as `unlock` does.
    pub fn unlock(&self) {
        self.stored().take_away();
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store as one process reaches it.
#[derive(Clone)]
struct Connection {
    store: MemoryStore,
    process: Arc<Process>,
}

impl Connection {
    /// Calls `operation`, which has this effect; `true` tells it that only a part of what is
    /// written gets there.
    async fn call<T: Send + 'static>(
        &self,
        operation: &'static str,
        effect: impl FnOnce(&mut Stored, bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let call = self.process.enter(operation).await;
        let is_torn = self.store.far.is_none() && self.process.dies_during(call);
        let store = self.store.clone();
        let arrive = move || {
            let mut stored = store.stored();
            match stored.faults.draw(operation) {
                Some(StoreFault::Refused) => Err(StoreFault::error(operation)),
                Some(StoreFault::Unheard) => effect(&mut stored, is_torn).and(Err(StoreFault::error(operation))),
                None => effect(&mut stored, is_torn),
            }
        };
        let answer = match &self.store.far {
            None => {
                let answer = arrive();
                self.process.pass(call, Moment::During, operation).await;
                answer
            }
            Some((_, network)) => {
                let answered = network.send(ONE_WAY, arrive);
                self.process.pass(call, Moment::During, operation).await;
                answered.await.unwrap_or_else(|_| Err(StoreFault::error(operation)))
            }
        };
        self.process.pass(call, Moment::After, operation).await;
        if self.store.far.is_some() {
            travel(ONE_WAY).await;
        }
        answer
    }
}

#[async_trait]
impl Store for Connection {
    async fn load(&self) -> Result<Option<Loaded>, StoreError> {
        let stack = self.store.stack.clone();
        match self.store.far {
            None => self.store.stored().load(&stack),
            Some(_) => self.call("load", move |stored, _| stored.load(&stack)).await,
        }
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError> {
        let (holder, process) = (holder.clone(), Arc::clone(&self.process));
        let term = self.store.term();
        let take = move |stored: &mut Stored, _| stored.lock(holder, process, term);
        let taken = match self.store.far {
            None => take(&mut self.store.stored(), false),
            Some(_) => self.call("lock", take).await,
        };
        Ok(Box::new(MemoryLease::new(self.clone(), taken?, term)))
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        Ok(self.store.holder())
    }

    async fn break_lock(&self, holder: &Holder) -> Result<(), StoreError> {
        let mut stored = self.store.stored();
        if stored.holder() == Some(holder) {
            stored.take_away();
        }
        Ok(())
    }

    async fn remember(&self, past: &Past) -> Result<(), StoreError> {
        let text = encode_past(past).map_err(|error| StoreError::of_format(error, HISTORY))?;
        let history = &mut self.store.stored().history;
        history.insert(past.entry.serial, text);
        for serial in outdated(history.keys().copied().collect()) {
            history.remove(&serial);
        }
        Ok(())
    }

    async fn history(&self) -> Result<Vec<Entry>, StoreError> {
        let texts: Vec<String> = self.store.stored().history.values().cloned().collect();
        let entries = texts.into_iter().map(|text| found(HISTORY, Some(text)).past());
        Ok(entries.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(|past| past.entry).collect())
    }

    async fn past(&self, serial: u64) -> Result<Option<Past>, StoreError> {
        let text = self.store.stored().history.get(&serial).cloned();
        found(HISTORY, text).past()
    }
}

const HISTORY: &str = "the history";
