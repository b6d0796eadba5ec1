//! The cloud as tests see it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use provision_core::address::Address;
use provision_core::driver::{Cause, CloudError, Driver, Id, Identity, Phase, Place, Provider, Recovery};
use provision_core::schema::Schemas;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use crate::driver::SimDriver;
use crate::fault::{Fault, Planned};
use crate::network::{Network, ONE_WAY, travel};
use crate::process::{Moment, Process};
use crate::site::{Site, Worlds};
use crate::thing::Thing;
use crate::world::answer_to;

/// A simulated cloud. Clones are the same cloud.
#[derive(Clone, Debug)]
pub struct SimCloud {
    worlds: Arc<Mutex<Worlds>>,
    network: Network,
}

/// One thing in the cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its kind.
    pub kind: String,
    /// Where it is.
    pub site: Site,
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
        Self { worlds: Arc::new(Mutex::new(Worlds::new(schemas))), network: Network::default() }
    }

    /// The cloud as `process` reaches it.
    pub fn connect(&self, process: Arc<Process>) -> Arc<dyn Provider> {
        Arc::new(Connection { cloud: self.clone(), process })
    }

    /// Everything that is alive, by site and id.
    pub fn things(&self) -> Vec<View> {
        let (worlds, now) = (self.worlds(), Instant::now());
        let alive = worlds.worlds.iter().flat_map(|(site, world)| world.alive().map(move |it| (site, it)));
        let views = alive.map(|(site, (id, thing))| View {
            kind: thing.kind.clone(),
            site: site.clone(),
            id: id.clone(),
            owner: thing.owner.clone(),
            spec: thing.spec.clone(),
            phase: thing.phase(now),
        });
        views.collect()
    }

    /// How often each operation was called so far.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.worlds().calls.clone()
    }

    /// Makes something that is nobody's business but somebody else's.
    ///
    /// # Errors
    /// When the kind does not exist or the cloud refuses the properties.
    pub fn plant(&self, site: &Site, kind: &str, spec: &Json) -> Result<Id, String> {
        let mut worlds = self.worlds();
        let schema = worlds.schemas.get(kind).cloned().ok_or_else(|| format!("there is no kind `{kind}`"))?;
        worlds.at(site).plant(&schema, spec).map_err(|error| error.to_string())
    }

    /// Keeps a secret under `arn`.
    pub fn plant_secret(&self, arn: &str, value: &str) {
        self.worlds().secrets.insert(arn.to_owned(), value.to_owned());
    }

    /// From now on nobody may assume the role with this ARN.
    pub fn revoke(&self, role_arn: &str) {
        self.worlds().revoked.insert(role_arn.to_owned());
    }

    /// Lets a thing fail for good.
    pub fn break_down(&self, site: &Site, id: &Id) {
        self.change(site, id.as_str(), |thing| thing.fails = true);
    }

    /// Changes a property behind the engine's back; `Null` takes it away.
    pub fn set(&self, site: &Site, id: &str, property: &str, value: Json) {
        self.change(site, id, |thing| match value {
            Json::Null => drop(thing.spec.remove(property)),
            value => drop(thing.spec.insert(property.to_owned(), value)),
        });
    }

    fn change(&self, site: &Site, id: &str, change: impl FnOnce(&mut Thing)) {
        self.worlds().at(site).change(id, |thing| {
            if let Some(thing) = thing {
                change(thing);
            }
        });
    }

    /// Takes a thing away behind the engine's back.
    pub fn vanish(&self, site: &Site, id: &str) {
        self.worlds().at(site).change(id, |thing| *thing = None);
    }

    /// Lets something go wrong.
    pub fn plan_fault(&self, planned: Planned) {
        self.worlds().faults.plan(planned);
    }

    /// From now on each call fails in some way with the probability `rate`.
    pub fn fail_randomly(&self, seed: u64, rate: f64) {
        self.worlds().faults.randomly(seed, rate);
    }

    /// From now on nothing goes wrong; what went wrong stays counted.
    pub fn heal(&self) {
        self.worlds().faults.none();
    }

    /// How often something went wrong so far, by fault.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.worlds().faults.struck.clone()
    }

    /// Lets all requests arrive that are under way.
    pub fn flush(&self) {
        self.network.flush();
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn worlds(&self) -> MutexGuard<'_, Worlds> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cloud as one process reaches it.
#[derive(Clone)]
pub(crate) struct Connection {
    cloud: SimCloud,
    process: Arc<Process>,
}

/// The operation of a service that is called, and what goes wrong with it.
struct Request {
    name: String,
    fault: Option<Fault>,
}

impl Connection {
    /// Calls `operation` of `service`, whose things are found again by `recovery` and which has
    /// this `effect`.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        (service, operation): (&str, &str),
        recovery: Option<Recovery>,
        effect: impl Fn(&mut Worlds, Option<Fault>) -> Result<T, CloudError> + Send + 'static,
    ) -> Result<T, CloudError> {
        let name = format!("{service}:{operation}");
        let call = self.process.enter(&name).await;
        let fault = self.cloud.worlds().faults.draw(service, operation, recovery);
        let request = Request { name: name.clone(), fault };
        let (cloud, delay) = (self.cloud.clone(), ONE_WAY + fault.map_or(Duration::ZERO, Fault::delay));
        let answered = self.cloud.network.send(delay, move || request.arrive(&mut cloud.worlds(), effect));
        self.process.pass(call, Moment::During, &name).await;
        let answer = match fault.and_then(|fault| fault.gives_up(&name)) {
            Some(told) => {
                travel(ONE_WAY).await;
                Err(told)
            }
            None => answered.await.unwrap_or_else(|_| Err(CloudError::new(Cause::Unreachable, &*name, "it is gone"))),
        };
        self.process.pass(call, Moment::After, &name).await;
        travel(ONE_WAY).await;
        answer
    }
}

