//! What commands share: reading the spec, finding the state, connecting to AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use provision_aws::cloud::{Aws, Cloud};
use provision_core::address::Address;
use provision_core::diagnostic::{SourceId, Sources};
use provision_core::plan::{Inputs, Plan};
use provision_core::schema::Schemas;
use provision_core::spec::{self, Expanded, Facts, Given, Spec};
use provision_core::state::{Salt, State};
use provision_core::store::{Holder, Store};
use provision_engine::journal::Journal;
use provision_engine::local_store::LocalStore;
use provision_engine::pace::Patience;
use provision_engine::{Engine, EngineError, Observer};

use crate::args::{LimitArgs, PlaceArgs, SpecArgs, WhichStack};
use crate::error::CliError;

/// Every kind's schema.
pub(crate) fn schemas() -> Arc<Schemas> {
    Arc::new(provision_aws::kinds::schemas().clone())
}

/// The spec's text, and the texts that messages point into.
pub(crate) fn read(path: &Path, sources: &mut Sources) -> Result<SourceId, CliError> {
    let bytes = std::fs::read(path).map_err(|error| CliError::File { what: "read", path: path.to_owned(), error })?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes)
        .map_err(|_| CliError::argument(format!("{name} is not UTF-8 text"), "save it as UTF-8"))?;
    Ok(sources.add(name, text))
}

/// Reads and checks a spec, with the params given by arguments and environment.
pub(crate) fn load(path: &Path, params: &[String], schemas: &Schemas) -> Result<(Spec, Sources), CliError> {
    let mut sources = Sources::default();
    let source = read(path, &mut sources)?;
    let given = given(params)?;
    match spec::load(&sources, source, schemas, Given::All(&given)) {
        Ok(spec) => Ok((spec, sources)),
        Err(found) => Err(CliError::Spec(Box::new(sources), found)),
    }
}

/// The params' texts: PROVISION_PARAM_<name>, and before it `-p name=value`.
pub(crate) fn given(params: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let from_environment = std::env::vars()
        .filter_map(|(name, value)| name.strip_prefix("PROVISION_PARAM_").map(|name| (name.to_owned(), value)));
    let mut given: BTreeMap<String, String> = from_environment.collect();
    for param in params {
        let (name, value) = param
            .split_once('=')
            .ok_or_else(|| CliError::argument(format!("`-p {param}` has no value"), format!("write `-p {param}=…`")))?;
        given.insert(name.to_owned(), value.to_owned());
    }
    Ok(given)
}

/// A run on one stack.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) store: LocalStore,
    pub(crate) stack: String,
    pub(crate) region: String,
    cloud: Arc<Cloud>,
}

impl Session {
    /// Connects to the region the spec states, or the one that is configured.
    pub(crate) async fn open(
        stack: &str,
        region: Option<&str>,
        place: &PlaceArgs,
        observer: Arc<dyn Observer>,
        parallelism: usize,
    ) -> Self {
        let cloud = Arc::new(Cloud::connect(region).await);
        let engine = Engine {
            provider: Arc::new(Aws::new(cloud.clone())),
            schemas: schemas(),
            observer,
            patience: patience(),
            parallelism,
        };
        let store = LocalStore::new(&place.state, stack);
        Self { engine, store, stack: stack.to_owned(), region: cloud.region().to_owned(), cloud }
    }

    /// How often AWS was called.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.cloud.calls()
    }

    /// The state, read without the lock; a new one when there is none.
    pub(crate) async fn peek(&self) -> Result<State, CliError> {
        let loaded = self.store.load().await?;
        Ok(loaded.map_or_else(|| new_state(&self.stack), |loaded| loaded.state))
    }

    /// Takes the lock, loads the state and begins a journal; what an interrupted run left
    /// open is settled.
    pub(crate) async fn begin(&self, command: &str) -> Result<Journal, CliError> {
        let lease = self.store.lock(&holder(command)).await?;
        let loaded = self.store.load().await?;
        let mut state = loaded.map_or_else(|| new_state(&self.stack), |loaded| loaded.state);
        self.check_account(&mut state).await?;
        let journal = Journal::start(lease, state).await?;
        self.engine.recover(&journal).await?;
        Ok(journal)
    }

    /// Law 9: a state is of one account and region.
    async fn check_account(&self, state: &mut State) -> Result<(), CliError> {
        let found = self.engine.provider.identity().await.map_err(EngineError::Cloud)?.account_id;
        match &state.account_id {
            Some(recorded) if *recorded != found => {
                return Err(EngineError::OtherAccount { recorded: recorded.clone(), found }.into());
            }
            _ => state.account_id = Some(found),
        }
        match &state.region {
            Some(recorded) if *recorded != self.region => Err(CliError::argument(
                format!("the state of `{}` lies in {recorded}, but the region is {}", self.stack, self.region),
                format!("set `region: {recorded}` in the spec or AWS_REGION={recorded}, or use another stack name"),
            )),
            _ => {
                state.region = Some(self.region.clone());
                Ok(())
            }
        }
    }

    /// Unrolls a spec with the facts it asks for.
    pub(crate) async fn expand(&self, spec: Spec, sources: &Sources) -> Result<(Arc<Expanded>, Facts), CliError> {
        let facts = self.engine.facts(&spec, &self.region).await?;
        let expanded = Expanded::new(spec, &facts, &self.engine.schemas);
        let expanded = expanded.map_err(|found| CliError::Spec(Box::new(sources.clone()), found))?;
        Ok((Arc::new(expanded), facts))
    }

    /// Reads what is live and plans.
    pub(crate) async fn plan(
        &self,
        state: &State,
        spec: Option<&Expanded>,
        facts: &Facts,
        limits: &Limits,
        sources: &Sources,
    ) -> Result<Plan, CliError> {
        let observed = self.engine.refresh(state).await?;
        let inputs = Inputs {
            spec,
            facts,
            state,
            observed: &observed,
            schemas: &self.engine.schemas,
            targets: &limits.targets,
            replace: &limits.replace,
        };
        provision_core::plan::plan(&inputs).map_err(|found| CliError::Spec(Box::new(sources.clone()), found))
    }
}

