//! Taking something that exists under our care.

use std::sync::Arc;

use provision_core::address::Address;
use provision_core::driver::Id;
use provision_core::plan::{Observed, adopted};
use provision_core::spec::{Expanded, Instance};
use provision_core::state::{Record, Resource};
use provision_core::value::Value;

use crate::journal::Journal;
use crate::refresh::Sought;
use crate::{Engine, EngineError};

impl Engine {
    /// Records that `id` is the resource at `address` of `spec`. Nothing is changed in AWS:
    /// the next plan shows what differs from the spec.
    ///
    /// Where a create was interrupted there, what it made goes first. If that cannot be told, or
    /// it made nothing, `id` is what it was to make.
    ///
    /// # Errors
    /// When the spec does not name the address, the state holds it or the id already, or AWS
    /// does not know the id.
    pub async fn import(
        &self,
        journal: &Journal,
        spec: &Arc<Expanded>,
        address: &Address,
        id: Id,
    ) -> Result<(), EngineError> {
        let instance = spec.instance(address).ok_or_else(|| EngineError::NoSuchAddress { address: address.clone() })?;
        match self.recover_at(journal, address).await {
            Err(EngineError::Undecided(_)) => {}
            recovered => recovered?,
        }
        let generation = journal.with(|state| {
            let interrupted = state.resources.get(address).and_then(Resource::interrupted_create);
            interrupted.map_or(state.next_generation, |pending| pending.generation)
        });
        self.adopt(journal, spec, instance, id, generation, &Value::Null).await
    }

    /// Records that `id` is what `instance` of `spec` stands for, as it is now. What
    /// `desired` has as a secret is recorded as one.
    pub(crate) async fn adopt(
        &self,
        journal: &Journal,
        spec: &Expanded,
        instance: &Instance,
        id: Id,
        generation: u64,
        desired: &Value,
    ) -> Result<(), EngineError> {
        let (template, address, place) = (spec.template(instance), &instance.address, &instance.place);
        if let Some(error) = in_the_way(journal, &template.kind, instance, &id) {
            return Err(error);
        }
        let sought = Sought::foreign(address, &template.kind, place, &id);
        let Some(Observed::Present(seen)) = self.observe(vec![sought]).await?.remove(address) else {
            return Err(EngineError::NotThere { kind: template.kind.clone(), id: id.to_string() });
        };
        let stated = template.body.shape();
        let record = Record::Settled {
            address: address.clone(),
            kind: template.kind.clone(),
            place: place.clone(),
            dependencies: spec.dependencies(instance),
            lifecycle: instance.lifecycle,
            instance: journal.with(|state| adopted(state, &id, (&stated, desired), &seen, generation)),
        };
        Ok(journal.record(record).await?)
    }
}

/// The address that owns `id` already, or what is at `address` already.
fn in_the_way(journal: &Journal, kind: &str, instance: &Instance, id: &Id) -> Option<EngineError> {
    journal.with(|state| {
        let resource = state.resources.get(&instance.address);
        // What a create was interrupted for takes the place of what is there.
        let resource = resource.filter(|resource| resource.interrupted_create().is_none());
        let current = resource.and_then(|resource| resource.current.as_ref());
        let at_address = current.map(|current| (&instance.address, &current.id));
        let (address, id) = at_address.or_else(|| Some((state.owner(kind, &instance.place, id)?, id)))?;
        Some(EngineError::AlreadyOwned { address: address.clone(), id: id.to_string() })
    })
}
