//! The invariants of any state that an engine writes. Asserted in tests on every state a run
//! leaves behind, and on every prefix of its journal.

use super::{Operation, Pending, Resource, State};

/// Every invariant `state` breaks, in words; none for a sound state. What recovery needs is
/// there then, wherever a run was cut short.
pub fn violations(state: &State) -> Vec<String> {
    let each = state.resources.iter().flat_map(|(address, resource)| {
        let found = [
            is_empty(resource),
            has_generations_out_of_order(resource),
            is_of_a_generation_to_come(resource, state.next_generation),
            resource.pending.as_ref().and_then(|pending| cannot_be_recovered(resource, pending)),
        ];
        found.into_iter().flatten().map(move |what| format!("{address} {what}"))
    });
    each.collect()
}

fn is_empty(resource: &Resource) -> Option<String> {
    let is_empty = resource.instances().next().is_none() && resource.pending.is_none();
    is_empty.then(|| "has neither an instance nor an intent".to_owned())
}

/// One current instance, newer than all that are still to be deleted.
fn has_generations_out_of_order(resource: &Resource) -> Option<String> {
    let generations: Vec<u64> = resource.instances().map(|it| it.generation).collect();
    let is_sorted = generations.is_sorted_by(|older, newer| older < newer);
    (!is_sorted).then(|| format!("has its generations out of order: {generations:?}"))
}

/// Else another instance would get the same generation, and with it the same token.
fn is_of_a_generation_to_come(resource: &Resource, next: u64) -> Option<String> {
    let pending = resource.pending.iter().map(|it| it.generation);
    let newest = resource.instances().map(|it| it.generation).chain(pending).max()?;
    (newest >= next).then(|| format!("has generation {newest}, and the next is {next}"))
}

fn cannot_be_recovered(resource: &Resource, pending: &Pending) -> Option<String> {
    let generation = pending.generation;
    let is_known = resource.instances().any(|it| it.generation == generation);
    match pending.operation {
        _ if resource.kind.is_empty() => Some("has an intent, but no kind".to_owned()),
        _ if pending.token.is_empty() => Some("has an intent without a token".to_owned()),
        Operation::Create if is_known => Some(format!("is to be created as generation {generation}, which is there")),
        Operation::Update | Operation::Delete if !is_known => {
            Some(format!("is to be changed or deleted as generation {generation}, which is not there"))
        }
        _ => None,
    }
}
