//! What commands share: reading the spec, finding the state, connecting to AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use provision_aws::cloud::{Aws, Cloud};
use provision_core::address::Address;
use provision_core::diagnostic::{SourceId, Sources};
use provision_core::driver::Place;
use provision_core::schema::Schemas;
use provision_core::spec::{self, Expanded, Files, Given, Spec};
use provision_core::state::State;
use provision_core::store::Holder;
use provision_engine::budget::Budget;
use provision_engine::calls::Calls;
use provision_engine::pace::Patience;
use provision_engine::session::{Limits, Session};
use provision_engine::{Engine, Observer};

use crate::args::{GivenArgs, LimitArgs, PlaceArgs, SpecArgs};
use crate::error::CliError;
use crate::stack::Stack;

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

/// Reads and checks a spec, with what it is given.
pub(crate) fn load(path: &Path, args: &GivenArgs, schemas: &Schemas) -> Result<(Spec, Sources), CliError> {
    let mut sources = Sources::default();
    let source = read(path, &mut sources)?;
    let given = given(args, &mut sources)?;
    match spec::load(&mut sources, source, schemas, &given, &files()) {
        Ok(spec) => Ok((spec, sources)),
        Err(found) => Err(CliError::Spec(Box::new(sources), found)),
    }
}

/// The largest file an expression or a module may be.
const LARGEST: u64 = 4 << 20;

/// The files that specs name, by paths from the current folder.
pub(crate) fn files() -> Arc<Files> {
    Arc::new(Files::new(|name| {
        let size = std::fs::metadata(name).map_err(|error| error.to_string())?.len();
        if size > LARGEST {
            return Err(format!("it has {size} bytes, and {LARGEST} are the most"));
        }
        let bytes = std::fs::read(name).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }))
}

/// What a spec is given.
pub(crate) fn given(args: &GivenArgs, sources: &mut Sources) -> Result<Given, CliError> {
    let file = args.params_file.as_deref().map(|path| read(path, sources)).transpose()?;
    let (arguments, variables) = (arguments(&args.params)?, variables()?);
    Ok(Given { arguments, file, variables, environment: args.env.clone(), partial: false })
}

/// The params in PROVISION_PARAM_<name>.
fn variables() -> Result<BTreeMap<String, String>, CliError> {
    let mut given = BTreeMap::new();
    for (variable, value) in std::env::vars_os() {
        let Some(name) = variable.to_str().and_then(|variable| variable.strip_prefix("PROVISION_PARAM_")) else {
            continue;
        };
        let value = value.into_string().map_err(|_| {
            CliError::argument(format!("PROVISION_PARAM_{name} is not UTF-8 text"), "give the param with `-p`")
        })?;
        given.insert(name.to_owned(), value);
    }
    Ok(given)
}

fn arguments(params: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut given = BTreeMap::new();
    for param in params {
        let (name, value) = param
            .split_once('=')
            .ok_or_else(|| CliError::argument(format!("`-p {param}` has no value"), format!("write `-p {param}=…`")))?;
        given.insert(name.to_owned(), value.to_owned());
    }
    Ok(given)
}

/// A session on a stack, and the cloud it talks to.
pub(crate) struct Connection {
    pub(crate) session: Session,
    cloud: Arc<Cloud>,
}

impl Connection {
    /// Connects to where the spec's stack lies.
    pub(crate) async fn of(
        spec: &Spec,
        place: &PlaceArgs,
        observer: Arc<dyn Observer>,
        parallelism: usize,
    ) -> Result<Self, CliError> {
        let lies = Place { region: spec.region.clone(), assume_role: spec.assume_role.clone() };
        Self::open(&Stack::of(spec, place)?, lies, observer, parallelism).await
    }

    /// Connects to where a stack lies; left out, what is configured.
    pub(crate) async fn open(
        stack: &Stack,
        lies: Place,
        observer: Arc<dyn Observer>,
        parallelism: usize,
    ) -> Result<Self, CliError> {
        let cloud = Arc::new(Cloud::connect(lies.region.as_deref(), lies.assume_role.as_ref(), parallelism).await);
        check_region(&cloud)?;
        let engine = Engine {
            provider: Arc::new(Aws::new(cloud.clone())),
            schemas: schemas(),
            observer,
            patience: patience(),
            budget: Budget::default(),
            calls: Calls::at_most(parallelism),
        };
        let store = stack.store().await?;
        let (region, assume_role) = (cloud.region().to_owned(), lies.assume_role);
        Ok(Self { session: Session { engine, store, stack: stack.name.clone(), region, assume_role }, cloud })
    }

    /// How often AWS was called.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.cloud.calls()
    }
}

/// Insists on a region.
pub(crate) fn check_region(cloud: &Cloud) -> Result<(), CliError> {
    if cloud.region().is_empty() {
        let hint = "write `region: us-east-1` into the spec, or set AWS_REGION or the profile's region";
        return Err(CliError::argument("no region is set", hint));
    }
    Ok(())
}

/// Reads the addresses that limit a plan; they must be in the spec or the state.
pub(crate) fn limits(args: &LimitArgs, spec: &Expanded, state: &State) -> Result<Limits, CliError> {
    let read = |texts: &[String]| -> Result<BTreeSet<Address>, CliError> {
        texts.iter().map(|text| known_address(text, spec, state)).collect()
    };
    Ok(Limits { targets: read(&args.target)?, replace: read(&args.replace)? })
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

/// Reads an address.
pub(crate) fn address(text: &str) -> Result<Address, CliError> {
    text.parse::<Address>()
        .map_err(|error| CliError::argument(error.to_string(), "quote it for the shell: 'public[\"us-east-1a\"]'"))
}

impl SpecArgs {
    /// Reads and checks the spec.
    pub(crate) fn load(&self) -> Result<(Spec, Sources), CliError> {
        load(&self.spec, &self.given, &schemas())
    }
}

/// Who takes the lock.
#[expect(clippy::disallowed_methods, reason = "the only place that asks for the time of day")]
pub(crate) fn holder(command: &str) -> Holder {
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
pub(crate) fn patience() -> Patience {
    let tempo = std::env::var("PROVISION_TEMPO").ok().and_then(|text| text.parse::<f64>().ok());
    let Some(tempo) = tempo.filter(|tempo| (0.0..=1000.0).contains(tempo)) else {
        return Patience::default();
    };
    let patience = Patience::default();
    Patience {
        grace: patience.grace.mul_f64(tempo),
        first_pause: patience.first_pause.mul_f64(tempo),
        tempo,
        ..patience
    }
}
