//! What went wrong, for people: a message, a hint, an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use provision_core::diagnostic::{Diagnostic, Sources};
use provision_core::store::StoreError;
use provision_engine::{EngineError, Undecided};
use serde_json::{Value as Json, json};

use crate::again::Again;
use crate::hint::{self, Hint};
use crate::output::Output;
use crate::render::{diagnostics, style};

/// How a command ends; the table is in `provision --help` and the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or no difference.
    Success,
    /// Failed, wholly or in part.
    Failure,
    /// There are differences.
    Differences,
    /// Stopped by Ctrl-C.
    Stopped,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Differences => 2,
            Exit::Stopped => 130,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The spec is wrong.
    #[error("the spec has errors")]
    Spec(Box<Sources>, Vec<Diagnostic>),
    /// A file cannot be read or written.
    #[error("cannot {what} {}: {error}", path.display())]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine cannot go on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No runtime.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
    /// An argument does not do.
    #[error("{message}")]
    Argument {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: String,
    },
}

/// Gives errors in a spec the texts they point into.
pub(crate) trait InSpec<T> {
    fn in_spec(self, sources: &Sources) -> Result<T, CliError>;
}

impl<T> InSpec<T> for Result<T, EngineError> {
    fn in_spec(self, sources: &Sources) -> Result<T, CliError> {
        self.map_err(|error| match error {
            EngineError::Spec(found) => CliError::Spec(Box::new(sources.clone()), found),
            other => other.into(),
        })
    }
}

impl CliError {
    /// An argument that does not do.
    pub(crate) fn argument(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Argument { message: message.into(), hint: hint.into() }
    }

    /// Shows it, and says how the command ends.
    pub(crate) fn report(&self, again: &Again, output: &Output) -> Exit {
        if let Self::Spec(sources, found) = self {
            diagnostics::show(found, sources, output);
            return Exit::Failure;
        }
        let hint = self.hint(again);
        if output.is_json() {
            output.event(&self.data(hint.as_ref()));
        } else {
            output.note(format!("{} {self}", style::error("error:")));
            if let Some(hint) = hint {
                output.note(format!("{} {}", style::hint("help:"), hint.text));
            }
        }
        Exit::Failure
    }

    fn data(&self, hint: Option<&Hint>) -> Json {
        let mut data = json!({ "event": "error", "message": self.to_string(), "help": hint.map(|hint| &hint.text) });
        if let Self::Engine(EngineError::Undecided(all)) = self {
            let one = |it: &Undecided| json!({ "address": it.address, "kind": it.kind, "candidates": it.candidates });
            data["undecided"] = all.iter().map(one).collect();
        }
        let cloud = if let Self::Engine(error) = self { error.cloud() } else { None };
        if let Some(data) = data.as_object_mut() {
            data.extend(hint::details(cloud, hint));
        }
        data
    }

    fn hint(&self, again: &Again) -> Option<Hint> {
        match self {
            Self::Argument { hint, .. } => Some(Hint::new(hint)),
            Self::File { error, .. } => file_hint(error.kind()).map(Hint::new),
            Self::Engine(error) => hint::of_engine(error, again),
            _ => None,
        }
    }
}

fn file_hint(kind: std::io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        std::io::ErrorKind::NotFound => "check the path; it is taken from the current folder",
        std::io::ErrorKind::IsADirectory => "name the file in it",
        std::io::ErrorKind::PermissionDenied => "give this user the right to it",
        _ => return None,
    })
}

/// Shows what clap says: help and version on standard output with success, errors with failure.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Printing can only fail when nobody reads.
    let _ = error.print();
    if error.use_stderr() { Exit::Failure.into() } else { Exit::Success.into() }
}
