//! Reading the live state of everything that is owned.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;
use provision_core::address::Address;
use provision_core::driver::{Driver, Id, Wanted};
use provision_core::plan::{Observed, Seen};
use provision_core::state::{Instance, State};

use crate::pace;
use crate::{Engine, EngineError, Event};

impl Engine {
    /// The live state of every current instance in `state`: one batch per kind, all at once.
    ///
    /// # Errors
    /// When a kind is not known to this build, or a read fails for good.
    pub async fn refresh(&self, state: &State) -> Result<BTreeMap<Address, Observed>, EngineError> {
        let mut kinds: BTreeMap<&str, Vec<(&Address, &Instance)>> = BTreeMap::new();
        for (address, resource) in &state.resources {
            if let Some(current) = &resource.current {
                kinds.entry(&resource.kind).or_default().push((address, current));
            }
        }
        self.observer.see(&Event::Refreshing { resources: kinds.values().map(Vec::len).sum() });
        let reads = kinds.into_iter().map(|(kind, instances)| self.refresh_kind(kind, instances));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn refresh_kind(
        &self,
        kind: &str,
        instances: Vec<(&Address, &Instance)>,
    ) -> Result<Vec<(Address, Observed)>, EngineError> {
        let driver = self.driver(kind)?;
        let wanted: Vec<Wanted> = instances.iter().map(|(_, instance)| wanted(instance)).collect();
        let live = pace::reading(self.patience, || driver.read(&wanted)).await.map_err(|error| EngineError::Read {
            addresses: instances.iter().map(|(address, _)| (*address).clone()).collect(),
            error,
        })?;
        let found = instances.into_iter().zip(live).map(|((address, _), live)| {
            let observed = match live {
                Some(live) => Observed::Present(Seen::new(live, driver.schema())),
                None => Observed::Absent,
            };
            (address.clone(), observed)
        });
        Ok(found.collect())
    }

    /// The live state of one thing that need not be ours yet.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn observe(&self, address: &Address, kind: &str, id: &Id) -> Result<Observed, EngineError> {
        let driver = self.driver(kind)?;
        let wanted = [Wanted { id: id.clone(), applied: None, outputs: serde_json::Value::Null }];
        let live = pace::reading(self.patience, || driver.read(&wanted))
            .await
            .map_err(|error| EngineError::Read { addresses: vec![address.clone()], error })?;
        Ok(match live.into_iter().flatten().next() {
            Some(live) => Observed::Present(Seen::new(live, driver.schema())),
            None => Observed::Absent,
        })
    }

    pub(crate) fn driver(&self, kind: &str) -> Result<Arc<dyn Driver>, EngineError> {
        self.provider.driver(kind).ok_or_else(|| EngineError::UnknownKind { kind: kind.to_owned() })
    }
}

fn wanted(instance: &Instance) -> Wanted {
    Wanted { id: instance.id.clone(), applied: Some(instance.applied.clone()), outputs: instance.outputs.clone() }
}
