//! Settling what an earlier run was about to create when it ended.

use futures::future::try_join_all;
use provision_core::address::Address;
use provision_core::driver::{Cause, CloudError, Driver, Id, Intent, Recovery};
use provision_core::state::{Operation, Pending, Record, Resource};
use serde_json::Value as Json;

use crate::journal::Journal;
use crate::pace::{self, Pauses};
use crate::{Engine, EngineError, Event};

impl Engine {
    /// Looks for what every create without a result may have made, all at once. What is
    /// found is ours from now on; what is not stays pending, and is created again with the
    /// same token if the next plan asks for the same, or else is given up.
    ///
    /// Updates and deletes need no search: their resource is in the state, and both can
    /// be repeated.
    ///
    /// # Errors
    /// When AWS cannot be asked, or the journal cannot be written.
    pub async fn recover(&self, journal: &Journal) -> Result<(), EngineError> {
        let state = journal.state();
        let searches = state.resources.iter().filter_map(|(address, resource)| {
            let pending = resource.pending.as_ref().filter(|it| it.operation == Operation::Create)?;
            Some(self.recover_create(journal, &state.stack, address, resource, pending))
        });
        try_join_all(searches).await.map(drop)
    }

    async fn recover_create(
        &self,
        journal: &Journal,
        stack: &str,
        address: &Address,
        resource: &Resource,
        pending: &Pending,
    ) -> Result<(), EngineError> {
        let intent = Intent {
            stack: stack.to_owned(),
            address: address.clone(),
            generation: pending.generation,
            token: pending.token.clone(),
        };
        let driver = self.driver(&resource.kind, &resource.place).await?;
        let found = self
            .search(&*driver, &pending.request, &intent)
            .await
            .map_err(|error| EngineError::Read { addresses: vec![address.clone()], error })?;
        self.observer.see(&Event::Recovered { address, found: found.is_some() });
        if let Some(id) = found {
            let created = Record::Created { address: address.clone(), generation: pending.generation, id };
            journal.record(created).await?;
        }
        Ok(())
    }

    /// Looks for what a create without an answer may have made, until the grace period is over:
    /// neither a list nor a name shows at once what was made a moment ago (law 5). Only a token
    /// is known from the first.
    pub(crate) async fn search(
        &self,
        driver: &dyn Driver,
        spec: &Json,
        intent: &Intent,
    ) -> Result<Option<Id>, CloudError> {
        let recovery = driver.schema().description.recovery;
        let may_be_unseen = recovery != Recovery::Token;
        let mut pauses = Pauses::new(self.patience, self.patience.grace);
        loop {
            match pace::reading(self.patience, || driver.recover(spec, intent)).await {
                Ok(None) if may_be_unseen && pauses.pause().await => {}
                Err(error) if recovery == Recovery::Token && is_refusal(&error) => return Ok(None),
                answer => return answer,
            }
        }
    }
}

/// Whether AWS judged the request anew: then it knows no earlier one with the same token.
fn is_refusal(error: &CloudError) -> bool {
    use Cause::{Dependency, Eventual, Exists, Invalid, Limit, NotFound};
    matches!(error.cause, NotFound | Exists | Dependency | Eventual | Limit | Invalid)
}
