//! What came of a plan, and what the state keeps of it beside the resources.

use std::collections::BTreeMap;

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
    pub skipped: Vec<usize>,
    /// Whether the user asked to stop.
    pub stopped: bool,
    /// The spec's outputs, as far as they are known.
    pub outputs: BTreeMap<String, Value>,
}

impl Outcome {
    /// Whether all was done that was planned.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }

    /// Records the outputs of `spec` in `state`, secrets as hashes. What could not be
    /// worked out keeps its last value; without a spec there are none.
    pub fn record_outputs(&self, state: &mut State, spec: Option<&Expanded>) {
        let mut before = std::mem::take(&mut state.outputs);
        for output in spec.into_iter().flat_map(|spec| &spec.spec.root.outputs) {
            let known = self.outputs.get(&output.name).and_then(|value| state.salt.seal(value));
            let value = known.or_else(|| before.remove(&output.name));
            state.outputs.extend(value.map(|value| (output.name.clone(), value)));
        }
    }
}
