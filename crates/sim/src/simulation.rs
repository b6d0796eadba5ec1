//! One stack on the simulated cloud, run after run, each a process of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use provision_core::address::Address;
use provision_core::diagnostic::{Diagnostic, SourceId, Sources};
use provision_core::driver::Id;
use provision_core::fact::{Answer, Ask, Facts};
use provision_core::plan::{Drift, Plan, violations};
use provision_core::schema::Schemas;
use provision_core::spec::checks::Check;
use provision_core::spec::{self, Expanded, Files, Given};
use provision_core::state::{Salt, State};
use provision_core::store::Holder;
use provision_engine::apply::{Outcome, Stop};
use provision_engine::budget::Budget;
use provision_engine::journal::Journal;
use provision_engine::pace::Patience;
use provision_engine::session::{Limits, Session};
use provision_engine::{Engine, EngineError, Observer, PARALLELISM, Unobserved};

use crate::cloud::SimCloud;
use crate::process::{Crash, Process};
use crate::site::{ACCOUNT, REGION};
use crate::store::MemoryStore;

/// A cloud, a store and a stack.
pub struct Simulation {
    /// The cloud.
    pub cloud: SimCloud,
    /// Where the stack's state lives.
    pub store: MemoryStore,
    /// The kinds.
    pub schemas: Arc<Schemas>,
    stack: String,
}

/// What a run is to do.
#[derive(Clone)]
pub enum Command {
    /// Make the cloud match the spec.
    Apply(Arc<Expanded>),
    /// Delete everything the state holds.
    Destroy,
    /// Settle what was interrupted, and nothing else.
    Recover,
    /// Take what exists under an address of the spec.
    Import(Arc<Expanded>, Address, Id),
}

/// What a run is limited to, and how it ends early.
#[derive(Clone)]
pub struct Options {
    /// Plan for these addresses only; empty means all.
    pub targets: BTreeSet<Address>,
    /// Replace these even if nothing differs.
    pub replace: BTreeSet<Address>,
    /// Where the process dies.
    pub crash: Option<Crash>,
    /// Asks the run to stop.
    pub stop: Stop,
    /// Told of all that happens.
    pub observer: Arc<dyn Observer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            targets: BTreeSet::new(),
            replace: BTreeSet::new(),
            crash: None,
            stop: Stop::default(),
            observer: Arc::new(Unobserved),
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// It came to its end.
    Done(Arc<Plan>, Outcome),
    /// Nothing was planned, as with [`Command::Recover`].
    Quiet,
    /// The plan was refused.
    Refused(Vec<Diagnostic>),
    /// It could not be carried out.
    Failed(EngineError),
    /// The process died; the text says where.
    Crashed(String),
}

impl Ended {
    /// Whether all was done that was planned.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Done(_, outcome) => outcome.is_complete(),
            Self::Quiet => true,
            Self::Refused(_) | Self::Failed(_) | Self::Crashed(_) => false,
        }
    }
}

impl Simulation {
    /// An empty cloud and an empty store for `stack`.
    pub fn new(stack: &str, schemas: Arc<Schemas>) -> Self {
        let cloud = SimCloud::new(schemas.clone());
        Self { cloud, store: MemoryStore::new(stack), schemas, stack: stack.to_owned() }
    }

    /// Another stack on the same cloud, with a store of its own.
    pub fn beside(&self, stack: &str) -> Self {
        let (cloud, schemas) = (self.cloud.clone(), self.schemas.clone());
        Self { cloud, store: MemoryStore::new(stack), schemas, stack: stack.to_owned() }
    }

    /// Reads and checks a spec, and unrolls it with what the cloud says.
    ///
    /// # Errors
    /// All that is wrong with it; or the cloud does not answer.
    pub async fn spec(
        &self,
        sources: &mut Sources,
        source: SourceId,
        given: &Given,
        files: &Arc<Files>,
    ) -> Result<Arc<Expanded>, EngineError> {
        let spec = spec::load(sources, source, &self.schemas, given, files).map_err(EngineError::Spec)?;
        Ok(self.session().expand(spec).await?.0)
    }

    /// Every check of a spec, held against what the cloud reports now.
    ///
    /// # Errors
    /// When the cloud cannot be read.
    pub async fn checks(&self, spec: &Expanded) -> Result<Vec<Check>, EngineError> {
        let attributes = self.session().live_attributes(&self.state()?, spec).await?;
        Ok(spec.checks(&facts(), &attributes))
    }

    /// Runs a command to its end, or to the crash.
    ///
    /// # Panics
    /// When a plan breaks an invariant of plans.
    pub async fn run(&self, command: Command, options: Options) -> Ended {
        let process = Arc::new(Process::new(options.crash));
        let ended = tokio::select! {
            biased;
            () = process.death() => {
                Ended::Crashed(process.last_words().unwrap_or_default())
            }
            ended = self.carry_out(command, &options, &process) => ended.unwrap_or_else(Ended::Failed),
        };
        process.end();
        ended
    }

    /// What `apply` would do now; takes no lock and changes nothing.
    ///
    /// # Errors
    /// When the cloud cannot be read.
    ///
    /// # Panics
    /// When the plan breaks an invariant of plans.
    pub async fn plan(&self, spec: Option<&Expanded>) -> Result<Result<Plan, Vec<Diagnostic>>, EngineError> {
        self.planned(&self.session().engine, &self.state()?, spec, &mut facts(), &Options::default()).await
    }

