//! Taking something that exists under our care.

use std::sync::Arc;

use provision_core::address::Address;
use provision_core::driver::Id;
use provision_core::plan::{Observed, Seen};
use provision_core::spec::Expanded;
use provision_core::state::{Instance, Record};

use crate::journal::Journal;
use crate::{Engine, EngineError};

impl Engine {
    /// Records that `id` is the resource at `address` of `spec`. Nothing is changed in AWS:
    /// the next plan shows what differs from the spec.
    ///
    /// # Errors
    /// When the spec does not name the address, the state holds it already, or AWS does not
    /// know the id.
    pub async fn import(
        &self,
        journal: &Journal,
        spec: &Arc<Expanded>,
        address: &Address,
        id: Id,
    ) -> Result<(), EngineError> {
        let instance = spec.instance(address).ok_or_else(|| EngineError::NoSuchAddress { address: address.clone() })?;
        let kind = spec.template(instance).kind.clone();
        let owned = journal.with(|state| state.resources.get(address)?.current.as_ref().map(|it| it.id.to_string()));
        if let Some(id) = owned {
            return Err(EngineError::AlreadyOwned { address: address.clone(), id });
        }
        let Observed::Present(seen) = self.observe(address, &kind, &id).await? else {
            return Err(EngineError::NotThere { kind, id: id.to_string() });
        };
        let record = Record::Settled {
            address: address.clone(),
            kind,
            dependencies: spec.dependencies(instance),
            lifecycle: spec.template(instance).lifecycle,
            instance: imported(journal, id, seen),
        };
        Ok(journal.record(record).await?)
    }
}

fn imported(journal: &Journal, id: Id, seen: Seen) -> Instance {
    Instance {
        generation: journal.with(|state| state.next_generation),
        id,
        kind: None,
        settled: true,
        applied: journal.with(|state| state.salt.seal(&seen.spec)).unwrap_or_default(),
        outputs: seen.outputs,
    }
}
