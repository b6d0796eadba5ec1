//! The invariants of any plan. Asserted in tests on every plan made.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Plan, Reason, Step};
use crate::address::Address;
use crate::graph::Graph;
use crate::state::State;

/// Every invariant `plan` breaks, in words; none for a sound plan. `state` is the one it was
/// made from, before its moves.
pub fn violations(plan: &Plan, state: &State) -> Vec<String> {
    let mut found = moves_that_lose_something(plan, state);
    let state = &state.moved(&plan.moves);
    found.extend(plan.steps.iter().filter_map(|step| adopts_what_is_owned(step, state)));
    found.extend(things_adopted_twice(plan, state));
    found.extend(plan.steps.iter().filter_map(|step| is_out_of_place(step, state)));
    found.extend(waits_that_cannot_end(plan));
    found.extend(addresses_with_two_makers(plan));
    found.extend(plan.steps.iter().filter_map(|step| deletes_what_is_not_owned(step, state)));
    found.extend(updates_without_an_instance(plan, state));
    found.extend(deletes_before_dependents(plan, state));
    found
}

/// A move takes one resource to an address where nothing is, and leaves none behind.
fn moves_that_lose_something(plan: &Plan, state: &State) -> Vec<String> {
    let mut found = Vec::new();
    let (mut left, mut reached) = (BTreeSet::new(), BTreeSet::new());
    for (from, to) in &plan.moves {
        if !state.resources.contains_key(from) || !left.insert(from) {
            found.push(format!("{from} is moved but not there"));
        }
        if state.resources.contains_key(to) || !reached.insert(to) {
            found.push(format!("{from} is moved to {to}, which is taken"));
        }
    }
    let stray = plan.steps.iter().filter(|step| left.contains(&step.address));
    found.extend(stray.map(|step| format!("{} was moved away, and has a step", step.address)));
    found
}

/// Law 9: what is adopted is nobody's, takes nobody's place, and stays what it is.
fn adopts_what_is_owned(step: &Step, state: &State) -> Option<String> {
    let (Action::Adopt, address) = (step.action, &step.address) else {
        return None;
    };
    let Reason::Imported(id) = &step.reason else {
        return Some(format!("{address} is adopted, but nothing says what it is"));
    };
    if state.resources.get(address).is_some_and(|resource| resource.current.is_some()) {
        return Some(format!("{address} is adopted but has an instance"));
    }
    if let Some(owner) = state.owner(&step.kind, &step.place, id) {
        return Some(format!("{address} adopts {id}, which is {owner}"));
    }
    let is_fixed = step.changes.iter().any(|change| change.replace);
    is_fixed.then(|| format!("{address} adopts {id}, which cannot become what it is to be"))
}

fn things_adopted_twice(plan: &Plan, state: &State) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for step in &plan.steps {
        let location = state.location(&step.place);
        if let Reason::Imported(id) = &step.reason
            && !seen.insert((&step.kind, location.region, location.account, id))
        {
            found.push(format!("{id} is adopted twice"));
        }
    }
    found
}

/// An instance is changed and deleted where it lies.
fn is_out_of_place(step: &Step, state: &State) -> Option<String> {
    let resource = state.resources.get(&step.address)?;
    let instance = match step.action {
        Action::Update => resource.current.as_ref(),
        Action::Delete { generation, .. } => resource.instances().find(|it| it.generation == generation),
        _ => None,
    }?;
    let is_there = state.location(&step.place) == state.location(resource.place_of(instance));
    (!is_there).then(|| format!("{} lies elsewhere than where it is changed or deleted", step.address))
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
    for step in plan.steps.iter().filter(|step| step.action.makes()) {
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
    // Waits are in the order of their steps.
    let waits = &plan.steps[from].waits;
    if waits.binary_search_by_key(&to, |wait| wait.step).is_ok() {
        return true;
    }
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
