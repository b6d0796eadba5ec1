//! Which stack is meant, and where its state lies.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use provision_aws::s3_store::S3Store;
use provision_core::diagnostic::Sources;
use provision_core::driver::Place;
use provision_core::spec::{self, Spec};
use provision_core::state::State;
use provision_core::store::{StatePlace, Store};
use provision_engine::local_store::LocalStore;
use provision_engine::pace;

use crate::args::{GivenArgs, InStack, PlaceArgs, WhichStack};
use crate::error::CliError;
use crate::session::{load, patience, read, schemas};

/// The folder of states, unless something else is said.
const FOLDER: &str = "state";

/// How long a lock lasts that nobody renews.
const TERM: Duration = Duration::from_secs(60);

/// The shortest term: S3 tells times in whole seconds.
const SHORTEST_TERM: Duration = Duration::from_secs(6);

/// A stack, by name.
pub(crate) struct Stack {
    pub(crate) name: String,
    pub(crate) place: StatePlace,
    region: Option<String>,
}

impl Stack {
    /// The stack of a spec.
    pub(crate) fn of(spec: &Spec, place: &PlaceArgs) -> Result<Self, CliError> {
        let place = given(place)?.or_else(|| spec.state.clone()).unwrap_or_else(default_place);
        Ok(Self { name: spec.stack.clone(), place, region: spec.region.clone() })
    }

    /// The stack that a spec or `--stack` names.
    pub(crate) fn which(which: &WhichStack, place: &PlaceArgs) -> Result<Self, CliError> {
        match (&which.spec, &which.stack) {
            (_, Some(stack)) => Self::named(stack, place),
            (Some(path), None) => Self::in_file(path, which.env.as_deref(), place),
            (None, None) => Err(no_stack()),
        }
    }

    /// The stack, and what of it is meant: `most` words at most.
    pub(crate) fn with_words(which: &InStack, place: &PlaceArgs, most: usize) -> Result<(Self, Vec<String>), CliError> {
        let (stack, words) = match (which.words.as_slice(), &which.stack) {
            ([], None) => return Err(no_stack()),
            ([spec, words @ ..], None) => (Self::in_file(Path::new(spec), which.env.as_deref(), place)?, words),
            (words, Some(stack)) => (Self::named(stack, place)?, words),
        };
        match (words.get(most), &which.stack) {
            (None, _) => Ok((stack, words.to_vec())),
            (Some(_), Some(_)) => {
                Err(CliError::argument("both a spec and `--stack` name a stack", "leave one of them out"))
            }
            (Some(word), None) => Err(CliError::argument(format!("`{word}` is a word too many"), "leave it out")),
        }
    }

    fn named(name: &str, place: &PlaceArgs) -> Result<Self, CliError> {
        Ok(Self { name: name.to_owned(), place: given(place)?.unwrap_or_else(default_place), region: None })
    }

    /// Nothing of the spec needs to fit but the stack's name, and where the state lies if that
    /// is an expression.
    fn in_file(path: &Path, environment: Option<&str>, place: &PlaceArgs) -> Result<Self, CliError> {
        let mut sources = Sources::default();
        let source = read(path, &mut sources)?;
        let name = spec::stack_name(&sources, source, environment)
            .map_err(|found| CliError::Spec(Box::new(sources.clone()), found))?;
        let place = match (given(place)?, spec::stated_place(&sources, source)) {
            (Some(place), _) => place,
            (None, Some(text)) if text.contains("${") => {
                let given = GivenArgs { env: environment.map(str::to_owned), ..GivenArgs::default() };
                let (spec, _) = load(path, &given, &schemas())?;
                spec.state.unwrap_or_else(default_place)
            }
            (None, Some(text)) => parse(&text, "the spec's `state`")?,
            (None, None) => default_place(),
        };
        Ok(Self { name, place, region: None })
    }

    /// The same stack with its state in another place.
    pub(crate) fn at(&self, place: StatePlace) -> Self {
        Self { name: self.name.clone(), place, region: self.region.clone() }
    }

    /// The store of its state.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Store>, CliError> {
        let (bucket, prefix) = match &self.place {
            StatePlace::Folder(folder) => return Ok(Arc::new(LocalStore::new(folder, &self.name))),
            StatePlace::Bucket { bucket, prefix } => (bucket, prefix),
        };
        let patience = patience();
        let term = TERM.mul_f64(patience.tempo).max(SHORTEST_TERM);
        let tries = pace::store_tries(patience);
        let store = S3Store::connect(bucket, prefix, &self.name, self.region.as_deref(), tries, term).await?;
        Ok(Arc::new(store))
    }

    /// The stored state, for commands that need no lock.
    pub(crate) async fn stored(&self) -> Result<State, CliError> {
        let loaded = self.store().await?.load().await?;
        loaded.map(|loaded| loaded.state).ok_or_else(|| {
            CliError::argument(
                format!("there is no state of `{}` in {}", self.name, self.place),
                "apply its spec first, or say with `--state DIR` or `--state s3://…` where the state is",
            )
        })
    }

    /// Where its resources lie, as far as the state knows.
    pub(crate) async fn recorded_place(&self) -> Result<Place, CliError> {
        let state = self.stored().await?;
        Ok(Place { region: state.region, assume_role: state.assume_role })
    }
}

fn given(args: &PlaceArgs) -> Result<Option<StatePlace>, CliError> {
    args.state.as_deref().map(|text| parse(text, "`--state`")).transpose()
}

/// Reads a place; `what` names where it is said.
pub(crate) fn parse(text: &str, what: &str) -> Result<StatePlace, CliError> {
    StatePlace::parse(text).map_err(|reason| {
        CliError::argument(format!("{what}: `{text}` {reason}"), "give `s3://bucket/prefix`, or a folder")
    })
}

fn default_place() -> StatePlace {
    StatePlace::Folder(FOLDER.to_owned())
}

fn no_stack() -> CliError {
    CliError::argument("no stack is named", "give the spec, or `--stack NAME`")
}
