//! Where a run is killed.

use std::collections::BTreeMap;
use std::fmt;

use crate::relay::{Fault, Rule};

/// What is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `provision apply`.
    Apply,
    /// `provision destroy`.
    Destroy,
}

impl Verb {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Destroy => "destroy",
        }
    }
}

/// On which side of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The backend never hears of it.
    Before,
    /// The backend has acted, and its answer is lost.
    After,
}

/// One side of one mutating call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// What is interrupted.
    pub verb: Verb,
    /// On which side.
    pub side: Side,
    operation: String,
    /// How many calls of the same name come before it.
    skip: usize,
}

impl Boundary {
    /// Every boundary of a run that made these calls.
    pub(super) fn all(verb: Verb, calls: &BTreeMap<String, usize>) -> Vec<Self> {
        let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
        for (name, count) in calls {
            *patterns.entry(pattern(name)).or_default() += count;
        }
        let calls = patterns.iter().flat_map(|(operation, count)| (0..*count).map(move |skip| (operation, skip)));
        let sides = calls.flat_map(|call| [Side::Before, Side::After].map(|side| (call, side)));
        sides.map(|((operation, skip), side)| Self { verb, side, operation: operation.clone(), skip }).collect()
    }

    /// Stops the run there.
    pub(super) fn rule(&self) -> Rule {
        let fault = match self.side {
            Side::Before => Fault::Swallow,
            Side::After => Fault::Withhold,
        };
        Rule::new(self.operation.clone(), fault).skip(self.skip).times(1)
    }

    /// The name of the call.
    pub(super) fn operation(&self) -> &str {
        &self.operation
    }

    /// Whether it is a write of the state itself.
    pub fn is_of_the_state(&self) -> bool {
        self.operation.contains(super::bench::STATES)
    }
}

/// Objects of the journal have other names in every run.
fn pattern(name: &str) -> String {
    match name.split_once("/journal/") {
        Some((start, _)) => format!("{start}/journal/*"),
        None => name.to_owned(),
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Before => "before",
            Side::After => "after",
        };
        write!(f, "{} killed {side} {} number {}", self.verb.name(), self.operation, self.skip + 1)
    }
}
