//! Reads that several ask for at the same time, asked as one: twenty NAT gateways that are
//! waited for are one Describe.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use provision_core::driver::{CloudError, Driver, Id, Identity, Intent, Live, Place, Provider, Update, Wanted};
use provision_core::schema::KindSchema;
use serde_json::{Map, Value as Json};
use tokio::sync::oneshot;

/// A provider whose kinds that read many resources in one call do so for all who ask meanwhile.
///
/// # Guarantees
/// - What is answered was asked of the cloud after it was asked for here.
/// - While one read is under way, whoever comes waits for the next: nobody waits longer than
///   for two.
/// - One that goes away while it asks for the others, too, costs them another read and nothing else.
pub struct SharedReads {
    inner: Arc<dyn Provider>,
    drivers: Mutex<HashMap<(String, Place), Arc<dyn Driver>>>,
}

impl SharedReads {
    /// The same provider, with reads shared.
    pub fn over(inner: Arc<dyn Provider>) -> Self {
        Self { inner, drivers: Mutex::default() }
    }

    fn drivers(&self) -> MutexGuard<'_, HashMap<(String, Place), Arc<dyn Driver>>> {
        self.drivers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Provider for SharedReads {
    async fn driver(&self, kind: &str, place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        let key = (kind.to_owned(), place.clone());
        if let Some(known) = self.drivers().get(&key) {
            return Ok(Some(known.clone()));
        }
        let Some(driver) = self.inner.driver(kind, place).await? else { return Ok(None) };
        if driver.schema().description.batch.is_none() {
            return Ok(Some(driver));
        }
        let shared = || -> Arc<dyn Driver> { Arc::new(SharedDriver::new(driver)) };
        Ok(Some(self.drivers().entry(key).or_insert_with(shared).clone()))
    }

    async fn identity(&self, place: &Place) -> Result<Identity, CloudError> {
        self.inner.identity(place).await
    }

    async fn zones(&self, place: &Place) -> Result<Vec<String>, CloudError> {
        self.inner.zones(place).await
    }

    async fn secret_value(&self, arn: &str, place: &Place) -> Result<String, CloudError> {
        self.inner.secret_value(arn, place).await
    }
}

type Answer = Result<Vec<Option<Live>>, CloudError>;

/// Somebody who waits for an answer.
struct Request {
    wanted: Vec<Wanted>,
    answer: oneshot::Sender<Answer>,
}

struct SharedDriver {
    inner: Arc<dyn Driver>,
    waiting: Mutex<Vec<Request>>,
    /// Held by the one who asks.
    turn: tokio::sync::Mutex<()>,
}

impl SharedDriver {
    fn new(inner: Arc<dyn Driver>) -> Self {
        Self { inner, waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Request>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for all who wait.
    async fn serve(&self) {
        let requests = mem::take(&mut *self.waiting());
        let all: Vec<Wanted> = requests.iter().flat_map(|request| request.wanted.iter().cloned()).collect();
        match self.inner.read(&all).await {
            Ok(found) => hand_out(requests, found),
            Err(error) if requests.len() == 1 || error.is_retryable() => {
                requests.into_iter().for_each(|request| drop(request.answer.send(Err(error.clone()))));
            }
            // Whose fault it is shows when each asks for itself.
            Err(_) => {
                for Request { wanted, answer } in requests {
                    let _ = answer.send(self.inner.read(&wanted).await);
                }
            }
        }
    }
}

/// Gives each what it asked for. Who no longer waits gets nothing.
fn hand_out(requests: Vec<Request>, found: Vec<Option<Live>>) {
    let mut found = found.into_iter();
    for Request { wanted, answer } in requests {
        let _ = answer.send(Ok(found.by_ref().take(wanted.len()).collect()));
    }
}

#[async_trait]
impl Driver for SharedDriver {
    fn schema(&self) -> &KindSchema {
        self.inner.schema()
    }

    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id, CloudError> {
        self.inner.create(spec, intent).await
    }

    async fn read(&self, wanted: &[Wanted]) -> Answer {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.waiting().push(Request { wanted: wanted.to_vec(), answer });
            // Lets the others of the same wave join.
            tokio::task::yield_now().await;
            let answer = tokio::select! {
                biased;
                answer = &mut answered => answer.ok(),
                turn = self.turn.lock() => {
                    if answered.is_empty() {
                        self.serve().await;
                    }
                    drop(turn);
                    answered.try_recv().ok()
                }
            };
            // Without one, who asked for us has gone away.
            if let Some(answer) = answer {
                return answer;
            }
        }
    }

    async fn update(&self, spec: &Json, update: &Update) -> Result<(), CloudError> {
        self.inner.update(spec, update).await
    }

    async fn delete(&self, id: &Id, applied: &Json) -> Result<(), CloudError> {
        self.inner.delete(id, applied).await
    }

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Option<Id>, CloudError> {
        self.inner.recover(spec, intent).await
    }

    async fn find(&self, by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.inner.find(by).await
    }
}
