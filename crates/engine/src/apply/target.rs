//! What a step works toward: properties that are worked out only when it begins, and what
//! the cloud must say for that.

use std::collections::{BTreeMap, BTreeSet};

use provision_core::fact::{Answer, Ask};
use provision_core::spec::{Expanded, Instance};
use provision_core::value::Value;

use super::step::{Run, Target};
use super::{Application, StepError};
use crate::EngineError;
use crate::pace::Pauses;

impl Run<'_> {
    /// What the resource is to become, now that what it names is known.
    pub(super) async fn target(&self) -> Result<Target, StepError> {
        let (spec, instance) = self.stated()?;
        let desired = self.desired(spec, instance).await?;
        let template = spec.template(instance);
        Ok(Target {
            desired,
            place: instance.place.clone(),
            dependencies: spec.dependencies(instance),
            lifecycle: instance.lifecycle,
            ignored: template.ignore_changes.clone(),
        })
    }

    /// The spec and the instance of it that the step is for.
    pub(super) fn stated(&self) -> Result<(&Expanded, &Instance), StepError> {
        let spec = self.application.spec.as_deref();
        let stated = spec.and_then(|spec| Some((spec, spec.instance(&self.step.address)?)));
        stated.ok_or_else(|| StepError::Died("the spec does not name it".to_owned()))
    }

    /// The properties. What they ask of the cloud, such as the secret that an ARN names, is
    /// asked for at this moment and kept in memory only.
    async fn desired(&self, spec: &Expanded, instance: &Instance) -> Result<Value, StepError> {
        loop {
            let desired = {
                let (facts, attributes) = (self.application.facts(), self.application.attributes());
                spec.desired(instance, self.schema(), &facts, &attributes).map_err(StepError::Spec)?
            };
            let asks = desired.asks();
            if !asks.is_empty() {
                self.step_aside();
                self.application.learn(&asks).await?;
                continue;
            }
            if desired.is_known() {
                return Ok(desired);
            }
            let missing: Vec<String> = desired.awaits().iter().map(ToString::to_string).collect();
            return Err(StepError::Died(format!("{} did not become known", missing.join(", "))));
        }
    }
}

impl Application {
    /// Has `asks` answered. What was made a moment ago may not be seen yet: it is absent
    /// only once the grace period is over (law 5).
    async fn learn(&self, asks: &BTreeSet<Ask>) -> Result<(), EngineError> {
        let patience = self.engine.patience;
        let mut pauses = Pauses::new(patience, patience.grace);
        loop {
            let answers = self.engine.answer(asks).await?;
            let is_all = answers.iter().all(|(_, answer)| *answer != Answer::Nothing);
            if is_all || !pauses.pause().await {
                self.facts().answers.extend(answers);
                return Ok(());
            }
        }
    }

    /// The spec's outputs, as far as they are known. One that AWS does not answer for stays
    /// unknown.
    pub(super) async fn outputs(&self) -> BTreeMap<String, Value> {
        loop {
            let outputs = self.outputs_so_far();
            let asks: BTreeSet<Ask> = outputs.values().flat_map(Value::asks).collect();
            if asks.is_empty() || self.learn(&asks).await.is_err() {
                return outputs;
            }
        }
    }

    fn outputs_so_far(&self) -> BTreeMap<String, Value> {
        let Some(spec) = &self.spec else {
            return BTreeMap::new();
        };
        let (facts, attributes) = (self.facts(), self.attributes());
        spec.outputs(&facts, &attributes).0
    }
}
