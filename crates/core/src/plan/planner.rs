//! (spec, state, live) → plan. Synchronous, deterministic, without I/O.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::adopt::{self, adopted};
use super::attributes::{known_attributes, unknown_attributes};
use super::order::arrange;
use super::place::{place_of, relocation};
use super::{Action, Bound, Pace, Plan, Reason, Step, Unchanged, protect};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, tidy};
use crate::diff::{Change, Comparison, is_ignored};
use crate::driver::{Id, Live, Phase};
use crate::fact::{Ask, Facts};
use crate::schema::{KindSchema, Schemas, lift};
use crate::spec::{Attributes, Expanded, Instance, ResourceTemplate};
use crate::state::{self, Resource, State};
use crate::value::Value;

/// What AWS reports of a resource the state holds.
#[derive(Clone, Debug)]
pub enum Observed {
    /// It is there.
    Present(Seen),
    /// AWS does not know it.
    Absent,
}

/// A driver's answer in the spec language's values.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The properties.
    pub spec: Value,
    /// The outputs, without `id`.
    pub outputs: Json,
    /// Whether it can be used.
    pub phase: Phase,
}

impl Seen {
    /// `live` with the secrets marked that the schema declares.
    pub fn new(live: Live, schema: &KindSchema) -> Self {
        Self { spec: lift(&live.spec, &schema.spec), outputs: live.outputs, phase: live.phase }
    }
}

/// All a plan is made from.
pub struct Inputs<'a> {
    /// What is desired; without it everything is to be destroyed.
    pub spec: Option<&'a Expanded>,
    /// What the cloud says of itself.
    pub facts: &'a Facts,
    /// What is owned, with `moves` carried out.
    pub state: &'a State,
    /// The addresses that change before any step.
    pub moves: &'a [(Address, Address)],
    /// What AWS reports of what is owned, and of what is to be adopted.
    pub observed: &'a BTreeMap<Address, Observed>,
    /// The kinds.
    pub schemas: &'a Schemas,
    /// Plan for these addresses and what they need only; empty means all.
    pub targets: &'a BTreeSet<Address>,
    /// Replace these even if nothing differs.
    pub replace: &'a BTreeSet<Address>,
}

/// The plan that makes AWS match the spec.
///
/// # Errors
/// Every expression that fails, every value that does not fit its field, every import that
/// cannot be, and every deletion that `prevent_destroy` forbids.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan, Vec<Diagnostic>> {
    let mut planner = Planner::new(inputs);
    let outputs = match inputs.spec {
        Some(spec) => planner.visit(spec),
        None => BTreeMap::new(),
    };
    planner.visit_rest();
    planner.diagnostics.extend(protect::refusals(inputs, &planner.steps));
    planner.diagnostics.extend(adopt::refusals(inputs, &planner.steps));
    if !planner.diagnostics.is_empty() {
        tidy(&mut planner.diagnostics);
        return Err(planner.diagnostics);
    }
    let mut steps = planner.steps;
    arrange(inputs, &mut steps);
    let pace = |step: &Step| Pace::expected(step, inputs.schemas, &inputs.state.durations);
    Ok(Plan {
        paces: steps.iter().map(pace).collect(),
        bound: Bound::of(&steps, inputs.schemas),
        stack: inputs.state.stack.clone(),
        lineage: inputs.state.lineage.clone(),
        serial: inputs.state.serial,
        moves: inputs.moves.to_vec(),
        steps,
        unchanged: planner.unchanged,
        outputs,
        attributes: planner.attributes,
        asks: planner.asks,
    })
}

struct Planner<'a> {
    inputs: &'a Inputs<'a>,
    /// What is planned for, if not all.
    targets: BTreeSet<Address>,
    attributes: Attributes,
    steps: Vec<Step>,
    unchanged: Vec<Unchanged>,
    diagnostics: Vec<Diagnostic>,
    asks: BTreeSet<Ask>,
}

