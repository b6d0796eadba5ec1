//! Reads that several ask for at the same time, asked as one: twenty NAT gateways that are
//! waited for are one Describe.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use provision_core::driver::{CloudError, Id, Live, Wanted};
use tokio::sync::oneshot;

use super::{Caller, Permit};

type Answer = Result<Vec<Option<Live>>, CloudError>;

/// Who waits for the next read of a kind that reads many in one call.
#[derive(Default)]
pub(super) struct Reads {
    waiting: Mutex<Vec<Request>>,
    /// Held by the one who asks.
    turn: tokio::sync::Mutex<()>,
}

/// Somebody who waits for an answer.
struct Request {
    wanted: Vec<Wanted>,
    urgency: Duration,
    answer: oneshot::Sender<Answer>,
}

impl Reads {
    fn waiting(&self) -> MutexGuard<'_, Vec<Request>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn urgency(&self) -> Duration {
        self.waiting().iter().map(|request| request.urgency).max().unwrap_or_default()
    }

    /// Takes out all who can be served by one read: nobody who went away, and nothing twice.
    fn take(&self) -> Vec<Request> {
        let (mut ids, mut later, mut now) = (HashSet::<Id>::new(), Vec::new(), Vec::new());
        let mut waiting = self.waiting();
        for request in mem::take(&mut *waiting).into_iter().filter(|request| !request.answer.is_closed()) {
            if request.wanted.iter().any(|wanted| ids.contains(&wanted.id)) {
                later.push(request);
            } else {
                ids.extend(request.wanted.iter().map(|wanted| wanted.id.clone()));
                now.push(request);
            }
        }
        *waiting = later;
        now
    }
}

impl Caller {
    /// Reads what is wanted, in that order; `None` for what is not there.
    ///
    /// # Guarantees
    /// - What is answered was asked of the cloud after it was asked for here.
    /// - While one read of the kind is under way, whoever comes shares the next. So does
    ///   whoever comes while it waits for its turn at the gate.
    /// - One that goes away while it asks for the others, too, costs them another read and
    ///   nothing else.
    pub(crate) async fn read(&self, wanted: &[Wanted], urgency: Duration) -> Answer {
        match self.schema().description.batch {
            Some(_) => self.read_with_others(wanted, urgency).await,
            None => self.read_parts(wanted, urgency, None).await,
        }
    }

    async fn read_with_others(&self, wanted: &[Wanted], urgency: Duration) -> Answer {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.reads.waiting().push(Request { wanted: wanted.to_vec(), urgency, answer });
            // Lets the others of the same wave join.
            tokio::task::yield_now().await;
            let answer = tokio::select! {
                biased;
                answer = &mut answered => answer.ok(),
                turn = self.reads.turn.lock() => {
                    if answered.is_empty() {
                        self.serve().await;
                    }
                    drop(turn);
                    answered.try_recv().ok()
                }
            };
            // Without one, who asked for us has gone away, or something is wanted twice.
            if let Some(answer) = answer {
                return answer;
            }
        }
    }

    /// Asks for all who wait.
    async fn serve(&self) {
        let urgency = self.reads.urgency();
        let permit = self.gate.pass(self.lanes.read, urgency).await;
        let requests = self.reads.take();
        let all: Vec<Wanted> = requests.iter().flat_map(|request| request.wanted.iter().cloned()).collect();
        match self.read_parts(&all, urgency, Some(permit)).await {
            Ok(found) => hand_out(requests, found),
            Err(error) if requests.len() == 1 || error.is_retryable() => {
                requests.into_iter().for_each(|request| drop(request.answer.send(Err(error.clone()))));
            }
            // Whose fault it is shows when each asks for itself.
            Err(_) => {
                for Request { wanted, urgency, answer } in requests {
                    let _ = answer.send(self.read_parts(&wanted, urgency, None).await);
                }
            }
        }
    }

    /// Reads with as many calls side by side as the kind needs, the first of them with `permit`.
    async fn read_parts(&self, wanted: &[Wanted], urgency: Duration, permit: Option<Permit>) -> Answer {
        let size = self.schema().description.batch.map_or(1, |batch| batch.max(1) as usize);
        let permits = std::iter::once(permit).chain(std::iter::repeat_with(|| None));
        let parts = wanted.chunks(size).zip(permits);
        let reads = parts.map(|(part, permit)| self.asking(urgency, permit, move || self.driver.read(part)));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }
}

