//! Which step waits for which, and how far the other must have come.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::Inputs;
use super::{Action, Stage, Step, Wait};
use crate::address::Address;
use crate::graph::{Cycle, Graph};

/// The rules of order between steps:
///
/// - Making or changing waits for what it needs to be made or changed.
/// - Deleting waits for whatever needed it to be deleted, or to stop needing it.
/// - A replacement deletes first and then makes, unless `create_before_destroy`, which
///   also holds for everything such a resource needs: its old instance still uses them.
/// - Where these rules make steps wait for each other, a replacement among them makes
///   first after all.
pub(super) struct Ordering<'a> {
    inputs: &'a Inputs<'a>,
    makes: BTreeMap<Address, Make>,
    deletes: BTreeMap<Address, Vec<Delete>>,
    makes_first: BTreeSet<Address>,
    /// Whose old instances a replacement that deletes first waits for to be gone.
    in_the_way: BTreeSet<&'a Address>,
    /// Who needs an address, as the state has it.
    needed_by: BTreeMap<&'a Address, Vec<&'a Address>>,
    /// Waits that are given up, because the state has things that need each other.
    given_up: BTreeSet<(usize, usize)>,
}

/// The step that makes or changes what is at an address.
#[derive(Clone, Copy)]
struct Make {
    step: usize,
    action: Action,
}

/// A step that deletes an instance at an address.
#[derive(Clone, Copy)]
struct Delete {
    step: usize,
    /// Whether it makes room for a replacement.
    replaced: bool,
}

/// Sets what every step waits for. No steps wait for each other then.
pub(super) fn arrange(inputs: &Inputs<'_>, steps: &mut [Step]) {
    let mut ordering = Ordering::new(inputs, steps);
    ordering.wait(steps);
    loop {
        let knots = knots(steps);
        if knots.is_empty() {
            return;
        }
        ordering.untie_all(&knots, steps);
        ordering.wait(steps);
    }
}

/// Steps that wait for each other; no step is in two of them.
fn knots(steps: &[Step]) -> Vec<Cycle> {
    let mut graph = Graph::new(steps.len());
    for (index, step) in steps.iter().enumerate() {
        step.waits.iter().for_each(|wait| graph.needs(index, wait.step));
    }
    graph.order().err().unwrap_or_default()
}

impl<'a> Ordering<'a> {
    fn new(inputs: &'a Inputs<'a>, steps: &[Step]) -> Self {
        let mut ordering = Self {
            inputs,
            makes: BTreeMap::new(),
            deletes: BTreeMap::new(),
            makes_first: BTreeSet::new(),
            in_the_way: BTreeSet::new(),
            needed_by: BTreeMap::new(),
            given_up: BTreeSet::new(),
        };
        for (index, step) in steps.iter().enumerate() {
            ordering.note(index, step);
        }
        for (address, resource) in &inputs.state.resources {
            for needed in &resource.dependencies {
                ordering.needed_by.entry(needed).or_default().push(address);
            }
        }
        let stated: Vec<Address> =
            ordering.makes.keys().filter(|address| ordering.states_makes_first(address)).cloned().collect();
        stated.into_iter().for_each(|address| ordering.make_first(address));
        ordering
    }

    fn note(&mut self, index: usize, step: &Step) {
        match step.action {
            Action::Create { .. } | Action::Update | Action::Adopt => {
                self.makes.insert(step.address.clone(), Make { step: index, action: step.action });
            }
            Action::Delete { replaced, .. } => {
                self.deletes.entry(step.address.clone()).or_default().push(Delete { step: index, replaced });
            }
            Action::Forget => {}
        }
    }

    fn wait(&mut self, steps: &mut [Step]) {
        self.in_the_way = self.in_the_way();
        for (index, step) in steps.iter_mut().enumerate() {
            step.waits = self.waits_of(index, step);
        }
    }

    fn waits_of(&self, index: usize, step: &Step) -> Vec<Wait> {
        let mut waits = match step.action {
            Action::Create { .. } | Action::Update | Action::Adopt => self.before_making(step),
            Action::Delete { replaced, .. } => self.before_deleting(&step.address, replaced),
            // Forgetting an address forgets all its instances.
            Action::Forget => self.deletes_of(&step.address).map(|it| done(it.step)).collect(),
        };
        waits.retain(|wait| !self.given_up.contains(&(index, wait.step)));
        waits.sort_unstable();
        waits.dedup_by_key(|wait| (wait.step, wait.stage));
        waits
    }

    /// Unties all knots, or those up to the first that has something made first: that may
    /// undo others, too. To give up a wait concerns no other knot.
    fn untie_all(&mut self, knots: &[Cycle], steps: &[Step]) {
        let so_far = self.makes_first.len();
        for knot in knots {
            self.untie(knot, steps);
            if self.makes_first.len() > so_far {
                return;
            }
        }
    }

