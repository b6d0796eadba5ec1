//! What happens during a run, as it happens.

use std::time::Duration;

use provision_core::address::Address;
use provision_core::driver::CloudError;
use provision_core::plan::{Action, Plan};
use provision_core::store::Holder;

use crate::apply::StepError;

/// One happening.
#[derive(Debug)]
pub enum Event<'a> {
    /// Live states are being read.
    Refreshing {
        /// Of how many resources.
        resources: usize,
    },
    /// The lock was taken over: who had it let the lease run out, or was made to let go of it.
    TakenOver {
        /// Who had it.
        from: &'a Holder,
    },
    /// An interrupted create of an earlier run was looked for.
    Recovered {
        /// The resource.
        address: &'a Address,
        /// Whether it was found, and is now in the state.
        found: bool,
    },
    /// A resource has another address from now on.
    Moved {
        /// The address so far.
        from: &'a Address,
        /// Its address now.
        to: &'a Address,
    },
    /// The steps begin.
    Applying {
        /// What is to be done.
        plan: &'a Plan,
    },
    /// A step begins.
    Started {
        /// Index of the step in the plan.
        step: usize,
        /// How long it is expected to take.
        expected: Duration,
    },
    /// A call is made again after a pause.
    Retrying {
        /// Index of the step in the plan.
        step: usize,
        /// Why the last try did not do.
        error: &'a CloudError,
    },
    /// AWS is still working on it, and says something it did not say before.
    Waiting {
        /// Index of the step in the plan.
        step: usize,
        /// What AWS says.
        said: &'a str,
    },
    /// A step is done.
    Finished {
        /// Index of the step in the plan.
        step: usize,
        /// What it did.
        action: Action,
        /// How long it took.
        elapsed: Duration,
        /// The physical name, where there is one.
        id: Option<&'a str>,
    },
    /// A step failed.
    Failed {
        /// Index of the step in the plan.
        step: usize,
        /// Why.
        error: &'a StepError,
    },
    /// A step is not started, because one it waits for did not get there.
    Skipped {
        /// Index of the step in the plan.
        step: usize,
    },
    /// The user asked to stop: nothing new is started.
    Stopping {
        /// How many steps are still under way.
        in_flight: usize,
    },
}

/// Whoever wants to know what happens. Called from the engine's tasks: it must be quick.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn see(&self, event: &Event<'_>);
}

/// An observer that does not care.
pub struct Unobserved;

impl Observer for Unobserved {
    fn see(&self, _: &Event<'_>) {}
}
