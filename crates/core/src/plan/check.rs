//! The invariants of any plan. Asserted in tests on every plan made.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Plan, Step};
use crate::address::Address;
use crate::graph::Graph;
use crate::state::State;

/// Every invariant `plan` breaks, in words; none for a sound plan.
pub fn violations(plan: &Plan, state: &State) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(waits_that_cannot_end(plan));
    found.extend(addresses_with_two_makers(plan));
    found.extend(plan.steps.iter().filter_map(|step| deletes_what_is_not_owned(step, state)));
    found.extend(updates_without_an_instance(plan, state));
    found.extend(deletes_before_dependents(plan, state));
    found
}

fn waits_that_cannot_end(plan: &Plan) -> Vec<String> {
    let mut graph = Graph::new(plan.steps.len());
    for (index, step) in plan.steps.iter().enumerate() {
        if let Some(wait) = step.waits.iter().find(|wait| wait.step >= plan.steps.len()) {
            return vec![format!("step {index} waits for step {}, which does not exist", wait.step)];
        }
        step.waits.iter().for_each(|wait| graph.needs(index, wait.step));
    }
    let cycles = graph.order().err().unwrap_or_default();
    cycles.into_iter().map(|cycle| format!("steps wait for each other: {:?}", cycle.0)).collect()
}

fn addresses_with_two_makers(plan: &Plan) -> Vec<String> {
    let mut makers: BTreeMap<&Address, usize> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| matches!(step.action, Action::Create { .. } | Action::Update)) {
        *makers.entry(&step.address).or_default() += 1;
    }
    makers.into_iter().filter(|(_, count)| *count > 1).map(|(address, _)| format!("{address} is made twice")).collect()
}

/// Law 9: only what the state says is ours is deleted.
fn deletes_what_is_not_owned(step: &Step, state: &State) -> Option<String> {
    let Action::Delete { generation, .. } = step.action else {
        return None;
    };
    let resource = state.resources.get(&step.address);
    let owned = resource.into_iter().flat_map(|resource| resource.current.iter().chain(&resource.deposed));
    let is_owned = owned.into_iter().any(|instance| instance.generation == generation);
    (!is_owned).then(|| format!("{} generation {generation} is deleted but not owned", step.address))
}

fn updates_without_an_instance(plan: &Plan, state: &State) -> Vec<String> {
    let updates = plan.steps.iter().filter(|step| step.action == Action::Update);
    let has_current = |address| state.resources.get(address).is_some_and(|resource| resource.current.is_some());
    let wrong = updates.filter(|step| !has_current(&step.address));
    wrong.map(|step| format!("{} is updated but the state has no instance of it", step.address)).collect()
}

/// Whatever needs a deleted resource and is deleted too goes first.
fn deletes_before_dependents(plan: &Plan, state: &State) -> Vec<String> {
    let deletes: BTreeMap<&Address, usize> = (plan.steps.iter().enumerate())
        .filter(|(_, step)| matches!(step.action, Action::Delete { .. }) && is_current(step, state))
        .map(|(index, step)| (&step.address, index))
        .collect();
    let mut found = Vec::new();
    for (address, &user) in &deletes {
        let needs = state.resources.get(*address).map(|resource| &resource.dependencies);
        for needed in needs.into_iter().flatten().filter_map(|needed| deletes.get(needed)) {
            if !reaches(plan, *needed, user) {
                found.push(format!("{} is deleted before {address}, which needs it", plan.steps[*needed].address));
            }
        }
    }
    found
}

fn is_current(step: &Step, state: &State) -> bool {
    let current = state.resources.get(&step.address).and_then(|resource| resource.current.as_ref());
    matches!(step.action, Action::Delete { generation, .. } if current.is_some_and(|it| it.generation == generation))
}

/// Whether `from` waits for `to`, directly or through others.
fn reaches(plan: &Plan, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut queue = vec![from];
    while let Some(index) = queue.pop() {
        if index == to {
            return true;
        }
        if seen.insert(index) {
            queue.extend(plan.steps[index].waits.iter().map(|wait| wait.step));
        }
    }
    false
}
