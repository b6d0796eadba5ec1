//! A plan: moves, then steps, their order and their reasons, as plain data.

mod adopt;
mod attributes;
mod check;
mod drift;
mod forecast;
mod moves;
mod order;
mod place;
mod planner;
mod protect;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use adopt::imports_nowhere;
pub use adopt::{Adoption, adopted, to_adopt};
pub use attributes::present_attributes;
pub use check::violations;
pub use drift::{Drift, Drifted, drift};
pub use forecast::{Bound, CALL, Chain, Forecast, Pace, order};
pub(crate) use moves::contradictions;
pub use moves::{Move, moves};
pub use place::place_of;
pub use planner::{Inputs, Observed, Seen, plan};

use crate::address::Address;
use serde_json::Value as Json;

use crate::diff::Change;
use crate::driver::{Id, Place};
use crate::fact::Ask;
use crate::spec::Attributes;
use crate::state::Operation;
use crate::value::Value;

/// What is to be done, and from which state on.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The stack.
    pub stack: String,
    /// The lineage of the state it was made from.
    pub lineage: String,
    /// The serial of that state: a plan is refused once the state has moved on.
    pub serial: u64,
    /// The addresses that change before any step: from where to where.
    pub moves: Vec<(Address, Address)>,
    /// The steps; their indices are what [`Wait`] refers to.
    pub steps: Vec<Step>,
    /// What each step is expected to take, by step.
    pub paces: Vec<Pace>,
    /// The API whose rate holds the plan up longest, where one does.
    pub bound: Option<Bound>,
    /// What is left alone, and why.
    pub unchanged: Vec<Unchanged>,
    /// The spec's outputs, as far as they are known now.
    pub outputs: BTreeMap<String, Value>,
    /// What expressions can see of every resource, as far as it is known now.
    pub attributes: Attributes,
    /// What the cloud has to say before all of this is known that can be.
    pub asks: BTreeSet<Ask>,
}

/// One resource that needs no step.
#[derive(Clone, Debug, PartialEq)]
pub struct Unchanged {
    /// The resource.
    pub address: Address,
    /// The outputs to record, where what the state holds beside the properties
    /// (outputs, dependencies, protection) is out of date.
    pub refresh: Option<Json>,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// Where it is done.
    pub place: Place,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What differs, for an update or a replacement.
    pub changes: Vec<Change>,
    /// What must have happened before.
    pub waits: Vec<Wait>,
    /// The properties asked for, as far as they are known now; `Null` for a deletion.
    pub desired: Value,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make a new instance.
    Create {
        /// Whether it takes the place of one that another step deletes.
        replaces: bool,
    },
    /// Change the instance in place.
    Update,
    /// Take what exists under our care, then change it in place.
    Adopt,
    /// Delete the instance of this generation.
    Delete {
        /// Which instance.
        generation: u64,
        /// Whether another step creates what takes its place.
        replaced: bool,
    },
    /// Let go of it without deleting it.
    Forget,
}

impl Action {
    /// The operation it makes, if it makes one.
    pub fn operation(self) -> Option<Operation> {
        match self {
            Self::Create { .. } => Some(Operation::Create),
            Self::Update | Self::Adopt => Some(Operation::Update),
            Self::Delete { .. } => Some(Operation::Delete),
            Self::Forget => None,
        }
    }

    /// Whether it makes or changes what its address stands for.
    pub fn makes(self) -> bool {
        matches!(self, Self::Create { .. } | Self::Update | Self::Adopt)
    }
}

/// Why a step is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The spec has it and the state does not.
    New,
    /// The state has it and AWS does not.
    Missing,
    /// Properties differ.
    Changed,
    /// Properties differ that AWS cannot change in place.
    Immutable,
    /// The spec has it in another region.
    Region {
        /// Where it is.
        from: String,
        /// Where it is to be.
        to: String,
    },
    /// The spec has it in another account.
    Account {
        /// Where it is.
        from: String,
        /// Where it is to be.
        to: String,
    },
    /// The spec says that this is it.
    Imported(Id),
    /// The last apply did not get to its end.
    Unfinished,
    /// AWS reports that it failed.
    Failed(String),
    /// AWS reports that it gave up on the last change.
    Halted(String),
    /// The user asked for a replacement.
    Requested,
    /// Something that `replace_triggered_by` names changes.
    Triggered(Address),
    /// The spec no longer has it.
    Removed,
    /// It was replaced, and is still there.
    Deposed,
    /// The whole stack is to go.
    Destroyed,
}

/// How far another step must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// Index of the step.
    pub step: usize,
    /// How far.
    pub stage: Stage,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The id is known.
    Identified,
    /// The early outputs are known.
    Seen,
    /// It is done.
    Done,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.moves.is_empty()
    }

    /// How many resources are created, updated, replaced, imported, moved, deleted and let
    /// go of.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { moved: self.moves.len(), ..Counts::default() };
        for step in &self.steps {
            match step.action {
                Action::Create { replaces: true } => counts.replace += 1,
                Action::Create { replaces: false } => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Adopt => counts.import += 1,
                Action::Delete { replaced: false, .. } => counts.delete += 1,
                Action::Delete { replaced: true, .. } => {}
                Action::Forget => counts.forget += 1,
            }
        }
        counts
    }
}

/// How many resources each action touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Made anew.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Deleted and made anew.
    pub replace: usize,
    /// Taken under our care.
    pub import: usize,
    /// Given another address.
    pub moved: usize,
    /// Deleted.
    pub delete: usize,
    /// Let go of.
    pub forget: usize,
}