    /// What differs from what was last applied.
    ///
    /// # Errors
    /// When the cloud cannot be read.
    pub async fn drift(&self) -> Result<Vec<Drift>, EngineError> {
        self.session().drift(&self.state()?).await
    }

    /// What the cloud says to `ask`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn answer(&self, ask: Ask) -> Result<Answer, EngineError> {
        let answers = self.session().engine.answer(&BTreeSet::from([ask])).await?;
        Ok(answers.into_iter().next().map_or(Answer::Nothing, |(_, answer)| answer))
    }

    /// The stored state; a new one when there is none.
    ///
    /// # Errors
    /// When what is stored is damaged.
    pub fn state(&self) -> Result<State, EngineError> {
        let stored = self.store.state()?;
        let state = stored.unwrap_or_else(|| State::new(&self.stack, &self.stack, Salt::new("salt")));
        Ok(State { region: Some(REGION.to_owned()), account_id: Some(ACCOUNT.to_owned()), ..state })
    }

    /// A process that looks and changes nothing.
    fn session(&self) -> Session {
        let process = Arc::new(Process::new(None));
        Session {
            engine: self.engine(&process, Arc::new(Unobserved)),
            store: self.store.connect(process),
            stack: self.stack.clone(),
            region: REGION.to_owned(),
            assume_role: None,
        }
    }

    fn engine(&self, process: &Arc<Process>, observer: Arc<dyn Observer>) -> Engine {
        Engine {
            provider: self.cloud.connect(process.clone()),
            schemas: self.schemas.clone(),
            observer,
            patience: Patience { jitter: 0.0, ..Patience::default() },
            budget: Budget::default(),
            parallelism: PARALLELISM,
        }
    }

    async fn carry_out(
        &self,
        command: Command,
        options: &Options,
        process: &Arc<Process>,
    ) -> Result<Ended, EngineError> {
        let engine = self.engine(process, options.observer.clone());
        let lease = self.store.connect(process.clone()).lock(&holder()).await?;
        let journal = Journal::start(lease, self.state()?).await?;
        if !matches!(command, Command::Import(..)) {
            engine.recover(&journal).await?;
        }
        let spec = if let Command::Apply(spec) = &command { Some(spec.clone()) } else { None };
        let ended = match command {
            Command::Apply(_) | Command::Destroy => self.apply(&engine, &journal, spec.clone(), options).await,
            Command::Recover => Ok(Ended::Quiet),
            Command::Import(spec, address, id) => {
                engine.import(&journal, &spec, &address, id).await.map(|()| Ended::Quiet)
            }
        };
        // A journal that broke has told so with every step.
        let last_changes = |state: &mut State| {
            if let Ok(Ended::Done(_, outcome)) = &ended {
                outcome.record_outputs(state, spec.as_deref());
            }
        };
        let closed = journal.close(last_changes).await;
        match ended? {
            Ended::Quiet => closed.map(|_| Ended::Quiet).map_err(EngineError::from),
            ended => Ok(ended),
        }
    }

    async fn apply(
        &self,
        engine: &Engine,
        journal: &Journal,
        spec: Option<Arc<Expanded>>,
        options: &Options,
    ) -> Result<Ended, EngineError> {
        let mut facts = facts();
        match self.planned(engine, &journal.state(), spec.as_deref(), &mut facts, options).await? {
            Err(refused) => Ok(Ended::Refused(refused)),
            Ok(plan) => {
                let plan = Arc::new(plan);
                let outcome = engine.apply(plan.clone(), spec, facts, journal, &options.stop).await;
                Ok(Ended::Done(plan, outcome))
            }
        }
    }

    async fn planned(
        &self,
        engine: &Engine,
        state: &State,
        spec: Option<&Expanded>,
        facts: &mut Facts,
        options: &Options,
    ) -> Result<Result<Plan, Vec<Diagnostic>>, EngineError> {
        let limits = Limits { targets: options.targets.clone(), replace: options.replace.clone() };
        let survey = match engine.survey(state, spec).await {
            Err(EngineError::Spec(refused)) => return Ok(Err(refused)),
            survey => survey?,
        };
        let planned = refused(engine.plan(&survey, spec, facts, &limits).await)?;
        let again = refused(engine.plan(&survey, spec, facts, &limits).await)?;
        assert_eq!(format!("{planned:?}"), format!("{again:?}"), "the planner is not deterministic");
        if let Ok(plan) = &planned {
            let broken = violations(plan, state);
            assert!(broken.is_empty(), "the plan breaks invariants: {broken:#?}\n{plan:#?}");
        }
        Ok(planned)
    }
}

/// A plan, or why it cannot be made.
fn refused(planned: Result<Plan, EngineError>) -> Result<Result<Plan, Vec<Diagnostic>>, EngineError> {
    match planned {
        Err(EngineError::Spec(refused)) => Ok(Err(refused)),
        planned => planned.map(Ok),
    }
}

fn facts() -> Facts {
    Facts::new(REGION)
}

fn holder() -> Holder {
    Holder {
        who: "test@sim".to_owned(),
        pid: 1,
        command: "provision apply".to_owned(),
        since: "2026-11-21T00:00:00Z".to_owned(),
    }
}
