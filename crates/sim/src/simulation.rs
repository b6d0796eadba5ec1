//! One stack on the simulated cloud, run after run, each a process of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use provision_core::diagnostic::{Diagnostic, SourceId, Sources};
use provision_core::fact::{Answer, Ask, Facts};
use provision_core::plan::{Drift, Plan, violations};
use provision_core::rate::PARALLELISM;
use provision_core::schema::Schemas;
use provision_core::spec::checks::Check;
use provision_core::spec::{self, Expanded, Files, Given};
use provision_core::state::{Salt, State};
use provision_core::store::Holder;
use provision_engine::budget::Budget;
use provision_engine::calls::Calls;
use provision_engine::journal::Journal;
use provision_engine::pace::Patience;
use provision_engine::session::{Limits, Session};
use provision_engine::{Engine, EngineError, Observer, Unobserved};

use crate::cloud::SimCloud;
use crate::process::Process;
use crate::run::{Command, Ended, Options};
use crate::seams::{Faithful, Seams};
use crate::site::{ACCOUNT, REGION};
use crate::store::MemoryStore;

/// How often calls are made again, all in all: as often as fits the few steps of a script.
const RETRIES: u32 = 200;

/// A cloud, a store and a stack. Clones are the same.
#[derive(Clone)]
pub struct Simulation {
    /// The cloud.
    pub cloud: SimCloud,
    /// Where the stack's state lives.
    pub store: MemoryStore,
    /// The kinds.
    pub schemas: Arc<Schemas>,
    /// What stands between the engine and both.
    pub seams: Arc<dyn Seams>,
    /// Whether every plan is made twice, and both must be the same.
    pub plans_twice: bool,
    /// How many calls a run makes at once.
    pub parallelism: usize,
    stack: String,
}

impl Simulation {
    /// An empty cloud and an empty store for `stack`, like files.
    pub fn new(stack: &str, schemas: Arc<Schemas>) -> Self {
        Self::on(SimCloud::new(schemas.clone()), MemoryStore::new(stack), schemas, stack)
    }

    /// The same with a store like a bucket, whose leases have this term.
    pub fn far(stack: &str, schemas: Arc<Schemas>, term: Duration) -> Self {
        let cloud = SimCloud::new(schemas.clone());
        let store = MemoryStore::far(stack, term, cloud.network().clone());
        Self::on(cloud, store, schemas, stack)
    }

    /// Another stack on the same cloud, with a store of its own.
    pub fn beside(&self, stack: &str) -> Self {
        Self::on(self.cloud.clone(), MemoryStore::new(stack), self.schemas.clone(), stack)
    }

    fn on(cloud: SimCloud, store: MemoryStore, schemas: Arc<Schemas>, stack: &str) -> Self {
        let (seams, stack) = (Arc::new(Faithful), stack.to_owned());
        Self { cloud, store, schemas, seams, plans_twice: true, parallelism: PARALLELISM, stack }
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
        let process = Arc::new(Process::new(options.crash, options.freeze.clone()));
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
        self.session_of(&Arc::new(Process::new(None, None)), Arc::new(Unobserved))
    }

    fn session_of(&self, process: &Arc<Process>, observer: Arc<dyn Observer>) -> Session {
        Session {
            engine: self.engine(process, observer),
            store: self.seams.store(self.store.connect(process.clone())),
            stack: self.stack.clone(),
            region: REGION.to_owned(),
            assume_role: None,
        }
    }

    fn engine(&self, process: &Arc<Process>, observer: Arc<dyn Observer>) -> Engine {
        Engine {
            provider: self.seams.provider(self.cloud.connect(process.clone())),
            schemas: self.schemas.clone(),
            observer,
            patience: self.seams.patience(Patience { jitter: 0.0, ..Patience::default() }),
            budget: Budget::of(RETRIES),
            calls: Calls::at_most(self.parallelism),
        }
    }

    async fn carry_out(
        &self,
        command: Command,
        options: &Options,
        process: &Arc<Process>,
    ) -> Result<Ended, EngineError> {
        let session = self.session_of(process, options.observer.clone());
        let engine = &session.engine;
        let journal = match command {
            Command::Import(..) => session.open(&holder()).await?,
            _ => session.begin(&holder()).await?,
        };
        let spec = if let Command::Apply(spec) = &command { Some(spec.clone()) } else { None };
        let ended = match command {
            Command::Apply(_) | Command::Destroy => self.apply(engine, &journal, spec.clone(), options).await,
            Command::Recover => Ok(Ended::Quiet),
            Command::Import(spec, address, id) => {
                engine.import(&journal, &spec, &address, id).await.map(|()| Ended::Quiet)
            }
        };
        // A journal that broke has told so with every step.
        let last_changes = |state: &mut State| {
            if let Ok(Ended::Done(plan, outcome)) = &ended {
                outcome.record(state, plan, spec.as_deref());
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
        if self.plans_twice {
            let again = refused(engine.plan(&survey, spec, facts, &limits).await)?;
            assert_eq!(format!("{planned:?}"), format!("{again:?}"), "the planner is not deterministic");
        }
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
