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

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError> {
        self.inner.recover(spec, intent).await
    }

    async fn find(&self, by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.inner.find(by).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use futures::future::join_all;
    use provision_core::driver::{Cause, Phase, Recovery};
    use provision_core::schema::{KindDescription, Timing};
    use serde_json::json;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::pace;

    /// Answers after a while with what was true when it was asked.
    struct FakeDriver {
        schema: KindSchema,
        reads: Arc<AtomicU64>,
        truth: Arc<AtomicU64>,
    }

    #[async_trait]
    impl Driver for FakeDriver {
        fn schema(&self) -> &KindSchema {
            &self.schema
        }

        async fn create(&self, _: &Json, _: &Intent) -> Result<Id, CloudError> {
            Ok(Id::from("a"))
        }

        async fn read(&self, wanted: &[Wanted]) -> Answer {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let truth = self.truth.load(Ordering::SeqCst);
            pace::wait(Duration::from_millis(50)).await;
            if wanted.iter().any(|it| it.id.as_str() == "bad") {
                return Err(CloudError::new(Cause::Invalid, "read", "malformed"));
            }
            let live = |it: &Wanted| Live { spec: json!(it.id), outputs: json!(truth), phase: Phase::Ready };
            Ok(wanted.iter().map(|it| Some(live(it))).collect())
        }

        async fn update(&self, _: &Json, _: &Update) -> Result<(), CloudError> {
            Ok(())
        }

        async fn delete(&self, _: &Id, _: &Json) -> Result<(), CloudError> {
            Ok(())
        }

        async fn recover(&self, _: &Json, _: &Intent) -> Result<Vec<Id>, CloudError> {
            Ok(Vec::new())
        }

        async fn find(&self, _: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
            Ok(Vec::new())
        }
    }

    struct Scene {
        shared: Arc<SharedDriver>,
        reads: Arc<AtomicU64>,
        truth: Arc<AtomicU64>,
    }

    fn scene() -> Scene {
        let description = KindDescription {
            name: "test/thing".to_owned(),
            doc: String::new(),
            recovery: Recovery::Tag,
            early: Vec::new(),
            timing: Timing::INSTANT,
            global: false,
            batch: Some(100),
            eventual: Vec::new(),
            properties: json!({ "type": "object", "properties": {} }),
            outputs: json!({ "type": "object", "properties": {} }),
        };
        let (reads, truth) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let schema = KindSchema::compile(description, |_| Vec::new()).unwrap();
        let fake = FakeDriver { schema, reads: reads.clone(), truth: truth.clone() };
        Scene { shared: Arc::new(SharedDriver::new(Arc::new(fake))), reads, truth }
    }

    impl Scene {
        fn ask(&self, id: &str) -> JoinHandle<Result<(String, u64), CloudError>> {
            let (shared, wanted) = (self.shared.clone(), Wanted { id: id.into(), applied: None, outputs: Json::Null });
            tokio::spawn(async move {
                let live = shared.read(&[wanted]).await?.pop().flatten().unwrap();
                Ok((live.spec.as_str().unwrap().to_owned(), live.outputs.as_u64().unwrap()))
            })
        }

        fn reads(&self) -> u64 {
            self.reads.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_at_once_share_a_read_and_get_their_own() {
        let scene = scene();
        let asked = join_all((0..20).map(|number| scene.ask(&format!("id-{number}")))).await;
        for (number, answer) in asked.into_iter().enumerate() {
            assert_eq!(answer.unwrap().unwrap().0, format!("id-{number}"));
        }
        assert_eq!(scene.reads(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gets_what_was_read_before_it_asked() {
        let scene = scene();
        let first = scene.ask("a");
        pace::wait(Duration::from_millis(10)).await;
        scene.truth.store(7, Ordering::SeqCst);
        let late = join_all((0..5).map(|_| scene.ask("b"))).await;
        assert!(late.into_iter().all(|answer| answer.unwrap().unwrap().1 == 7));
        assert_eq!((first.await.unwrap().unwrap().1, scene.reads()), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_goes_away_does_not_take_the_others_along() {
        let scene = scene();
        let (leader, follower) = (scene.ask("a"), scene.ask("b"));
        pace::wait(Duration::from_millis(10)).await;
        leader.abort();
        assert_eq!(follower.await.unwrap().unwrap().0, "b");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bad_id_spoils_nobody_else_s_read() {
        let scene = scene();
        let (bad, good) = (scene.ask("bad"), scene.ask("good"));
        assert_eq!(bad.await.unwrap().unwrap_err().cause, Cause::Invalid);
        assert_eq!(good.await.unwrap().unwrap().0, "good");
    }
}
