//! Settling what an earlier run was about to create when it ended.

use std::fmt;

use futures::future::try_join_all;
use provision_core::address::Address;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::schema::KindSchema;
use provision_core::state::{Pending, Record, Resource};
use serde_json::Value as Json;

use crate::calls::Caller;
use crate::journal::Journal;
use crate::pace::Pauses;
use crate::{Engine, EngineError, Event};

/// A create without an answer, and several things that it may have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// The physical names of all that fits, sorted. The state owns none of them.
    pub candidates: Vec<Id>,
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.candidates.iter().map(|id| format!("`{id}`")).collect();
        let Self { address, kind, .. } = self;
        write!(
            f,
            "an interrupted run was creating `{address}` ({kind}), and it cannot be told which of these it made: "
        )?;
        write!(f, "{}", ids.join(", "))
    }
}

impl Engine {
    /// Looks for what every create without a result may have made, all at once. What is
    /// found is ours from now on; what is not stays pending, and is created again with the
    /// same token if the next plan asks for the same, or else is given up.
    ///
    /// Updates and deletes need no search: their resource is in the state, and both can
    /// be repeated.
    ///
    /// # Errors
    /// When AWS cannot be asked, the journal cannot be written, or it cannot be told what was made.
    pub async fn recover(&self, journal: &Journal) -> Result<(), EngineError> {
        self.recover_those(journal, |_| true).await
    }

    /// The same for what was to be at `address` alone.
    pub(crate) async fn recover_at(&self, journal: &Journal, address: &Address) -> Result<(), EngineError> {
        self.recover_those(journal, |found| found == address).await
    }

    async fn recover_those(&self, journal: &Journal, is_meant: impl Fn(&Address) -> bool) -> Result<(), EngineError> {
        let state = journal.state();
        let searches = state.resources.iter().filter(|(address, _)| is_meant(address)).filter_map(|(address, it)| {
            let pending = it.interrupted_create()?;
            Some(self.recover_create(journal, &state.stack, address, it, pending))
        });
        let undecided: Vec<Undecided> = try_join_all(searches).await?.into_iter().flatten().collect();
        if undecided.is_empty() { Ok(()) } else { Err(EngineError::Undecided(undecided)) }
    }

    async fn recover_create(
        &self,
        journal: &Journal,
        stack: &str,
        address: &Address,
        resource: &Resource,
        pending: &Pending,
    ) -> Result<Option<Undecided>, EngineError> {
        let intent = Intent {
            stack: stack.to_owned(),
            address: address.clone(),
            generation: pending.generation,
            token: pending.token.clone(),
        };
        let caller = self.caller(&resource.kind, &resource.place).await?;
        let is_free = |id: &Id| journal.with(|state| state.owner(&resource.kind, &resource.place, id).is_none());
        let found = self.search(&caller, &pending.request, &intent, is_free).await;
        let found = found.map_err(|error| EngineError::Read { addresses: vec![address.clone()], error })?;
        let found = match found {
            Search::Nothing => None,
            Search::Found(id) => Some(id),
            Search::Undecided(undecided) => return Ok(Some(undecided)),
        };
        self.observer.see(&Event::Recovered { address, found: found.is_some() });
        if let Some(id) = found {
            let created = Record::Created { address: address.clone(), generation: pending.generation, id };
            journal.record(created).await?;
        }
        Ok(None)
    }

    /// Looks for what a create without an answer may have made, until the grace period is over:
    /// neither a list nor a name shows at once what was made a moment ago (law 5). Only a token
    /// is known from the first. What is not free, because the state owns it, was made by another
    /// create.
    pub(crate) async fn search(
        &self,
        caller: &Caller,
        spec: &Json,
        intent: &Intent,
        is_free: impl Fn(&Id) -> bool,
    ) -> Result<Search, CloudError> {
        let recovery = caller.schema().description.recovery;
        let may_be_unseen = recovery != Recovery::Token;
        let mut pauses = Pauses::new(self.patience, self.patience.grace);
        loop {
            let mut found = match caller.recover(spec, intent).await {
                Err(error) if recovery == Recovery::Token && is_refusal(&error) => return Ok(Search::Nothing),
                answer => answer?,
            };
            found.retain(|id| is_free(id));
            if !found.is_empty() || !may_be_unseen || !pauses.pause().await {
                return Ok(Search::of(found, caller.schema(), intent));
            }
        }
    }
}

/// What was found of a create without an answer.
pub(crate) enum Search {
    /// It made nothing.
    Nothing,
    /// It made this.
    Found(Id),
    /// It made one of several.
    Undecided(Undecided),
}

impl Search {
    fn of(mut found: Vec<Id>, schema: &KindSchema, intent: &Intent) -> Self {
        found.sort();
        found.dedup();
        match <[Id; 1]>::try_from(found) {
            Ok([id]) => Self::Found(id),
            Err(none) if none.is_empty() => Self::Nothing,
            Err(candidates) => {
                let (address, kind) = (intent.address.clone(), schema.name().to_owned());
                Self::Undecided(Undecided { address, kind, candidates })
            }
        }
    }
}

/// Whether AWS judged the request anew: then it knows no earlier one with the same token.
fn is_refusal(error: &CloudError) -> bool {
    use Cause::{Dependency, Eventual, Exists, Invalid, Limit, NotFound};
    matches!(error.cause, NotFound | Exists | Dependency | Eventual | Limit | Invalid)
}
