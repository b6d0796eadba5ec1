//! A stack under test: the engine on a provider, its state in a folder of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use provision_core::diagnostic::{Sources, render_plain};
use provision_core::driver::{Id, Provider};
use provision_core::fact::Facts;
use provision_core::plan::{Drift, Plan, violations};
use provision_core::schema::Schemas;
use provision_core::spec::{self, Expanded, Files, Given, Spec};
use provision_core::state::{Record, State};
use provision_core::store::Holder;
use provision_engine::apply::{Outcome, Stop};
use provision_engine::budget::Budget;
use provision_engine::calls::Calls;
use provision_engine::local_store::LocalStore;
use provision_engine::pace::Patience;
use provision_engine::session::{Limits, Session};
use provision_engine::{Engine, Unobserved};

/// What went wrong, in words.
pub type Wrong = String;

/// A stack under test.
pub struct Stack {
    session: Session,
}

/// A plan and what came of it.
pub struct Applied {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What came of it.
    pub outcome: Outcome,
}

/// Impatient: local clouds show at once what they have.
const PATIENCE: Patience =
    Patience { grace: Duration::from_millis(600), first_pause: Duration::from_millis(20), tempo: 0.0, jitter: 0.5 };

fn wrong(error: impl std::fmt::Display) -> Wrong {
    error.to_string()
}

impl Stack {
    /// A stack with its state in `folder`.
    pub fn new(provider: Arc<dyn Provider>, schemas: &Schemas, folder: &Path, stack: &str) -> Self {
        let engine = Engine {
            provider,
            schemas: Arc::new(schemas.clone()),
            observer: Arc::new(Unobserved),
            patience: PATIENCE,
            budget: Budget::default(),
            calls: Calls::default(),
        };
        let store = Arc::new(LocalStore::new(folder, stack));
        Self {
            session: Session {
                engine,
                store,
                stack: stack.to_owned(),
                region: "us-east-1".to_owned(),
                assume_role: None,
            },
        }
    }

    /// The kinds' drivers.
    pub fn provider(&self) -> &dyn Provider {
        &*self.session.engine.provider
    }

    fn load(&self, text: &str) -> Result<Spec, Wrong> {
        let mut sources = Sources::default();
        let source = sources.add("spec.yaml", text);
        spec::load(&mut sources, source, &self.session.engine.schemas, &Given::default(), &Arc::new(Files::none()))
            .map_err(|found| found.iter().map(|it| render_plain(it, &sources)).collect::<Vec<_>>().join("\n"))
    }

    async fn expand(&self, text: &str) -> Result<(Arc<Expanded>, Facts), Wrong> {
        self.session.expand(self.load(text)?).await.map_err(wrong)
    }

    /// The state as it is stored.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn state(&self) -> Result<State, Wrong> {
        self.session.peek().await.map_err(wrong)
    }

    /// Plans, and holds the plan against the invariants of all plans.
    ///
    /// # Errors
    /// When the spec is wrong, AWS does not answer, or the plan breaks an invariant.
    pub async fn plan(&self, text: &str) -> Result<Plan, Wrong> {
        let (expanded, mut facts) = self.expand(text).await?;
        self.sound_plan(&self.state().await?, Some(&expanded), &mut facts).await
    }

    async fn sound_plan(&self, state: &State, spec: Option<&Expanded>, facts: &mut Facts) -> Result<Plan, Wrong> {
        let plan = self.session.plan(state, spec, facts, &Limits::default()).await.map_err(wrong)?;
        match violations(&plan, state).as_slice() {
            [] => Ok(plan),
            broken => Err(format!("the plan is unsound: {}", broken.join("; "))),
        }
    }

    /// Applies a spec; without one, destroys.
    ///
    /// # Errors
    /// When no plan can be made or the state cannot be written. Failed steps are part of
    /// what is answered.
    pub async fn apply(&self, text: Option<&str>) -> Result<Applied, Wrong> {
        let (expanded, mut facts) = match text {
            Some(text) => self.expand(text).await.map(|(expanded, facts)| (Some(expanded), facts))?,
            None => (None, Facts::default()),
        };
        let journal = self.session.begin(&holder()).await.map_err(wrong)?;
        let plan = self.sound_plan(&journal.state(), expanded.as_deref(), &mut facts).await;
        let plan = match plan {
            Ok(plan) => Arc::new(plan),
            Err(error) => {
                journal.close(|_| {}).await.map_err(wrong)?;
                return Err(error);
            }
        };
        let engine = &self.session.engine;
        let outcome = engine.apply(plan.clone(), expanded, facts, &journal, &Stop::default()).await;
        journal.close(|_| {}).await.map_err(wrong)?;
        Ok(Applied { plan, outcome })
    }

    /// Applies, and wants every step done.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and when a step fails.
    pub async fn converge(&self, text: Option<&str>) -> Result<Applied, Wrong> {
        let applied = self.apply(text).await?;
        if applied.outcome.is_complete() {
            return Ok(applied);
        }
        let failed = applied.outcome.failed.iter();
        let failed: Vec<String> =
            failed.map(|(step, error)| format!("{}: {error}", applied.plan.steps[*step].address)).collect();
        Err(failed.join("; "))
    }

    /// What AWS reports otherwise than it was left.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn drift(&self) -> Result<Vec<Drift>, Wrong> {
        self.session.drift(&self.state().await?).await.map_err(wrong)
    }

    /// Lets go of `address` without deleting it, and takes it back by its id.
    ///
    /// # Errors
    /// When either fails.
    pub async fn forget_and_import(&self, text: &str, address: &str) -> Result<(), Wrong> {
        let address = address.parse().map_err(wrong)?;
        let (expanded, _) = self.expand(text).await?;
        let journal = self.session.begin(&holder()).await.map_err(wrong)?;
        let current = journal.with(|state| state.resources.get(&address)?.current.as_ref().map(|it| it.id.clone()));
        let id: Id = current.ok_or_else(|| format!("the state has no `{address}`"))?;
        journal.record(Record::Forgotten { address: address.clone() }).await.map_err(wrong)?;
        let imported = self.session.engine.import(&journal, &expanded, &address, id).await.map_err(wrong);
        journal.close(|_| {}).await.map_err(wrong)?;
        imported
    }
}

fn holder() -> Holder {
    Holder { who: "tests".to_owned(), pid: std::process::id(), command: "test".to_owned(), since: String::new() }
}
