//! What goes wrong with a store.

use std::collections::BTreeMap;

use provision_core::store::StoreError;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// One thing that goes wrong with one call of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Nothing is written.
    Refused,
    /// It is written, and the answer is an error.
    Unheard,
}

impl StoreFault {
    pub(super) fn error(operation: &str) -> StoreError {
        StoreError::Io { what: format!("{operation} the state"), message: "the store does not answer".to_owned() }
    }
}

/// A fault that a test asks for.
#[derive(Clone, Debug)]
pub struct PlannedFault {
    /// The operation, such as `append` or `save`.
    pub operation: String,
    /// What goes wrong.
    pub fault: StoreFault,
    /// How many calls go well before.
    pub skipped: u32,
    /// With how many calls.
    pub times: u32,
}

/// The faults to come.
#[derive(Debug, Default)]
pub(super) struct StoreFaults {
    planned: Vec<PlannedFault>,
    random: Option<(StdRng, f64)>,
    pub(super) struck: BTreeMap<&'static str, u64>,
}

impl StoreFaults {
    pub(super) fn plan(&mut self, planned: PlannedFault) {
        self.planned.push(planned);
    }

    pub(super) fn randomly(&mut self, seed: u64, rate: f64) {
        self.random = Some((StdRng::seed_from_u64(seed), rate));
    }

    pub(super) fn none(&mut self) {
        (self.planned, self.random) = (Vec::new(), None);
    }

    /// What goes wrong with the next call of `operation`.
    pub(super) fn draw(&mut self, operation: &str) -> Option<StoreFault> {
        let fault = self.planned(operation).or_else(|| self.random())?;
        *self.struck.entry(name(operation, fault)).or_default() += 1;
        Some(fault)
    }

    fn planned(&mut self, operation: &str) -> Option<StoreFault> {
        let planned = self.planned.iter_mut().find(|it| it.times > 0 && it.operation == operation)?;
        if planned.skipped > 0 {
            planned.skipped -= 1;
            return None;
        }
        planned.times -= 1;
        Some(planned.fault)
    }

    fn random(&mut self) -> Option<StoreFault> {
        let (random, rate) = self.random.as_mut()?;
        let fault = if random.random_bool(0.5) { StoreFault::Refused } else { StoreFault::Unheard };
        random.random_bool(*rate).then_some(fault)
    }
}

fn name(operation: &str, fault: StoreFault) -> &'static str {
    match (operation, fault) {
        ("append", StoreFault::Refused) => "append fails",
        ("append", StoreFault::Unheard) => "append fails after effect",
        ("save", StoreFault::Refused) => "save fails",
        ("save", StoreFault::Unheard) => "save fails after effect",
        ("renew", _) => "renewal fails",
        ("lock" | "release", _) => "lock or release fails",
        _ => "load fails",
    }
}
