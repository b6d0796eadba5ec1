//! The driver of any kind on the simulated cloud.

use std::sync::Arc;

use async_trait::async_trait;
use provision_core::driver::{CloudError, Driver, Id, Intent, Live, Update, Wanted};
use provision_core::schema::KindSchema;
use serde_json::{Map, Value as Json};

use crate::cloud::Connection;
use crate::fault::Fault;
use crate::site::{Site, Worlds};
use crate::world::World;

/// A kind at one site as one process drives it.
pub(crate) struct SimDriver {
    pub(crate) connection: Connection,
    pub(crate) site: Site,
    pub(crate) schema: Arc<KindSchema>,
}

impl SimDriver {
    async fn call<T: Send + 'static>(
        &self,
        operation: &str,
        effect: impl Fn(&mut World, &KindSchema, Option<Fault>) -> Result<T, CloudError> + Send + 'static,
    ) -> Result<T, CloudError> {
        let (site, schema) = (self.site.clone(), Arc::clone(&self.schema));
        let effect = move |worlds: &mut Worlds, fault| effect(worlds.at(&site), &schema, fault);
        let recovery = self.schema.description.recovery;
        self.connection.call((self.schema.name(), operation), Some(recovery), effect).await
    }
}

#[async_trait]
impl Driver for SimDriver {
    fn schema(&self) -> &KindSchema {
        &self.schema
    }

    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id, CloudError> {
        let (spec, intent) = (spec.clone(), intent.clone());
        self.call("create", move |world, schema, fault| world.create(schema, &spec, &intent, fault)).await
    }

    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Live>>, CloudError> {
        let wanted = wanted.to_vec();
        self.call("read", move |world, schema, _| Ok(world.read(schema, &wanted))).await
    }

    async fn update(&self, spec: &Json, update: &Update) -> Result<(), CloudError> {
        let (spec, update) = (spec.clone(), update.clone());
        self.call("update", move |world, schema, fault| world.update(schema, &spec, &update, fault)).await
    }

    async fn delete(&self, id: &Id, _applied: &Json) -> Result<(), CloudError> {
        let id = id.clone();
        self.call("delete", move |world, schema, fault| world.delete(schema, &id, fault)).await
    }

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError> {
        let (spec, intent) = (spec.clone(), intent.clone());
        self.call("recover", move |world, schema, _| world.recover(schema, &spec, &intent)).await
    }

    async fn find(&self, _by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.call("find", |world, schema, _| Ok(world.all(schema))).await
    }
}
