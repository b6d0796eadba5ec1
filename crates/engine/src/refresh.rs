//! Reading the live state of everything that is owned.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use provision_core::address::Address;
use provision_core::driver::{CloudError, Id, Live, Place, Wanted};
use provision_core::plan::{Observed, Seen, place_of};
use provision_core::spec::Expanded;
use provision_core::state::{Instance, Operation, Resource, State};

use crate::calls::{AT_ONCE, Caller};
use crate::pace::Pauses;
use crate::{Engine, EngineError, Event};

impl Engine {
    /// The live state of every current instance in `state`.
    ///
    /// # Errors
    /// When a kind is not known to this build, or a read fails for good.
    pub async fn refresh(&self, state: &State) -> Result<BTreeMap<Address, Observed>, EngineError> {
        let wanted = owned(state, None);
        self.observer.see(&Event::Refreshing { resources: wanted.len() });
        self.observe(wanted).await
    }

    /// The live state of all that is wanted: one batch per kind and place, all at once.
    /// What was made or changed by a run that was cut short may not be seen yet: it is
    /// absent only once the grace period is over (law 5).
    pub(crate) async fn observe(&self, all: Vec<Sought<'_>>) -> Result<BTreeMap<Address, Observed>, EngineError> {
        let mut batches: BTreeMap<(&str, &Place), Vec<Sought<'_>>> = BTreeMap::new();
        for one in all {
            batches.entry((one.kind, one.place)).or_default().push(one);
        }
        let reads = batches.into_iter().map(|((kind, place), batch)| self.observe_batch(kind, place, batch));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn observe_batch(
        &self,
        kind: &str,
        place: &Place,
        batch: Vec<Sought<'_>>,
    ) -> Result<Vec<(Address, Observed)>, EngineError> {
        let unread =
            |error| EngineError::Read { addresses: batch.iter().map(|it| it.address.clone()).collect(), error };
        let caller = match self.caller(kind, place).await {
            Err(EngineError::Cloud(error)) => return Err(unread(error)),
            caller => caller?,
        };
        let all: Vec<Wanted> = batch.iter().map(|it| it.wanted.clone()).collect();
        let may_be_unseen = |index: usize| batch[index].may_be_unseen;
        let live = self.read_patiently(&caller, &all, AT_ONCE, may_be_unseen).await.map_err(unread)?;
        let found = batch.iter().zip(live).map(|(it, live)| (it.address.clone(), observed(live, &caller)));
        Ok(found.collect())
    }

    /// Reads until `wanted` is seen; `None` once the grace period is over (law 5).
    pub(crate) async fn await_sight(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        urgency: Duration,
    ) -> Result<Option<Live>, CloudError> {
        let found = self.read_patiently(caller, std::slice::from_ref(wanted), urgency, |_| true).await?;
        Ok(found.into_iter().flatten().next())
    }

    /// Reads a batch; again, until the grace period is over, for those that are not seen
    /// and of which that means little.
    async fn read_patiently(
        &self,
        caller: &Caller,
        all: &[Wanted],
        urgency: Duration,
        may_be_unseen: impl Fn(usize) -> bool,
    ) -> Result<Vec<Option<Live>>, CloudError> {
        let mut pauses = Pauses::new(self.patience, self.patience.grace);
        let mut live = caller.read(all, urgency).await?;
        loop {
            let unseen: Vec<usize> =
                (0..all.len()).filter(|&index| live[index].is_none() && may_be_unseen(index)).collect();
            if unseen.is_empty() || !pauses.pause().await {
                return Ok(live);
            }
            let wanted: Vec<Wanted> = unseen.iter().map(|&index| all[index].clone()).collect();
            let found = caller.read(&wanted, urgency).await?;
            unseen.into_iter().zip(found).for_each(|(index, found)| live[index] = found);
        }
    }
}

/// Something whose live state is wanted.
pub(crate) struct Sought<'a> {
    address: &'a Address,
    kind: &'a str,
    place: &'a Place,
    wanted: Wanted,
    may_be_unseen: bool,
}

impl<'a> Sought<'a> {
    /// What need not be ours yet: all of it is wanted.
    pub(crate) fn foreign(address: &'a Address, kind: &'a str, place: &'a Place, id: &Id) -> Self {
        Self { address, kind, place, wanted: Wanted::foreign(id.clone()), may_be_unseen: false }
    }
}

/// Every current instance in `state`, reached as the spec says where it does.
pub(crate) fn owned<'a>(state: &'a State, spec: Option<&'a Expanded>) -> Vec<Sought<'a>> {
    let current = state.resources.iter().filter_map(|(address, resource)| {
        let current = resource.current.as_ref()?;
        Some(Sought {
            address,
            kind: resource.kind_of(current),
            place: place_of(state, spec, address, resource, current),
            wanted: wanted(current),
            may_be_unseen: may_be_unseen(resource, current),
        })
    });
    current.collect()
}

fn observed(live: Option<Live>, caller: &Caller) -> Observed {
    live.map_or(Observed::Absent, |live| Observed::Present(Seen::new(live, caller.schema())))
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
    let (applied, outputs) = (Some(instance.applied.clone()), instance.outputs.clone());
    Wanted { id: instance.id.clone(), applied, outputs, is_fresh: false }
}