impl Request {
    /// What happens when the request has reached the cloud.
    fn arrive<T>(
        &self,
        worlds: &mut Worlds,
        effect: impl Fn(&mut Worlds, Option<Fault>) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        *worlds.calls.entry(self.name.clone()).or_default() += 1;
        let told = self.fault.and_then(|fault| answer_to(fault, &self.name));
        match (self.fault, told) {
            (Some(Fault::Lost | Fault::Half), Some(told)) => effect(worlds, self.fault).and(Err(told)),
            (Some(Fault::Twice), _) => {
                let _ = effect(worlds, None);
                effect(worlds, None)
            }
            (_, Some(told)) => Err(told),
            _ => effect(worlds, self.fault),
        }
    }
}

#[async_trait]
impl Provider for Connection {
    async fn driver(&self, kind: &str, place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        let worlds = self.cloud.worlds();
        worlds.admit(place)?;
        let schema = worlds.schemas.get(kind).cloned();
        Ok(schema.map(|schema| -> Arc<dyn Driver> {
            Arc::new(SimDriver { connection: self.clone(), site: Site::from(place), schema })
        }))
    }

    async fn identity(&self, place: &Place) -> Result<Identity, CloudError> {
        self.cloud.worlds().admit(place)?;
        let account_id = Site::from(place).account;
        let arn = format!("arn:sim:iam::{account_id}:user/test");
        Ok(Identity { account_id, partition: "sim".to_owned(), arn })
    }

    async fn zones(&self, place: &Place) -> Result<Vec<String>, CloudError> {
        let region = Site::from(place).region;
        Ok(["a", "b"].map(|letter| format!("{region}{letter}")).to_vec())
    }

    async fn secret_value(&self, arn: &str, _place: &Place) -> Result<String, CloudError> {
        let arn = arn.to_owned();
        self.call(("sim", "secret_value"), None, move |worlds, _| worlds.secret(&arn)).await
    }
}
