//! Why a step failed.

use provision_core::diagnostic::Diagnostic;
use provision_core::driver::{CloudError, Id};
use provision_core::store::StoreError;

use crate::{EngineError, Undecided};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// AWS refused, or did not answer.
    #[error("{0}")]
    Cloud(#[from] CloudError),
    /// The journal cannot be written: nothing was called.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The kind is not known.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// The properties cannot be worked out.
    #[error("{}", .0.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; "))]
    Spec(Vec<Diagnostic>),
    /// The name is taken by something that is not ours (law 9).
    #[error("{error}")]
    Taken {
        /// What AWS says.
        error: CloudError,
        /// What has the name, where that can be told.
        id: Option<Id>,
    },
    /// Nobody can tell which of several things an interrupted call made.
    #[error("{0}")]
    Undecided(Undecided),
    /// AWS reports that the resource failed.
    #[error("AWS reports that it failed: {0}")]
    Failed(String),
    /// AWS reports that it gave up on the last change.
    #[error("AWS gave up on the change: {0}")]
    Halted(String),
    /// It was made or there a moment ago, and is not now.
    #[error("AWS no longer knows `{id}`")]
    Vanished {
        /// Its physical name.
        id: String,
    },
    /// It was planned as missing, and is there again.
    #[error("`{id}` is there again: plan anew")]
    Reappeared {
        /// Its physical name.
        id: String,
    },
    /// AWS accepted an update and goes on reporting something else.
    #[error("AWS accepted the update but still reports something else for {}", fields.join(", "))]
    Unsettled {
        /// The properties.
        fields: Vec<String>,
    },
    /// It did not get ready, or did not go, in time.
    #[error("not {what} after {seconds} seconds{}", last_word(.said))]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
        /// What AWS said of it last, if anything.
        said: String,
    },
    /// A bug: the task that carried out the step died.
    #[error("the step ended unexpectedly: {0}")]
    Died(String),
}

fn last_word(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; AWS said last: {said}") }
}

impl StepError {
    /// The call that failed, where one did.
    pub fn cloud(&self) -> Option<&CloudError> {
        match self {
            Self::Cloud(error) | Self::Taken { error, .. } => Some(error),
            Self::Engine(error) => error.cloud(),
            _ => None,
        }
    }
}
