//! What is known of a stack when it is planned, and the plan made from that.

use std::collections::BTreeMap;

use provision_core::address::Address;
use provision_core::fact::Facts;
use provision_core::plan::{Inputs, Observed, Plan, moves, plan, to_adopt};
use provision_core::spec::Expanded;
use provision_core::state::State;

use crate::refresh::{Sought, owned};
use crate::session::Limits;
use crate::{Engine, EngineError, Event};

/// What is owned, and what AWS reports of it.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The addresses that are to change before any step.
    pub moves: Vec<(Address, Address)>,
    /// The state with these moves carried out.
    pub state: State,
    /// What AWS reports of what is owned, and of what is to be adopted.
    pub observed: BTreeMap<Address, Observed>,
}

impl Engine {
    /// Reads the live state of all that `state` holds and `spec` imports.
    ///
    /// # Errors
    /// When the spec's moves contradict each other, or AWS cannot be read.
    pub async fn survey(&self, state: &State, spec: Option<&Expanded>) -> Result<Survey, EngineError> {
        let moves = spec.map_or(Ok(Vec::new()), |spec| moves(state, spec)).map_err(EngineError::Spec)?;
        let state = state.moved(&moves);
        let mut wanted = owned(&state, spec);
        if let Some(spec) = spec {
            wanted.extend(to_adopt(&state, spec).map(|(instance, adoption)| {
                let kind = &spec.template(instance).kind;
                Sought::foreign(&instance.address, kind, &instance.place, &adoption.id)
            }));
        }
        self.observer.see(&Event::Refreshing { resources: wanted.len() });
        let observed = self.observe(wanted).await?;
        Ok(Survey { moves, state, observed })
    }

    /// The plan that makes AWS match `spec`; without one everything is to be destroyed.
    /// What it asks of the cloud is answered and kept in `facts`, in memory only.
    ///
    /// # Errors
    /// When AWS does not answer, or the plan cannot be made.
    pub async fn plan(
        &self,
        survey: &Survey,
        spec: Option<&Expanded>,
        facts: &mut Facts,
        limits: &Limits,
    ) -> Result<Plan, EngineError> {
        let work_out = |facts: &Facts| {
            let inputs = Inputs {
                spec,
                facts,
                state: &survey.state,
                moves: &survey.moves,
                observed: &survey.observed,
                schemas: &self.schemas,
                targets: &limits.targets,
                replace: &limits.replace,
            };
            let mut plan = plan(&inputs).map_err(EngineError::Spec)?;
            let asks = std::mem::take(&mut plan.asks);
            Ok((plan, asks))
        };
        self.answered(facts, work_out).await
    }
}
