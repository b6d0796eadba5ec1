//! The driver of any kind on the simulated cloud.

use std::sync::Arc;

use async_trait::async_trait;
use provision_core::driver::{CloudError, Driver, Id, Intent, Live, Update, Wanted};
use provision_core::schema::KindSchema;
use serde_json::{Map, Value as Json};

use crate::cloud::Connection;
use crate::fault::Fault;
use crate::site::Site;
use crate::world::World;

/// A kind at one site as one process drives it.
pub(crate) struct SimDriver {
    pub(crate) connection: Connection,
    pub(crate) site: Site,
    pub(crate) schema: Arc<KindSchema>,
}

impl SimDriver {
    async fn call<T: Send>(
        &self,
        operation: &str,
        effect: impl FnOnce(&mut World, Option<Fault>) -> Result<T, CloudError> + Send,
    ) -> Result<T, CloudError> {
        let effect = |worlds: &mut crate::site::Worlds, fault| effect(worlds.at(&self.site), fault);
        self.connection.call(self.schema.name(), operation, effect).await
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

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError> {
        self.call("recover", |world, _| world.recover(&self.schema, spec, intent)).await
    }

    async fn find(&self, _by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.call("find", |world, _| Ok(world.all(&self.schema))).await
    }
}
