//! One run of the engine: what it is to do, and how it ended.

use std::collections::BTreeSet;
use std::sync::Arc;

use provision_core::address::Address;
use provision_core::diagnostic::Diagnostic;
use provision_core::driver::Id;
use provision_core::plan::Plan;
use provision_core::spec::Expanded;
use provision_engine::apply::{Outcome, Stop};
use provision_engine::{EngineError, Observer, Unobserved};

use crate::process::{Freeze, Point};

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
    pub crash: Option<Point>,
    /// Where it stands still for a while.
    pub freeze: Option<Freeze>,
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
            freeze: None,
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
