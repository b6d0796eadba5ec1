//! Which step waits for which, and how far the other must have come.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::Inputs;
use super::{Action, Stage, Step, Wait};
use crate::address::Address;

/// The rules of order between steps:
///
/// - Making or changing waits for what it needs to be made or changed.
/// - Deleting waits for whatever needed it to be deleted, or to stop needing it.
/// - A replacement deletes first and then makes, unless `create_before_destroy`, which
///   also holds for everything such a resource needs: its old instance still uses them.
pub(super) struct Ordering<'a> {
    inputs: &'a Inputs<'a>,
    makes: BTreeMap<Address, usize>,
    deletes: BTreeMap<Address, usize>,
    makes_first: BTreeSet<Address>,
    /// Who needs an address, as the state has it.
    needed_by: BTreeMap<&'a Address, Vec<&'a Address>>,
}

impl<'a> Ordering<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>, steps: &[Step]) -> Self {
        let mut ordering = Self {
            inputs,
            makes: BTreeMap::new(),
            deletes: BTreeMap::new(),
            makes_first: BTreeSet::new(),
            needed_by: BTreeMap::new(),
        };
        for (index, step) in steps.iter().enumerate() {
            match step.action {
                Action::Create { .. } | Action::Update => ordering.makes.insert(step.address.clone(), index),
                Action::Delete { .. } => ordering.deletes.insert(step.address.clone(), index),
                Action::Forget => None,
            };
        }
        for (address, resource) in &inputs.state.resources {
            for needed in &resource.dependencies {
                ordering.needed_by.entry(needed).or_default().push(address);
            }
        }
        ordering.find_makes_first(steps);
        ordering
    }

    /// Sets what every step waits for.
    pub(super) fn wait(&self, steps: &mut [Step]) {
        for step in steps {
            let mut waits = match step.action {
                Action::Create { .. } | Action::Update => self.before_making(step),
                Action::Delete { replaced, .. } => self.before_deleting(&step.address, replaced),
                Action::Forget => Vec::new(),
            };
            waits.sort_unstable();
            waits.dedup_by_key(|wait| (wait.step, wait.stage));
            step.waits = waits;
        }
    }

    fn find_makes_first(&mut self, steps: &[Step]) {
        let replaced = steps.iter().filter(|step| step.action == Action::Create { replaces: true });
        let replaced: BTreeSet<&Address> = replaced.map(|step| &step.address).collect();
        let stated = replaced.iter().filter(|address| self.states_makes_first(address));
        let mut queue: Vec<Address> = stated.map(|&address| address.clone()).collect();
        while let Some(address) = queue.pop() {
            let needs = self.inputs.state.resources.get(&address).map(|resource| &resource.dependencies);
            queue.extend(needs.into_iter().flatten().filter(|needed| replaced.contains(needed)).cloned());
            self.makes_first.insert(address);
        }
    }

    fn states_makes_first(&self, address: &Address) -> bool {
        let lifecycle = self.inputs.spec.and_then(|spec| spec.lifecycle(address));
        lifecycle.is_some_and(|lifecycle| lifecycle.create_before_destroy)
    }

    fn before_making(&self, step: &Step) -> Vec<Wait> {
        let needed = self.inputs.spec.map_or(Vec::new(), |spec| spec.needs(&step.address));
        let mut waits: Vec<Wait> = needed
            .into_iter()
            .filter_map(|(address, stage)| Some(Wait { step: *self.makes.get(&address)?, stage }))
            .collect();
        let deletes_first =
            step.action == Action::Create { replaces: true } && !self.makes_first.contains(&step.address);
        waits.extend(self.deletes.get(&step.address).filter(|_| deletes_first).map(|&step| done(step)));
        waits
    }

    fn before_deleting(&self, address: &Address, replaced: bool) -> Vec<Wait> {
        let deletes_first = replaced && !self.makes_first.contains(address);
        let mut waits = Vec::new();
        for user in self.needed_by.get(address).into_iter().flatten() {
            waits.extend(self.deletes.get(*user).map(|&step| done(step)));
            waits.extend(self.makes.get(*user).filter(|_| !deletes_first).map(|&step| done(step)));
        }
        let successor = self.makes.get(address).filter(|_| !deletes_first);
        waits.extend(successor.map(|&step| done(step)));
        waits
    }
}

fn done(step: usize) -> Wait {
    Wait { step, stage: Stage::Done }
}
