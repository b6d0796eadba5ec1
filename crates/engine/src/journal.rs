//! The journal while an apply runs: records from many steps at once, made durable
//! in groups, and the state they add up to.

use provision_core::state::{Record, State};
use provision_core::store::{Lease, StoreError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::tenure::Tenure;

/// A handle on the journal. Clones write to the same one.
///
/// # Guarantees
/// - A record is durable when [`record`](Journal::record) returns, and is in
///   [`state`](Journal::state) then, not before it is durable.
/// - Records that arrive while an append is under way go out together in the next.
/// - Once an append has failed every later record fails with the same error, so
///   nothing can be dispatched that the journal does not know of.
/// - A record is written even if whoever asked no longer waits for it.
/// - The lease is renewed meanwhile. Once it is lost the journal is broken, at once.
#[derive(Clone)]
pub struct Journal {
    queue: mpsc::UnboundedSender<Request>,
    state: watch::Receiver<State>,
    broken: watch::Receiver<Option<StoreError>>,
    over: watch::Receiver<Option<Instant>>,
}

#[expect(clippy::large_enum_variant, reason = "all but the last request is a record")]
enum Request {
    Record(Record, oneshot::Sender<Result<(), StoreError>>),
    Close(oneshot::Sender<Writer>),
}

/// The one task that appends.
struct Writer {
    tenure: Tenure,
    state: watch::Sender<State>,
    broken: watch::Sender<Option<StoreError>>,
}

impl Journal {
    /// Begins an apply on `state`, which was loaded under `lease`: saves it, with what
    /// an interrupted apply left in the journal, so that the journal starts anew and
    /// every plan made before is stale from now on.
    pub async fn start(lease: Box<dyn Lease>, state: State) -> Result<Self, StoreError> {
        let tenure = Tenure::begin(lease).await?;
        let state = tenure.save(state).await?;
        let (state, seen) = watch::channel(state);
        let ((breaks, broken), over) = (watch::channel(None), tenure.over());
        let (queue, requests) = mpsc::unbounded_channel();
        tokio::spawn(Writer { tenure, state, broken: breaks }.run(requests));
        Ok(Self { queue, state: seen, broken, over })
    }

    /// Makes `record` durable, then takes it into the state.
    pub async fn record(&self, record: Record) -> Result<(), StoreError> {
        self.ask(|answer| Request::Record(record, answer)).await?
    }

    /// Makes all of `records` durable in their order, in as few writes as may be.
    pub async fn record_all(&self, records: impl IntoIterator<Item = Record>) -> Result<(), StoreError> {
        let answers = records.into_iter().map(|record| self.send(|answer| Request::Record(record, answer)));
        let answers = answers.collect::<Result<Vec<_>, _>>()?;
        for answer in answers {
            answer.await.map_err(|_| closed())??;
        }
        Ok(())
    }

    /// The state as far as it is durable.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// What `look` sees of the state as far as it is durable.
    pub fn with<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.borrow())
    }

    /// Whether the lease was lost: nothing may be begun any more. The clock is asked too, for a
    /// process that stood still has not been told yet.
    pub fn is_lost(&self) -> bool {
        let is_over = self.over.borrow().is_some_and(|over| Instant::now() >= over);
        is_over || matches!(*self.broken.borrow(), Some(StoreError::LeaseLost { .. }))
    }

    /// Waits until the journal is broken; for ever if it is closed before.
    pub(crate) async fn breaks(&self) {
        let mut broken = self.broken.clone();
        if broken.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Ends the apply: waits for the records on their way, makes the last changes, such
    /// as the outputs, saves the snapshot and frees the lock. If the journal is broken
    /// it saves nothing, for the stored one may hold more than is known here.
    pub async fn close(self, last_changes: impl FnOnce(&mut State)) -> Result<State, StoreError> {
        let Writer { tenure, state, broken } = self.ask(Request::Close).await?;
        let broken = broken.borrow().clone();
        let saved = match broken {
            Some(error) => Err(error),
            None => save(&tenure, state.borrow().clone(), last_changes).await,
        };
        let released = tenure.release().await;
        let state = saved?;
        released.map(|()| state)
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, StoreError> {
        self.send(request)?.await.map_err(|_| closed())
    }

    fn send<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<oneshot::Receiver<T>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(request(answer)).map_err(|_| closed())?;
        Ok(answered)
    }
}