/// What a plan is limited to, and what it replaces besides.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) targets: BTreeSet<Address>,
    pub(crate) replace: BTreeSet<Address>,
}

impl Limits {
    /// Reads the addresses, which must be in the spec or the state.
    pub(crate) fn new(args: &LimitArgs, spec: &Expanded, state: &State) -> Result<Self, CliError> {
        let read = |texts: &[String]| -> Result<BTreeSet<Address>, CliError> {
            texts.iter().map(|text| known_address(text, spec, state)).collect()
        };
        Ok(Self { targets: read(&args.target)?, replace: read(&args.replace)? })
    }
}

fn known_address(text: &str, spec: &Expanded, state: &State) -> Result<Address, CliError> {
    let address = address(text)?;
    if spec.contains(&address) || state.resources.contains_key(&address) {
        return Ok(address);
    }
    let known: Vec<String> = spec.instances.iter().map(|instance| instance.address.to_string()).collect();
    let near = provision_core::diagnostic::suggest(text, known.iter().map(String::as_str));
    let hint = near.map_or_else(
        || "`provision state list` shows those there are".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(CliError::argument(format!("neither spec nor state has `{address}`"), hint))
}

/// The stored state of a stack, for commands that need neither lock nor credentials.
pub(crate) async fn stored(place: &PlaceArgs, stack: &str) -> Result<State, CliError> {
    let loaded = LocalStore::new(&place.state, stack).load().await?;
    loaded.map(|loaded| loaded.state).ok_or_else(|| {
        let place = place.state.display();
        CliError::argument(
            format!("there is no state of `{stack}` in {place}"),
            "apply its spec first, or say with `--state DIR` where the state is",
        )
    })
}

/// The region a stack's resources lie in, as far as the state knows.
pub(crate) async fn recorded_region(place: &PlaceArgs, stack: &str) -> Result<Option<String>, CliError> {
    Ok(stored(place, stack).await?.region)
}

/// Reads an address.
pub(crate) fn address(text: &str) -> Result<Address, CliError> {
    text.parse::<Address>()
        .map_err(|error| CliError::argument(error.to_string(), "quote it for the shell: 'public[\"us-east-1a\"]'"))
}

/// The stack's name and region, by its spec or as given.
pub(crate) fn stack_of(which: &WhichStack) -> Result<String, CliError> {
    match (&which.spec, &which.stack) {
        (_, Some(stack)) => Ok(stack.clone()),
        (Some(path), None) => {
            let mut sources = Sources::default();
            let source = read(path, &mut sources)?;
            spec::stack_name(&sources, source).map_err(|found| CliError::Spec(Box::new(sources.clone()), found))
        }
        (None, None) => Err(CliError::argument("no stack is named", "give the spec, or `--stack NAME`")),
    }
}

impl SpecArgs {
    /// Reads and checks the spec.
    pub(crate) fn load(&self) -> Result<(Spec, Sources), CliError> {
        load(&self.spec, &self.params, &schemas())
    }
}

fn new_state(stack: &str) -> State {
    State::new(stack, random_text(), Salt::new(random_text()))
}

/// 128 random bits in hexadecimal digits.
fn random_text() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn holder(command: &str) -> Holder {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    Holder {
        who: format!("{user}@{host}"),
        pid: std::process::id(),
        command: format!("provision {command}"),
        since: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
    }
}

/// PROVISION_TEMPO scales the expected waits, for clouds on which time runs faster.
fn patience() -> Patience {
    let tempo = std::env::var("PROVISION_TEMPO").ok().and_then(|text| text.parse::<f64>().ok());
    let Some(tempo) = tempo.filter(|tempo| tempo.is_finite() && *tempo >= 0.0) else {
        return Patience::default();
    };
    let patience = Patience::default();
    Patience { grace: patience.grace.mul_f64(tempo), first_pause: patience.first_pause.mul_f64(tempo), tempo, ..patience }
}
