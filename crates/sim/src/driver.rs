//! The driver of any kind on the simulated cloud.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use provision_core::driver::{CloudError, Driver, Id, Intent, Live, Update, Wanted};
use provision_core::schema::KindSchema;
use serde_json::{Map, Value as Json};

use crate::cloud::SimCloud;
use crate::fault::Fault;
use crate::process::Process;
use crate::world::{World, answer_to};

/// How long a request takes to the cloud, and its answer back.
const ONE_WAY: Duration = Duration::from_millis(50);

#[expect(clippy::disallowed_methods, reason = "a simulated network takes simulated time")]
async fn travel() {
    tokio::time::sleep(ONE_WAY).await;
}

/// A kind as one process drives it.
pub(crate) struct SimDriver {
    pub(crate) cloud: SimCloud,
    pub(crate) process: Arc<Process>,
    pub(crate) schema: Arc<KindSchema>,
}

impl SimDriver {
    async fn call<T>(
        &self,
        operation: &str,
        effect: impl FnOnce(&mut World, Option<Fault>) -> Result<T, CloudError> + Send,
    ) -> Result<T, CloudError>
    where
        T: Send,
    {
        let name = format!("{}:{operation}", self.schema.name());
        let call = self.process.enter(&name).await;
        travel().await;
        let answer = self.arrive(operation, &name, effect);
        self.process.leave(call, &name).await;
        travel().await;
        answer
    }

    /// What happens when the request has reached the cloud.
    fn arrive<T>(
        &self,
        operation: &str,
        name: &str,
        effect: impl FnOnce(&mut World, Option<Fault>) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        let mut world = self.cloud.world();
        *world.calls.entry(name.to_owned()).or_default() += 1;
        let fault = world.faults.draw(self.schema.name(), operation);
        let told = fault.and_then(|fault| answer_to(fault, name));
        match (fault, told) {
            (Some(Fault::Lost | Fault::Half), Some(told)) => effect(&mut world, fault).and(Err(told)),
            (_, Some(told)) => Err(told),
            _ => effect(&mut world, fault),
        }
    }
}

#[async_trait]
impl Driver for SimDriver {
    fn schema(&self) -> &KindSchema {
        &self.schema
    }

    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id, CloudError> {
        self.call("create", |world, fault| world.create(&self.schema, spec, intent, fault)).await
    }

    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Live>>, CloudError> {
        self.call("read", |world, _| Ok(world.read(&self.schema, wanted))).await
    }

    async fn update(&self, spec: &Json, update: &Update) -> Result<(), CloudError> {
        self.call("update", |world, fault| world.update(&self.schema, spec, update, fault)).await
    }

    async fn delete(&self, id: &Id, _applied: &Json) -> Result<(), CloudError> {
        self.call("delete", |world, _| world.delete(&self.schema, id)).await
    }

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Option<Id>, CloudError> {
        self.call("recover", |world, _| world.recover(&self.schema, spec, intent)).await
    }

    async fn find(&self, _by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.call("find", |world, _| Ok(world.all(&self.schema))).await
    }
}
