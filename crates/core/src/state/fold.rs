//! The fold that joins a snapshot and the journal since.
//!
//! It is pure and total: every prefix of every journal gives a valid state, and
//! what a record names that is not there is passed over. Folding a journal again
//! over its own result changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Durations, FORMAT, Instance, Lifecycle, Operation, Pending, Record, Resource, Salt, State};
use crate::address::Address;
use crate::driver::{Id, Place};

/// The state after `records`, which follow `snapshot` in this order.
#[must_use]
pub fn fold<'a>(snapshot: State, records: impl IntoIterator<Item = &'a Record>) -> State {
    records.into_iter().fold(snapshot, |mut state, record| {
        state.apply(record);
        state
    })
}

impl State {
    /// A state that owns nothing. `lineage` and the salt are random.
    pub fn new(stack: impl Into<String>, lineage: impl Into<String>, salt: Salt) -> Self {
        Self {
            version: FORMAT,
            lineage: lineage.into(),
            serial: 0,
            stack: stack.into(),
            account_id: None,
            region: None,
            assume_role: None,
            salt,
            next_generation: 1,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            durations: Durations::default(),
        }
    }

    /// The snapshot that may take this one's place.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self { serial: self.serial.saturating_add(1), ..self.clone() }
    }

    /// Takes in one record.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Intent { address, kind, place, dependencies, lifecycle, pending } => {
                let resource = self.described(address, kind, place, dependencies, *lifecycle);
                resource.unsettle(pending);
                resource.pending = Some(pending.clone());
            }
            Record::Settled { address, kind, place, dependencies, lifecycle, instance } => {
                let resource = self.described(address, kind, place, dependencies, *lifecycle);
                resource.put(instance.clone());
                resource.resolve(instance.generation);
            }
            Record::Created { address, generation, id } => self.change(address, |it| it.created(*generation, id)),
            Record::Refused { address, generation } => self.change(address, |it| it.resolve(*generation)),
            Record::Deleted { address, generation } => self.change(address, |it| it.remove(*generation)),
            Record::Moved { from, to } => self.rename(from, to),
            Record::Forgotten { address } => {
                self.resources.remove(address);
            }
        }
        let seen = record.generation().map_or(0, |generation| generation.saturating_add(1));
        self.next_generation = self.next_generation.max(seen);
    }

    /// The resource at `address`, new if need be, with what a record says of it.
    fn described(
        &mut self,
        address: &Address,
        kind: &str,
        place: &Place,
        dependencies: &BTreeSet<Address>,
        lifecycle: Lifecycle,
    ) -> &mut Resource {
        let former = self.resources.get(address).map(|resource| &resource.place);
        let is_elsewhere = former.is_some_and(|former| self.location(former) != self.location(place));
        let resource = self.resources.entry(address.clone()).or_default();
        resource.become_kind(kind);
        resource.become_placed(place, is_elsewhere);
        resource.dependencies.clone_from(dependencies);
        resource.lifecycle = lifecycle;
        resource
    }

    /// Gives what is at `from` the address `to`, unless something is there.
    fn rename(&mut self, from: &Address, to: &Address) {
        if self.resources.contains_key(to) {
            return;
        }
        let Some(resource) = self.resources.remove(from) else { return };
        self.resources.insert(to.clone(), resource);
        for resource in self.resources.values_mut() {
            if resource.dependencies.remove(from) {
                resource.dependencies.insert(to.clone());
            }
        }
    }

    /// Changes the resource at `address`, if there is one, and drops it once it is empty.
    fn change(&mut self, address: &Address, change: impl FnOnce(&mut Resource)) {
        if let Some(resource) = self.resources.get_mut(address) {
            change(resource);
            if resource.is_empty() {
                self.resources.remove(address);
            }
        }
    }
}

