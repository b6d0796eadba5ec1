//! Taking something that exists under our care.

use std::sync::Arc;

use provision_core::address::Address;
use provision_core::driver::Id;
use provision_core::plan::{Observed, adopted};
use provision_core::spec::{Expanded, Instance};
use provision_core::state::Record;
use provision_core::value::Value;

use crate::journal::Journal;
use crate::refresh::Sought;
use crate::{Engine, EngineError};

impl Engine {
    /// Records that `id` is the resource at `address` of `spec`. Nothing is changed in AWS:
    /// the next plan shows what differs from the spec.
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
        let generation = journal.with(|state| state.next_generation);
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
        let current = state.resources.get(&instance.address).and_then(|resource| resource.current.as_ref());
        let at_address = current.map(|current| (&instance.address, &current.id));
        let (address, id) = at_address.or_else(|| Some((state.owner(kind, &instance.place, id)?, id)))?;
        Some(EngineError::AlreadyOwned { address: address.clone(), id: id.to_string() })
    })
}
