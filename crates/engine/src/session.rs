//! One stack and its state: what every command does before its own work.

use std::collections::BTreeSet;
use std::sync::Arc;

use provision_core::address::Address;
use provision_core::driver::{AssumeRole, Place};
use provision_core::fact::Facts;
use provision_core::plan::{Drift, Observed, Plan, drift, present_attributes};
use provision_core::spec::{Attributes, Expanded, Spec};
use provision_core::state::{Salt, State};
use provision_core::store::{Holder, Store};
use provision_core::value::Value;

use crate::journal::Journal;
use crate::{Engine, EngineError, Event};

/// An engine at work on one stack.
pub struct Session {
    /// Does the work.
    pub engine: Engine,
    /// Holds the state.
    pub store: Arc<dyn Store>,
    /// The stack's name.
    pub stack: String,
    /// The region its resources lie in.
    pub region: String,
    /// The role by which they are reached, where the spec states one.
    pub assume_role: Option<AssumeRole>,
}

/// What a plan is limited to, and what it replaces besides.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Plan for these addresses only; empty means all.
    pub targets: BTreeSet<Address>,
    /// Replace these even if nothing differs.
    pub replace: BTreeSet<Address>,
}

impl Session {
    /// The state, read without the lock; a new one when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn peek(&self) -> Result<State, EngineError> {
        let loaded = self.store.load().await?;
        Ok(loaded.map_or_else(|| new_state(&self.stack), |loaded| loaded.state))
    }

    /// Takes the lock, loads the state and begins a journal; what an interrupted run left
    /// open is looked for.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when it cannot be told what an interrupted run made.
    pub async fn begin(&self, holder: &Holder) -> Result<Journal, EngineError> {
        let journal = self.open(holder).await?;
        match self.engine.recover(&journal).await {
            Ok(()) => Ok(journal),
            Err(error) => {
                // The lock is given back before the error is told.
                journal.close(|_| {}).await?;
                Err(error)
            }
        }
    }

    /// Takes the lock, loads the state and begins a journal, whatever an interrupted run left open.
    ///
    /// # Errors
    /// When somebody else holds the lock, the state cannot be read, belongs to another
    /// account or region, or AWS does not answer.
    pub async fn open(&self, holder: &Holder) -> Result<Journal, EngineError> {
        // Without credentials nothing is begun, and no file is made.
        let account = self.engine.provider.identity(&Place::default()).await?.account_id;
        let lease = self.store.lock(holder).await?;
        if let Some(from) = lease.taken_from() {
            self.engine.observer.see(&Event::TakenOver { from });
        }
        let mut state = self.peek().await?;
        self.claim(&mut state, account)?;
        Ok(Journal::start(lease, state).await?)
    }

    /// Law 9: a state is of one account and one region.
    fn claim(&self, state: &mut State, found: String) -> Result<(), EngineError> {
        match &state.account_id {
            Some(recorded) if *recorded != found => {
                return Err(EngineError::OtherAccount { recorded: recorded.clone(), found });
            }
            _ => state.account_id = Some(found),
        }
        match &state.region {
            Some(recorded) if *recorded != self.region => {
                Err(EngineError::OtherRegion { recorded: recorded.clone(), found: self.region.clone() })
            }
            _ => {
                state.assume_role.clone_from(&self.assume_role);
                state.region = Some(self.region.clone());
                Ok(())
            }
        }
    }

    /// Unrolls a spec with the facts it asks for.
    ///
    /// # Errors
    /// When AWS does not answer, or the spec cannot be unrolled.
    pub async fn expand(&self, spec: Spec) -> Result<(Arc<Expanded>, Facts), EngineError> {
        let mut facts = Facts::new(&self.region);
        let work_out = |facts: &Facts| {
            let mut expanded = Expanded::new(spec.clone(), facts).map_err(EngineError::Spec)?;
            let asks = std::mem::take(&mut expanded.asks);
            Ok((expanded, asks))
        };
        let expanded = self.engine.answered(&mut facts, work_out).await?;
        Ok((Arc::new(expanded), facts))
    }

    /// Reads what is live and plans; without a spec everything is to be destroyed. What the
    /// plan asks of the cloud besides is answered and kept in `facts`, in memory only.
    ///
    /// # Errors
    /// When AWS cannot be read, or the plan cannot be made.
    pub async fn plan(
        &self,
        state: &State,
        spec: Option<&Expanded>,
        facts: &mut Facts,
        limits: &Limits,
    ) -> Result<Plan, EngineError> {
        let survey = self.engine.survey(state, spec).await?;
        self.engine.plan(&survey, spec, facts, limits).await
    }

    /// What AWS reports now of every resource of `spec` that is owned; of the others
    /// nothing is known.
    ///
    /// # Errors
    /// When AWS cannot be read.
    pub async fn live_attributes(&self, state: &State, spec: &Expanded) -> Result<Attributes, EngineError> {
        let observed = self.engine.refresh(state).await?;
        let mut attributes = spec.shape.clone();
        for instance in &spec.instances {
            let current = state.resources.get(&instance.address).and_then(|resource| resource.current.as_ref());
            if let (Some(current), Some(Observed::Present(seen))) = (current, observed.get(&instance.address)) {
                let schema = &spec.template(instance).schema;
                let known = present_attributes(schema, &Value::Null, &seen.spec, &seen.outputs, current.id.as_str());
                attributes.publish(&instance.address, Value::map(known));
            }
        }
        Ok(attributes)
    }

    /// What AWS reports otherwise than the state recorded it.
    ///
    /// # Errors
    /// When AWS cannot be read.
    pub async fn drift(&self, state: &State) -> Result<Vec<Drift>, EngineError> {
        let observed = self.engine.refresh(state).await?;
        Ok(drift(state, &observed, |kind| self.engine.schemas.get(kind).map(|schema| &**schema)))
    }
}

fn new_state(stack: &str) -> State {
    State::new(stack, random_text(), Salt::new(random_text()))
}

/// 128 random bits in hexadecimal digits.
#[expect(clippy::disallowed_methods, reason = "the home of tokens and keys")]
fn random_text() -> String {
    format!("{:032x}", rand::random::<u128>())
}