impl Record {
    /// The life of the address it speaks of; `None` when it speaks of all.
    fn generation(&self) -> Option<u64> {
        match self {
            Self::Intent { pending, .. } => Some(pending.generation),
            Self::Settled { instance, .. } => Some(instance.generation),
            Self::Created { generation, .. } | Self::Refused { generation, .. } | Self::Deleted { generation, .. } => {
                Some(*generation)
            }
            Self::Moved { .. } | Self::Forgotten { .. } => None,
        }
    }
}

impl Resource {
    fn is_empty(&self) -> bool {
        self.current.is_none() && self.deposed.is_empty() && self.pending.is_none()
    }

    /// The kind of one of its instances.
    pub fn kind_of<'a>(&'a self, instance: &'a Instance) -> &'a str {
        instance.kind.as_deref().unwrap_or(&self.kind)
    }

    /// Gives the address another kind; the instances there are keep theirs.
    fn become_kind(&mut self, kind: &str) {
        if self.kind != kind {
            let former = std::mem::replace(&mut self.kind, kind.to_owned());
            for instance in self.deposed.iter_mut().chain(&mut self.current) {
                instance.kind.get_or_insert_with(|| former.clone());
            }
        }
    }

    /// Where one of its instances lies.
    pub fn place_of<'a>(&'a self, instance: &'a Instance) -> &'a Place {
        instance.place.as_ref().unwrap_or(&self.place)
    }

    /// Gives the address another place. Where that is another region or account, the
    /// instances there are keep theirs; where only the way there differs, they go along.
    fn become_placed(&mut self, place: &Place, is_elsewhere: bool) {
        let former = std::mem::replace(&mut self.place, place.clone());
        if is_elsewhere {
            for instance in self.deposed.iter_mut().chain(&mut self.current) {
                instance.place.get_or_insert_with(|| former.clone());
            }
        }
    }

    /// A call is about to change the instance: what it asks for anew may be so or not.
    fn unsettle(&mut self, pending: &Pending) {
        let Some(instance) = self.instance_mut(pending.generation) else { return };
        instance.settled = false;
        if let (Operation::Update, Json::Object(applied)) = (pending.operation, &mut instance.applied) {
            applied.retain(|name, value| pending.request.get(name) == Some(value));
        }
    }

    /// The intent to create that has no result.
    pub fn interrupted_create(&self) -> Option<&Pending> {
        self.pending.as_ref().filter(|pending| pending.operation == Operation::Create)
    }

    /// Every instance, the newest last.
    pub fn instances(&self) -> impl DoubleEndedIterator<Item = &Instance> {
        self.deposed.iter().chain(&self.current)
    }

    /// The id is known; the rest of the way is made by updates.
    fn created(&mut self, generation: u64, id: &Id) {
        let is_awaited = |it: &mut Pending| it.operation == Operation::Create && it.generation == generation;
        if let Some(pending) = self.pending.take_if(is_awaited) {
            let outputs = Json::Object(serde_json::Map::new());
            let (id, applied) = (id.clone(), pending.request);
            self.put(Instance { generation, id, kind: None, place: None, settled: false, applied, outputs });
        }
    }

    /// Puts an instance where its generation belongs: a known one where it stands,
    /// the newest as `current`, any other among the deposed.
    fn put(&mut self, instance: Instance) {
        if let Some(known) = self.instance_mut(instance.generation) {
            *known = instance;
        } else if self.instances().all(|other| other.generation < instance.generation) {
            self.deposed.extend(self.current.replace(instance));
        } else {
            let place = self.deposed.partition_point(|other| other.generation < instance.generation);
            self.deposed.insert(place, instance);
        }
    }

    fn instance_mut(&mut self, generation: u64) -> Option<&mut Instance> {
        self.deposed.iter_mut().chain(&mut self.current).find(|it| it.generation == generation)
    }

    /// The intent of this generation has its result.
    fn resolve(&mut self, generation: u64) {
        self.pending.take_if(|pending| pending.generation == generation);
    }

    fn remove(&mut self, generation: u64) {
        self.resolve(generation);
        self.current.take_if(|it| it.generation == generation);
        self.deposed.retain(|it| it.generation != generation);
    }
}