/// Gives each what it asked for. Who no longer waits gets nothing.
fn hand_out(requests: Vec<Request>, found: Vec<Option<Live>>) {
    let mut found = found.into_iter();
    for Request { wanted, answer, .. } in requests {
        let _ = answer.send(Ok(found.by_ref().take(wanted.len()).collect()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;
    use futures::future::join_all;
    use provision_core::driver::{Cause, Driver, Intent, Phase, Recovery, Update};
    use provision_core::rate::Rates;
    use provision_core::schema::{KindDescription, KindSchema, Timing};
    use serde_json::{Map, Value as Json, json};
    use tokio::task::JoinHandle;

    use super::super::{Calls, Lanes};
    use super::*;
    use crate::budget::Budget;
    use crate::pace::{self, Patience};

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
        caller: Arc<Caller>,
        reads: Arc<AtomicU64>,
        truth: Arc<AtomicU64>,
    }

    fn scene() -> Scene {
        scene_of(Some(100), 1000)
    }

    fn scene_of(batch: Option<u32>, permits: usize) -> Scene {
        let description = KindDescription {
            name: "test/thing".to_owned(),
            doc: String::new(),
            recovery: Recovery::Tag,
            early: Vec::new(),
            timing: Timing::INSTANT,
            global: false,
            create_before_destroy: false,
            batch,
            rates: Rates::UNPUBLISHED,
            eventual: Vec::new(),
            properties: json!({ "type": "object", "properties": {} }),
            outputs: json!({ "type": "object", "properties": {} }),
        };
        let (reads, truth) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let schema = KindSchema::compile(description, |_| Vec::new()).unwrap();
        let driver = Arc::new(FakeDriver { schema, reads: reads.clone(), truth: truth.clone() });
        let (gate, patience) = (Calls::at_most(permits).gate, Patience::default());
        let lanes = Lanes::new(&gate, Rates::UNPUBLISHED, patience);
        let caller = Caller { driver, gate, lanes, reads: Reads::default(), budget: Budget::default(), patience };
        Scene { caller: Arc::new(caller), reads, truth }
    }

    fn wanted(id: &str) -> Wanted {
        Wanted::foreign(id.into())
    }

    impl Scene {
        fn ask(&self, id: &str) -> JoinHandle<Result<(String, u64), CloudError>> {
            let (caller, wanted) = (self.caller.clone(), wanted(id));
            tokio::spawn(async move {
                let live = caller.read(&[wanted], Duration::ZERO).await?.pop().flatten().unwrap();
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
        let late = join_all((0..5).map(|number| scene.ask(&format!("b{number}")))).await;
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

    #[tokio::test(start_paused = true)]
    async fn what_two_want_at_once_both_get() {
        let scene = scene();
        let both = join_all([scene.ask("a"), scene.ask("a"), scene.ask("b")]).await;
        let ids: Vec<String> = both.into_iter().map(|answer| answer.unwrap().unwrap().0).collect();
        assert_eq!((ids, scene.reads()), (vec!["a".to_owned(), "a".to_owned(), "b".to_owned()], 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_read_is_made_in_parts_side_by_side() {
        for (batch, parts) in [(Some(100), 3), (None, 250)] {
            let scene = scene_of(batch, 1000);
            let all: Vec<Wanted> = (0..250).map(|number| wanted(&format!("id-{number}"))).collect();
            let began = tokio::time::Instant::now();
            let live = scene.caller.read(&all, Duration::ZERO).await.unwrap();
            let ids = live.into_iter().map(|live| Id::from(live.unwrap().spec.as_str().unwrap()));
            assert!(ids.eq(all.into_iter().map(|wanted| wanted.id)));
            assert_eq!((scene.reads(), began.elapsed().as_millis()), (parts, 50));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_while_the_read_waits_for_its_turn_joins_it() {
        let scene = scene_of(Some(100), 1);
        let other = scene.caller.gate.pass(scene.caller.lanes.create, Duration::ZERO).await;
        let first = scene.ask("a");
        pace::wait(Duration::from_millis(10)).await;
        let second = scene.ask("b");
        pace::wait(Duration::from_millis(10)).await;
        drop(other);
        assert!(first.await.unwrap().is_ok() && second.await.unwrap().is_ok());
        assert_eq!(scene.reads(), 1);
    }
}