/// What the planner decided for one resource of the spec.
enum Decision {
    Create(Reason),
    Update(Reason, Vec<Change>),
    Adopt(Id, Vec<Change>),
    Replace(Reason, Vec<Change>),
    Nothing,
}

impl<'a> Planner<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Self {
        Self {
            inputs,
            targets: with_needs(inputs),
            attributes: inputs.spec.map(|spec| spec.shape.clone()).unwrap_or_default(),
            steps: Vec::new(),
            unchanged: Vec::new(),
            diagnostics: Vec::new(),
            asks: BTreeSet::new(),
        }
    }

    /// Every resource of the spec, after what it needs; then the outputs.
    fn visit(&mut self, spec: &Expanded) -> BTreeMap<String, Value> {
        for &index in &spec.order {
            self.instance(spec, &spec.instances[index]);
        }
        if !self.diagnostics.is_empty() {
            return BTreeMap::new();
        }
        let (outputs, wrong) = spec.outputs(self.inputs.facts, &self.attributes);
        self.diagnostics.extend(wrong);
        outputs.values().for_each(|value| self.asks.extend(value.asks()));
        outputs
    }

    fn instance(&mut self, spec: &Expanded, instance: &Instance) {
        let Some(schema) = self.inputs.schemas.get(&spec.template(instance).kind) else {
            return;
        };
        let desired = match spec.desired(instance, schema, self.inputs.facts, &self.attributes) {
            Ok(desired) => desired,
            Err(errors) => {
                self.diagnostics.extend(errors);
                return self.attributes.publish(&instance.address, unknown_attributes(instance, schema, &Value::Null));
            }
        };
        self.asks.extend(desired.asks());
        let decision = match self.is_target(&instance.address) {
            true => self.decide(spec, instance, schema, &desired),
            false => Decision::Nothing,
        };
        let attributes = self.attributes_after(spec, instance, schema, &desired, &decision);
        self.attributes.publish(&instance.address, attributes);
        self.push(spec, instance, desired, decision);
    }

    fn is_target(&self, address: &Address) -> bool {
        self.targets.is_empty() || self.targets.contains(address)
    }

    fn decide(&self, spec: &Expanded, instance: &Instance, schema: &KindSchema, desired: &Value) -> Decision {
        let resource = self.inputs.state.resources.get(&instance.address);
        let Some((resource, current)) = resource.and_then(|found| Some((found, found.current.as_ref()?))) else {
            return self.decide_new(spec, instance, schema, desired);
        };
        let template = spec.template(instance);
        if resource.kind_of(current) != template.kind {
            return Decision::Replace(Reason::Immutable, Vec::new());
        }
        if let Some(reason) = relocation(self.inputs.state, resource.place_of(current), &instance.place) {
            return Decision::Replace(reason, Vec::new());
        }
        let seen = match self.inputs.observed.get(&instance.address) {
            Some(Observed::Present(seen)) => seen,
            _ => return Decision::Create(Reason::Missing),
        };
        if let Phase::Failed(why) = &seen.phase {
            return Decision::Replace(Reason::Failed(why.clone()), Vec::new());
        }
        let changes = self.changes(template, schema, desired, seen, current);
        self.decide_by_changes(spec, instance, changes, unfinished(current, &seen.phase))
    }

    /// What the state does not hold is made, unless the spec imports it.
    fn decide_new(&self, spec: &Expanded, instance: &Instance, schema: &KindSchema, desired: &Value) -> Decision {
        match self.adopted(spec, instance, desired) {
            Some((seen, adopted)) => {
                let changes = self.changes(spec.template(instance), schema, desired, seen, &adopted);
                Decision::Adopt(adopted.id, changes)
            }
            None => Decision::Create(Reason::New),
        }
    }

    /// What the spec imports at an address, and what the state is to record of it.
    fn adopted(&self, spec: &Expanded, instance: &Instance, desired: &Value) -> Option<(&'a Seen, state::Instance)> {
        let id = &spec.imports.get(&instance.address)?.id;
        let Some(Observed::Present(seen)) = self.inputs.observed.get(&instance.address) else {
            return None;
        };
        let stated = spec.template(instance).body.shape();
        Some((seen, adopted(self.inputs.state, id, (&stated, desired), seen, self.inputs.state.next_generation)))
    }

    fn changes(
        &self,
        template: &ResourceTemplate,
        schema: &KindSchema,
        desired: &Value,
        seen: &Seen,
        current: &state::Instance,
    ) -> Vec<Change> {
        let applied = Value::from(&current.applied);
        let comparison = Comparison { schema: &schema.spec, salt: &self.inputs.state.salt, applied: &applied };
        let mut changes = comparison.changes(desired, &seen.spec);
        changes.retain(|change| !is_ignored(&template.ignore_changes, &change.path));
        changes
    }

    fn decide_by_changes(
        &self,
        spec: &Expanded,
        instance: &Instance,
        changes: Vec<Change>,
        unfinished: Option<Reason>,
    ) -> Decision {
        if changes.iter().any(|change| change.replace) {
            Decision::Replace(Reason::Immutable, changes)
        } else if self.inputs.replace.contains(&instance.address) {
            Decision::Replace(Reason::Requested, changes)
        } else if let Some(trigger) = self.trigger(spec, instance) {
            Decision::Replace(Reason::Triggered(trigger), changes)
        } else if let Some(reason) = unfinished {
            Decision::Update(reason, changes)
        } else if changes.is_empty() {
            Decision::Nothing
        } else {
            Decision::Update(Reason::Changed, changes)
        }
    }

    /// What `replace_triggered_by` names and the plan changes.
    fn trigger(&self, spec: &Expanded, instance: &Instance) -> Option<Address> {
        if !spec.has_triggers(instance) {
            return None;
        }
        let changed = self.steps.iter().filter(|step| match step.action {
            Action::Adopt => !step.changes.is_empty(),
            action => action.makes(),
        });
        let mut named = changed.filter(|step| spec.is_triggered_by(instance, &step.address));
        named.next().map(|step| step.address.clone())
    }

    /// What other resources may name of it, as far as it will be known.
    fn attributes_after(
        &self,
        spec: &Expanded,
        instance: &Instance,
        schema: &KindSchema,
        desired: &Value,
        decision: &Decision,
    ) -> Value {
        if let (Decision::Adopt(_, changes), Some((seen, adopted))) = (decision, self.adopted(spec, instance, desired))
        {
            return known_attributes(instance, schema, desired, seen, &adopted, !changes.is_empty());
        }
        let observed = self.inputs.observed.get(&instance.address);
        let current = self.inputs.state.resources.get(&instance.address).and_then(|found| found.current.as_ref());
        match (decision, observed, current) {
            (Decision::Update(..) | Decision::Nothing, Some(Observed::Present(seen)), Some(current)) => {
                let updates = matches!(decision, Decision::Update(..));
                known_attributes(instance, schema, desired, seen, current, updates)
            }
            _ => unknown_attributes(instance, schema, desired),
        }
    }

    fn push(&mut self, spec: &Expanded, instance: &Instance, desired: Value, decision: Decision) {
        let address = instance.address.clone();
        let kind = spec.template(instance).kind.clone();
        let (action, reason, changes) = match decision {
            Decision::Create(reason) => (Action::Create { replaces: false }, reason, Vec::new()),
            Decision::Update(reason, changes) => (Action::Update, reason, changes),
            Decision::Adopt(id, changes) => (Action::Adopt, Reason::Imported(id), changes),
            Decision::Replace(reason, changes) => (Action::Create { replaces: true }, reason, changes),
            Decision::Nothing => {
                let refresh = if self.is_target(&address) { self.refreshed_outputs(spec, instance) } else { None };
                return self.unchanged.push(Unchanged { address, refresh });
            }
        };
        if let Action::Create { replaces: true } = action {
            self.delete_current(&address, &reason);
        }
        let place = instance.place.clone();
        self.steps.push(Step { address, kind, place, action, reason, changes, waits: Vec::new(), desired });
    }

    /// The outputs to record where the state's record of what the plan leaves alone is out
    /// of date: its outputs, the way to it, its dependencies or protection.
    fn refreshed_outputs(&self, spec: &Expanded, instance: &Instance) -> Option<Json> {
        let resource = self.inputs.state.resources.get(&instance.address)?;
        let current = resource.current.as_ref()?;
        let Some(Observed::Present(seen)) = self.inputs.observed.get(&instance.address) else {
            return None;
        };
        let is_current = seen.outputs == current.outputs
            && resource.place == instance.place
            && resource.lifecycle == instance.lifecycle
            && resource.dependencies == spec.dependencies(instance);
        (!is_current).then(|| seen.outputs.clone())
    }

    fn delete_current(&mut self, address: &Address, reason: &Reason) {
        let resource = self.inputs.state.resources.get(address);
        if let Some((resource, current)) = resource.and_then(|found| Some((found, found.current.as_ref()?))) {
            self.push_delete(address, resource, current, true, reason.clone());
        }
    }

    fn push_delete(
        &mut self,
        address: &Address,
        resource: &Resource,
        instance: &state::Instance,
        replaced: bool,
        reason: Reason,
    ) {
        let action = Action::Delete { generation: instance.generation, replaced };
        self.steps.push(Step {
            address: address.clone(),
            kind: resource.kind_of(instance).to_owned(),
            place: place_of(self.inputs.state, self.inputs.spec, address, resource, instance).clone(),
            action,
            reason,
            changes: Vec::new(),
            waits: Vec::new(),
            desired: Value::Null,
        });
    }

    /// What the state has beyond the spec: deposed instances, and all the spec does not name.
    fn visit_rest(&mut self) {
        let state = self.inputs.state;
        for (address, resource) in &state.resources {
            if !self.is_target(address) {
                continue;
            }
            for instance in &resource.deposed {
                self.push_delete(address, resource, instance, false, Reason::Deposed);
            }
            if self.inputs.spec.is_some_and(|spec| spec.contains(address)) {
                continue;
            }
            let reason = if self.inputs.spec.is_some() { Reason::Removed } else { Reason::Destroyed };
            match &resource.current {
                Some(_) if resource.lifecycle.retain_on_delete => self.push_forget(address, resource, reason),
                Some(instance) => self.push_delete(address, resource, instance, false, reason),
                None => {}
            }
        }
    }

    fn push_forget(&mut self, address: &Address, resource: &Resource, reason: Reason) {
        self.steps.push(Step {
            address: address.clone(),
            kind: resource.kind.clone(),
            place: resource.place.clone(),
            action: Action::Forget,
            reason,
            changes: Vec::new(),
            waits: Vec::new(),
            desired: Value::Null,
        });
    }
}

/// Why a resource needs a step though it may be as desired: not all of the last one came about.
fn unfinished(current: &state::Instance, phase: &Phase) -> Option<Reason> {
    match phase {
        Phase::Halted(why) => Some(Reason::Halted(why.clone())),
        Phase::Ready if current.settled => None,
        _ => Some(Reason::Unfinished),
    }
}

/// The targets and all they need.
fn with_needs(inputs: &Inputs<'_>) -> BTreeSet<Address> {
    let mut all = BTreeSet::new();
    let mut queue: Vec<Address> = inputs.targets.iter().cloned().collect();
    while let Some(address) = queue.pop() {
        if all.insert(address.clone()) {
            let needs = inputs.spec.map_or(Vec::new(), |spec| spec.needs(&address));
            queue.extend(needs.into_iter().map(|(needed, _)| needed));
        }
    }
    all
}