async fn save(tenure: &Tenure, mut state: State, last_changes: impl FnOnce(&mut State)) -> Result<State, StoreError> {
    last_changes(&mut state);
    let state = tenure.save(state).await?;
    tracing::debug!(serial = state.serial, "saved the state");
    Ok(state)
}

fn closed() -> StoreError {
    StoreError::Io { what: "write to the journal".to_owned(), message: "it is closed".to_owned() }
}

impl Writer {
    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        loop {
            let next = tokio::select! {
                biased;
                () = self.tenure.due(), if !self.is_broken() => {
                    let renewed = self.tenure.renew().await;
                    self.note(renewed.err());
                    continue;
                }
                next = requests.recv() => next,
            };
            let Some(first) = next else { return };
            if let Some(Request::Close(answer)) = self.serve(first, &mut requests).await {
                // Nobody there to take it: the lock is freed as it drops.
                drop(answer.send(self));
                return;
            }
        }
    }

    /// Makes durable what is in the queue; gives back what is no record.
    async fn serve(&mut self, first: Request, requests: &mut mpsc::UnboundedReceiver<Request>) -> Option<Request> {
        // Lets the other steps of the same wave hand in their records.
        tokio::task::yield_now().await;
        let (mut records, mut waiting) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(Request::Record(record, answer)) = next {
            records.push(record);
            waiting.push(answer);
            next = requests.try_recv().ok();
        }
        let outcome = self.commit(&records).await;
        waiting.into_iter().for_each(|answer| drop(answer.send(outcome.clone())));
        next
    }

    async fn commit(&mut self, records: &[Record]) -> Result<(), StoreError> {
        if let Some(error) = &*self.broken.borrow() {
            return Err(error.clone());
        }
        if records.is_empty() {
            return Ok(());
        }
        tracing::debug!(records = records.len(), "writing to the journal");
        if let Err(error) = self.tenure.append(records).await {
            self.note(Some(error.clone()));
            return Err(error);
        }
        self.state.send_modify(|state| records.iter().for_each(|record| state.apply(record)));
        Ok(())
    }

    fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Breaks the journal where there is an error.
    fn note(&self, error: Option<StoreError>) {
        if let Some(reason) = &error {
            tracing::warn!(%reason, "the journal is broken");
            self.broken.send_replace(error);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use futures::future::join_all;
    use provision_core::address::Address;
    use provision_core::state::{Operation, Pending, Salt};
    use provision_core::store::Replacement;
    use tokio::sync::Semaphore;

    use super::*;

    /// What a lease was asked for.
    #[derive(Default)]
    struct Calls {
        appends: AtomicUsize,
        records: AtomicUsize,
        saves: AtomicUsize,
        freed: AtomicUsize,
    }

    struct FakeLease {
        calls: Arc<Calls>,
        /// Each append takes one permit.
        permits: Arc<Semaphore>,
        /// The appends that go well.
        good: usize,
    }

    impl Drop for FakeLease {
        fn drop(&mut self) {
            self.calls.freed.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn broken() -> StoreError {
        StoreError::Io { what: "append".to_owned(), message: "the disk is gone".to_owned() }
    }

    #[async_trait]
    impl Lease for FakeLease {
        async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
            self.permits.acquire().await.unwrap().forget();
            if self.calls.appends.fetch_add(1, Ordering::SeqCst) >= self.good {
                return Err(broken());
            }
            self.calls.records.fetch_add(records.len(), Ordering::SeqCst);
            Ok(())
        }

        async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError> {
            let serial = self.calls.saves.fetch_add(1, Ordering::SeqCst);
            assert!(matches!(replacement, Replacement::Next(state) if state.serial == serial as u64));
            Ok(serial as u64 + 1)
        }

        async fn release(self: Box<Self>) -> Result<(), StoreError> {
            Ok(())
        }
    }

    struct Scene {
        journal: Journal,
        calls: Arc<Calls>,
        permits: Arc<Semaphore>,
    }

    async fn scene(permits: usize, good: usize) -> Scene {
        let (calls, permits) = (Arc::new(Calls::default()), Arc::new(Semaphore::new(permits)));
        let lease = Box::new(FakeLease { calls: Arc::clone(&calls), permits: Arc::clone(&permits), good });
        let state = State::new("shop", "0f", Salt::new("5a"));
        Scene { journal: Journal::start(lease, state).await.unwrap(), calls, permits }
    }

    fn intent(number: u64) -> Record {
        Record::Intent {
            address: Address::root(format!("r{number}")),
            kind: "ec2/vpc".to_owned(),
            place: Default::default(),
            dependencies: [].into(),
            lifecycle: Default::default(),
            pending: Pending {
                operation: Operation::Create,
                generation: number,
                token: String::new(),
                request: Default::default(),
            },
        }
    }

    async fn record_many(journal: &Journal, numbers: std::ops::Range<u64>) -> Vec<Result<(), StoreError>> {
        let each = numbers.map(|number| {
            let journal = journal.clone();
            tokio::spawn(async move { journal.record(intent(number)).await })
        });
        join_all(each.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_wave_of_records_is_one_append() {
        let Scene { journal, calls, .. } = scene(1000, 1000).await;
        assert!(record_many(&journal, 0..100).await.iter().all(Result::is_ok));
        assert_eq!((calls.appends.load(Ordering::SeqCst), calls.records.load(Ordering::SeqCst)), (1, 100));
    }

    #[tokio::test]
    async fn what_comes_during_an_append_goes_out_in_the_next() {
        let Scene { journal, calls, permits } = scene(0, 1000).await;
        let first = tokio::spawn({
            let journal = journal.clone();
            async move { journal.record(intent(1000)).await }
        });
        crate::pace::wait(Duration::from_millis(20)).await;
        let (rest, ()) = tokio::join!(record_many(&journal, 0..50), async {
            crate::pace::wait(Duration::from_millis(20)).await;
            assert!(journal.state().resources.is_empty(), "in the state before it was durable");
            permits.add_permits(2);
        });
        assert!(rest.iter().all(Result::is_ok) && first.await.unwrap().is_ok());
        assert_eq!(calls.appends.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_reported_durable_is_in_the_state() {
        let Scene { journal, .. } = scene(1000, 1000).await;
        for wave in 0..20 {
            record_many(&journal, wave * 10..wave * 10 + 10).await;
            assert_eq!(journal.state().resources.len() as u64, wave * 10 + 10);
        }
    }

    #[tokio::test]
    async fn a_broken_journal_takes_nothing_more_and_saves_nothing() {
        let Scene { journal, calls, .. } = scene(1000, 1).await;
        assert_eq!(journal.record(intent(1)).await, Ok(()));
        assert_eq!(journal.record(intent(2)).await, Err(broken()));
        assert_eq!(record_many(&journal, 3..6).await, vec![Err(broken()); 3]);
        assert_eq!((journal.state().resources.len(), calls.appends.load(Ordering::SeqCst)), (1, 2));
        assert_eq!(journal.close(|_| ()).await, Err(broken()));
        assert_eq!((calls.saves.load(Ordering::SeqCst), calls.freed.load(Ordering::SeqCst)), (1, 1));
    }

    #[tokio::test]
    async fn closing_waits_for_records_saves_and_frees_the_lock() {
        let Scene { journal, calls, permits } = scene(0, 1000).await;
        let (other, asked) = (journal.clone(), journal.clone());
        let record = tokio::spawn(async move { asked.record(intent(1)).await });
        crate::pace::wait(Duration::from_millis(20)).await;
        permits.add_permits(1);
        let closed = journal.close(|state| drop(state.outputs.insert("url".to_owned(), "x".into()))).await.unwrap();
        assert_eq!((closed.serial, closed.resources.len(), closed.outputs.len()), (2, 1, 1));
        assert_eq!(record.await.unwrap(), Ok(()));
        assert_eq!((calls.saves.load(Ordering::SeqCst), calls.freed.load(Ordering::SeqCst)), (2, 1));
        assert!(other.record(intent(2)).await.is_err_and(|error| error.to_string().contains("closed")));
    }

    #[tokio::test]
    async fn a_journal_nobody_holds_any_more_frees_the_lock() {
        let Scene { journal, calls, .. } = scene(0, 1000).await;
        drop(journal);
        tokio::time::timeout(Duration::from_secs(5), async {
            while calls.freed.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
}
