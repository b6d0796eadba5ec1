//! The cloud as tests see it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use provision_core::address::Address;
use provision_core::driver::{Cause, CloudError, Driver, Id, Identity, Phase, Place, Provider};
use provision_core::schema::Schemas;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use crate::driver::SimDriver;
use crate::fault::Planned;
use crate::process::Process;
use crate::world::World;

/// A simulated cloud. Clones are the same cloud.
#[derive(Clone, Debug)]
pub struct SimCloud {
    world: Arc<Mutex<World>>,
}

/// One thing in the cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its kind.
    pub kind: String,
    /// Its physical name.
    pub id: String,
    /// Whose it is; `None` for what somebody else made.
    pub owner: Option<Address>,
    /// All its properties, those that are never read back among them.
    pub spec: Map<String, Json>,
    /// Whether it can be used.
    pub phase: Phase,
}

impl SimCloud {
    /// An empty cloud with these kinds.
    pub fn new(schemas: Arc<Schemas>) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(schemas))) }
    }

    /// The cloud as `process` reaches it.
    pub fn connect(&self, process: Arc<Process>) -> Arc<dyn Provider> {
        Arc::new(Connection { cloud: self.clone(), process })
    }

    /// Everything that is alive, by id.
    pub fn things(&self) -> Vec<View> {
        let (world, now) = (self.world(), Instant::now());
        let views = world.alive().map(|(id, thing)| View {
            kind: thing.kind.clone(),
            id: id.clone(),
            owner: thing.owner.clone(),
            spec: thing.spec.clone(),
            phase: thing.phase(now),
        });
        views.collect()
    }

    /// How often each operation was called so far.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.world().calls.clone()
    }

    /// Makes something that is nobody's business but somebody else's.
    ///
    /// # Errors
    /// When the kind does not exist or the cloud refuses the properties.
    pub fn plant(&self, kind: &str, spec: &Json) -> Result<Id, String> {
        let mut world = self.world();
        let schema = world.schemas.get(kind).cloned().ok_or_else(|| format!("there is no kind `{kind}`"))?;
        world.plant(&schema, spec).map_err(|error| error.to_string())
    }

    /// Changes a property behind the engine's back; `Null` takes it away.
    pub fn set(&self, id: &str, property: &str, value: Json) {
        if let Some(thing) = self.world().things.get_mut(id) {
            match value {
                Json::Null => thing.spec.remove(property),
                value => thing.spec.insert(property.to_owned(), value),
            };
        }
    }

    /// Takes a thing away behind the engine's back.
    pub fn vanish(&self, id: &str) {
        self.world().things.remove(id);
    }

    /// Lets something go wrong.
    pub fn plan_fault(&self, planned: Planned) {
        self.world().faults.plan(planned);
    }

    /// From now on each call fails in some way with the probability `rate`.
    pub fn fail_randomly(&self, seed: u64, rate: f64) {
        self.world().faults.randomly(seed, rate);
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        self.world().faults.none();
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cloud as one process reaches it.
struct Connection {
    cloud: SimCloud,
    process: Arc<Process>,
}

#[async_trait]
impl Provider for Connection {
    async fn driver(&self, kind: &str, _place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        let schema = self.cloud.world().schemas.get(kind).cloned();
        Ok(schema.map(|schema| -> Arc<dyn Driver> {
            Arc::new(SimDriver { cloud: self.cloud.clone(), process: self.process.clone(), schema })
        }))
    }

    async fn identity(&self, _place: &Place) -> Result<Identity, CloudError> {
        Ok(Identity {
            account_id: "123456789012".to_owned(),
            partition: "sim".to_owned(),
            arn: "arn:sim:iam::123456789012:user/test".to_owned(),
        })
    }

    async fn zones(&self, _place: &Place) -> Result<Vec<String>, CloudError> {
        Ok(vec!["sim-1a".to_owned(), "sim-1b".to_owned()])
    }

    async fn secret_value(&self, arn: &str, _place: &Place) -> Result<String, CloudError> {
        Err(CloudError::new(Cause::NotFound, "sim:SecretValue", format!("there is no secret {arn}")))
    }
}
