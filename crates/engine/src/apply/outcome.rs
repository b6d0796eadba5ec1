//! What came of a plan, and what the state keeps of it beside the resources.

use std::collections::{BTreeMap, BTreeSet};

use provision_core::plan::{Action, Pace, Plan};
use provision_core::spec::Expanded;
use provision_core::state::State;
use provision_core::value::Value;

use super::StepError;

/// What came of a plan.
#[derive(Debug)]
pub struct Outcome {
    /// The steps that were carried out, by index.
    pub done: Vec<usize>,
    /// The steps that failed, and why.
    pub failed: Vec<(usize, StepError)>,
    /// The steps that were not started.
    pub skipped: Vec<Skipped>,
    /// Whether the user asked to stop.
    pub stopped: bool,
    /// The spec's outputs, as far as they are known.
    pub outputs: BTreeMap<String, Value>,
    /// How long each step took, by index; nothing for those that did not come that far.
    pub paces: Vec<Pace>,
    /// How fast time ran: see [`Patience::tempo`](crate::pace::Patience::tempo).
    pub tempo: f64,
}

/// A step that was not started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The step, by index.
    pub step: usize,
    /// The failed steps it waited for, itself or through others. None where the run was
    /// stopped, or its lock lost, before the step's turn came.
    pub behind: BTreeSet<usize>,
}

impl Outcome {
    /// Whether all was done that was planned.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }

    /// Records in `state` what the run leaves behind beside the resources: the outputs of
    /// `spec`, and how long the steps of `plan` took.
    pub fn record(&self, state: &mut State, plan: &Plan, spec: Option<&Expanded>) {
        self.record_outputs(state, spec);
        for &step in &self.done {
            let (step, took) = (&plan.steps[step], self.paces[step].done);
            // What was taken up was not made here.
            let operation = step.action.operation().filter(|_| step.action != Action::Adopt && !took.is_zero());
            if let Some(operation) = operation.filter(|_| self.tempo > 0.0) {
                state.durations.note(&step.kind, operation, took.div_f64(self.tempo));
            }
        }
    }

    /// Secrets as hashes. What could not be worked out keeps its last value; without a spec
    /// there are none.
    fn record_outputs(&self, state: &mut State, spec: Option<&Expanded>) {
        let mut before = std::mem::take(&mut state.outputs);
        for output in spec.into_iter().flat_map(|spec| &spec.spec.root.outputs) {
            let known = self.outputs.get(&output.name).and_then(|value| state.salt.seal(value));
            let value = known.or_else(|| before.remove(&output.name));
            state.outputs.extend(value.map(|value| (output.name.clone(), value)));
        }
    }
}
