//! Reading the live state of everything that is owned.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;
use provision_core::address::Address;
use provision_core::driver::{CloudError, Driver, Id, Live, Place, Wanted};
use provision_core::plan::{Observed, Seen};
use provision_core::state::{Instance, Operation, Resource, State};

use crate::pace::{self, Pauses};
use crate::{Engine, EngineError, Event};

impl Engine {
    /// The live state of every current instance in `state`: one batch per kind, all at once.
    /// What was made or changed by a run that was cut short may not be seen yet: it is
    /// absent only once the grace period is over (law 5).
    ///
    /// # Errors
    /// When a kind is not known to this build, or a read fails for good.
    pub async fn refresh(&self, state: &State) -> Result<BTreeMap<Address, Observed>, EngineError> {
        let mut kinds: BTreeMap<&str, Vec<Owned<'_>>> = BTreeMap::new();
        for (address, resource) in &state.resources {
            if let Some(current) = &resource.current {
                kinds.entry(resource.kind_of(current)).or_default().push(Owned { address, resource, current });
            }
        }
        self.observer.see(&Event::Refreshing { resources: kinds.values().map(Vec::len).sum() });
        let reads = kinds.into_iter().map(|(kind, instances)| self.refresh_kind(kind, instances));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn refresh_kind(
        &self,
        kind: &str,
        instances: Vec<Owned<'_>>,
    ) -> Result<Vec<(Address, Observed)>, EngineError> {
        let driver = self.driver(kind, &Place::default()).await?;
        let all: Vec<Wanted> = instances.iter().map(|it| wanted(it.current)).collect();
        let may_be_unseen = |index: usize| may_be_unseen(instances[index].resource, instances[index].current);
        let live = self.read_patiently(&*driver, &all, may_be_unseen).await.map_err(|error| EngineError::Read {
            addresses: instances.iter().map(|it| it.address.clone()).collect(),
            error,
        })?;
        let found = instances.iter().zip(live).map(|(it, live)| (it.address.clone(), observed(live, &*driver)));
        Ok(found.collect())
    }

    /// Reads until `wanted` is seen; `None` once the grace period is over (law 5).
    pub(crate) async fn await_sight(&self, driver: &dyn Driver, wanted: &Wanted) -> Result<Option<Live>, CloudError> {
        let found = self.read_patiently(driver, std::slice::from_ref(wanted), |_| true).await?;
        Ok(found.into_iter().flatten().next())
    }

    /// Reads a batch; again, until the grace period is over, for those that are not seen
    /// and of which that means little.
    async fn read_patiently(
        &self,
        driver: &dyn Driver,
        all: &[Wanted],
        may_be_unseen: impl Fn(usize) -> bool,
    ) -> Result<Vec<Option<Live>>, CloudError> {
        let mut pauses = Pauses::new(self.patience, self.patience.grace);
        let mut live = pace::reading(self.patience, || driver.read(all)).await?;
        loop {
            let unseen: Vec<usize> =
                (0..all.len()).filter(|&index| live[index].is_none() && may_be_unseen(index)).collect();
            if unseen.is_empty() || !pauses.pause().await {
                return Ok(live);
            }
            let wanted: Vec<Wanted> = unseen.iter().map(|&index| all[index].clone()).collect();
            let found = pace::reading(self.patience, || driver.read(&wanted)).await?;
            unseen.into_iter().zip(found).for_each(|(index, found)| live[index] = found);
        }
    }

    /// The live state of one thing that need not be ours yet.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn observe(&self, address: &Address, kind: &str, id: &Id) -> Result<Observed, EngineError> {
        let driver = self.driver(kind, &Place::default()).await?;
        let wanted = [Wanted { id: id.clone(), applied: None, outputs: serde_json::Value::Null }];
        let live = pace::reading(self.patience, || driver.read(&wanted))
            .await
            .map_err(|error| EngineError::Read { addresses: vec![address.clone()], error })?;
        Ok(observed(live.into_iter().flatten().next(), &*driver))
    }

    pub(crate) async fn driver(&self, kind: &str, place: &Place) -> Result<Arc<dyn Driver>, EngineError> {
        let driver = self.provider.driver(kind, place).await?;
        driver.ok_or_else(|| EngineError::UnknownKind { kind: kind.to_owned() })
    }
}

/// An instance in use, and where it is.
struct Owned<'a> {
    address: &'a Address,
    resource: &'a Resource,
    current: &'a Instance,
}

fn observed(live: Option<Live>, driver: &dyn Driver) -> Observed {
    live.map_or(Observed::Absent, |live| Observed::Present(Seen::new(live, driver.schema())))
}

/// Whether the instance may be there without being seen: the last that is known of it is
/// that a run was about to make or change it.
pub(crate) fn may_be_unseen(resource: &Resource, instance: &Instance) -> bool {
    !instance.settled && !is_on_its_way_out(resource, instance)
}

/// Whether a run was about to delete the instance.
pub(crate) fn is_on_its_way_out(resource: &Resource, instance: &Instance) -> bool {
    let pending = resource.pending.as_ref().filter(|pending| pending.generation == instance.generation);
    pending.is_some_and(|pending| pending.operation == Operation::Delete)
}

/// What a read of `instance` asks for.
pub(crate) fn wanted(instance: &Instance) -> Wanted {
    Wanted { id: instance.id.clone(), applied: Some(instance.applied.clone()), outputs: instance.outputs.clone() }
}