    /// Gives up one wait of a knot. A deletion that makes room need not wait for updates
    /// of what used it; else a replacement makes first. Without either it is the state
    /// whose resources need each other. AWS says when a deletion that does not wait may be.
    fn untie(&mut self, knot: &Cycle, steps: &[Step]) {
        let around = || knot.0.iter().copied().zip(knot.0.iter().copied().cycle().skip(1));
        let makes_room = |step: usize| self.deletes_first(&steps[step].address);
        let is_update = |step: usize| matches!(steps[step].action, Action::Update | Action::Adopt);
        let is_delete = |step: usize| matches!(steps[step].action, Action::Delete { .. });
        if let Some(wait) = around().find(|&(one, next)| is_delete(one) && makes_room(one) && is_update(next)) {
            self.given_up.insert(wait);
        } else if let Some((make, _)) = around()
            .find(|&(one, next)| !is_delete(one) && makes_room(one) && steps[one].address == steps[next].address)
        {
            self.make_first(steps[make].address.clone());
        } else {
            self.given_up.extend(around().next());
        }
    }

    /// Has the address, and all its old instance needs, made before the old ones go.
    fn make_first(&mut self, address: Address) {
        let mut queue = vec![address];
        while let Some(address) = queue.pop().filter(|address| self.is_replaced(address)) {
            if self.makes_first.insert(address.clone()) {
                queue.extend(self.needs(&address).filter(|needed| self.is_replaced(needed)).cloned());
            }
        }
    }

    fn is_replaced(&self, address: &Address) -> bool {
        self.makes.get(address).is_some_and(|make| make.action == Action::Create { replaces: true })
    }

    fn states_makes_first(&self, address: &Address) -> bool {
        let lifecycle = self.inputs.spec.and_then(|spec| spec.lifecycle(address));
        lifecycle.is_some_and(|lifecycle| lifecycle.create_before_destroy)
    }

    /// What an address needs, as the state has it.
    fn needs(&self, address: &Address) -> impl Iterator<Item = &'a Address> + use<'a> {
        let resource = self.inputs.state.resources.get(address);
        resource.into_iter().flat_map(|resource| &resource.dependencies)
    }

    fn deletes_of(&self, address: &Address) -> impl Iterator<Item = Delete> {
        self.deletes.get(address).into_iter().flatten().copied()
    }

    fn deletes_first(&self, address: &Address) -> bool {
        self.is_replaced(address) && !self.makes_first.contains(address)
    }

    fn before_making(&self, step: &Step) -> Vec<Wait> {
        let needed = self.inputs.spec.map_or(Vec::new(), |spec| spec.needs(&step.address));
        let needed = needed
            .into_iter()
            .filter_map(|(address, stage)| Some(Wait { step: self.makes.get(&address)?.step, stage }));
        let room = self.deletes_of(&step.address).filter(|delete| self.goes_first(&step.address, delete.replaced));
        needed.chain(room.map(|delete| done(delete.step))).collect()
    }

    fn before_deleting(&self, address: &Address, replaced: bool) -> Vec<Wait> {
        let deletes_first = replaced && self.deletes_first(address);
        let mut waits = Vec::new();
        for user in self.needed_by.get(address).into_iter().flatten() {
            waits.extend(self.deletes_of(user).map(|delete| done(delete.step)));
            // What is made anew stops needing it with the deletion of the old instance.
            let changed = self.makes.get(*user).filter(|make| make.action == Action::Update);
            let changed = changed.filter(|_| !deletes_first || !self.still_needs(user, address));
            waits.extend(changed.map(|make| done(make.step)));
        }
        let successor = self.makes.get(address).filter(|_| !self.goes_first(address, replaced));
        waits.extend(successor.map(|make| done(make.step)));
        waits
    }

    fn still_needs(&self, user: &Address, address: &Address) -> bool {
        let needs = self.inputs.spec.map_or(Vec::new(), |spec| spec.needs(user));
        needs.iter().any(|(needed, _)| needed == address)
    }

    /// Whether an old instance goes before the step that makes or changes what is at its
    /// address, rather than after it. One of the two waits for the other: while an intent
    /// to create is open the journal takes no other for its address.
    fn goes_first(&self, address: &Address, replaced: bool) -> bool {
        self.deletes_first(address) || (!replaced && self.in_the_way.contains(address))
    }

    /// Whose old instances are to be gone before a replacement that deletes first: all that
    /// need it, also through others whose old instances go.
    fn in_the_way(&self) -> BTreeSet<&'a Address> {
        let replaced = self.needed_by.keys().copied().filter(|address| self.deletes_first(address));
        let mut queue: Vec<&Address> = replaced.collect();
        let mut found = BTreeSet::new();
        while let Some(needed) = queue.pop() {
            for user in self.needed_by.get(needed).into_iter().flatten().copied() {
                if found.insert(user) && self.deletes.contains_key(user) {
                    queue.push(user);
                }
            }
        }
        found
    }
}

fn done(step: usize) -> Wait {
    Wait { step, stage: Stage::Done }
}
