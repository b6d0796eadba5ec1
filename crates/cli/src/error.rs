//! What went wrong, for people: a message, a hint, an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use provision_core::diagnostic::{Diagnostic, Sources};
use provision_core::driver::{Cause, CloudError};
use provision_core::store::StoreError;
use provision_engine::EngineError;
use provision_engine::apply::StepError;
use serde_json::json;

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
    pub(crate) fn report(&self, output: &Output) -> Exit {
        if let Self::Spec(sources, found) = self {
            diagnostics::show(found, sources, output);
            return Exit::Failure;
        }
        let hint = self.hint();
        if output.is_json() {
            output.event(&json!({ "event": "error", "message": self.to_string(), "help": hint }));
        } else {
            output.note(format!("{} {self}", style::error("error:")));
            if let Some(hint) = hint {
                output.note(format!("{} {hint}", style::hint("help:")));
            }
        }
        Exit::Failure
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Argument { hint, .. } => Some(hint.clone()),
            Self::File { error, .. } => file_hint(error.kind()),
            Self::Engine(error) => engine_hint(error),
            _ => None,
        }
    }
}

fn file_hint(kind: std::io::ErrorKind) -> Option<String> {
    let hint = match kind {
        std::io::ErrorKind::NotFound => "check the path; it is taken from the current folder",
        std::io::ErrorKind::IsADirectory => "name the file in it",
        std::io::ErrorKind::PermissionDenied => "give this user the right to it",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn engine_hint(error: &EngineError) -> Option<String> {
    match error {
        EngineError::Read { error, .. } | EngineError::Cloud(error) => cloud_hint(error),
        EngineError::UnknownKind { .. } => Some("the state may be from a newer version: upgrade provision".to_owned()),
        EngineError::OtherAccount { .. } => {
            Some("use the credentials of that account (AWS_PROFILE), or another stack name for this one".to_owned())
        }
        EngineError::OtherRegion { recorded, .. } => {
            Some(format!("set `region: {recorded}` in the spec or AWS_REGION={recorded}, or use another stack name"))
        }
        EngineError::NotThere { .. } => Some("check the id, the region and the account".to_owned()),
        EngineError::NoSuchAddress { .. } => Some("add the resource to the spec first, then import it".to_owned()),
        EngineError::AlreadyOwned { .. } | EngineError::Store(_) | EngineError::Spec(_) => None,
    }
}

/// What to do about a refusal of AWS.
pub(crate) fn cloud_hint(error: &CloudError) -> Option<String> {
    Some(match error.cause {
        Cause::Denied => format!("allow the action {} to the credentials in use", error.operation),
        Cause::Credentials => {
            "set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in again (`aws sso login`); credentials are found as the AWS CLI finds them".to_owned()
        }
        Cause::Unreachable => "check the network, the region and AWS_ENDPOINT_URL".to_owned(),
        Cause::Limit => "ask for a higher quota in the Service Quotas console, or delete what is not needed".to_owned(),
        Cause::Dependency => "something outside this stack still uses it: remove that, then run the same command again".to_owned(),
        Cause::Throttled | Cause::Transient | Cause::Eventual => "run the same command again: it goes on from here".to_owned(),
        Cause::NotFound | Cause::Exists | Cause::Invalid => return None,
    })
}

/// What to do about a failed step.
pub(crate) fn step_hint(error: &StepError, address: &str) -> Option<String> {
    Some(match error {
        StepError::Cloud(error) => return cloud_hint(error),
        StepError::Taken { .. } => {
            format!(
                "something of that name exists and is not ours: rename this one, or adopt it with `provision import SPEC '{address}' ID`"
            )
        }
        StepError::Unsettled { .. } => {
            "if AWS is right, state in the spec what it reports; otherwise apply again".to_owned()
        }
        StepError::TimedOut { .. } => "apply again: it goes on waiting from here".to_owned(),
        StepError::Vanished { .. } | StepError::Reappeared { .. } => "run the same command again".to_owned(),
        StepError::Failed(_) => "apply again: what failed is replaced".to_owned(),
        StepError::Died(_) => "this is a bug in provision: please report it; the state is safe, apply again".to_owned(),
        StepError::Store(_) | StepError::Engine(_) | StepError::Spec(_) => return None,
    })
}

/// Shows what clap says: help and version on standard output with success, errors with failure.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Printing can only fail when nobody reads.
    let _ = error.print();
    if error.use_stderr() { Exit::Failure.into() } else { Exit::Success.into() }
}
