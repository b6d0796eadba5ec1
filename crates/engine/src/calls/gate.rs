//! When a call may go out: as often as AWS allows, so many at once, the most urgent first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use provision_core::driver::{Cause, CloudError};
use provision_core::rate::{Bucket, Rate};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::pace;

/// All that are waiting to call. Clones are the same gate.
///
/// # Guarantees
/// - No more permits are out than the gate was made for.
/// - An API's calls start no oftener than its rate allows, and slower once AWS throttled one.
/// - Among those whose API has a token, the most urgent goes first; of equals the one that came first.
/// - One that stops waiting costs nobody a token.
#[derive(Clone)]
pub(super) struct Gate(Arc<Inner>);

struct Inner {
    epoch: Instant,
    queues: Mutex<Queues>,
}

struct Queues {
    /// How many permits are left.
    free: usize,
    lanes: Vec<Lane>,
    /// How many ever asked.
    asked: u64,
}

/// Those who wait for one API.
#[derive(Default)]
struct Lane {
    /// `None` while nothing is known of what AWS allows.
    bucket: Option<Bucket>,
    habit: Habit,
    waiting: BinaryHeap<Waiter>,
    /// Whether somebody wakes the gate when the next token is there.
    is_timed: bool,
}

/// An API, by its place among the lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneId(usize);

struct Waiter {
    urgency: Duration,
    number: Reverse<u64>,
    permit: oneshot::Sender<Permit>,
}

impl Waiter {
    fn rank(&self) -> (Duration, Reverse<u64>) {
        (self.urgency, self.number)
    }
}

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Waiter {}

impl PartialOrd for Waiter {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiter {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// The right to make one call now.
pub(crate) struct Permit {
    gate: Gate,
    lane: LaneId,
    is_used: AtomicBool,
}

impl Permit {
    /// Notes that the call was made and what came of it.
    pub(super) fn noting<T>(&self, answer: Result<T, CloudError>) -> Result<T, CloudError> {
        self.is_used.store(true, Ordering::Relaxed);
        if answer.as_ref().is_err_and(|error| error.cause == Cause::Throttled) {
            let now = self.gate.now();
            self.gate.queues().lanes[self.lane.0].throttled(now);
        }
        answer
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        {
            let mut queues = self.gate.queues();
            queues.free += 1;
            let bucket = queues.lanes[self.lane.0].bucket.as_mut();
            bucket.filter(|_| !*self.is_used.get_mut()).into_iter().for_each(Bucket::give_back);
        }
        self.gate.open();
    }
}

impl Gate {
    /// A gate with so many permits.
    pub(super) fn new(permits: usize) -> Self {
        let queues = Mutex::new(Queues { free: permits.max(1), lanes: Vec::new(), asked: 0 });
        Self(Arc::new(Inner { epoch: Instant::now(), queues }))
    }

    /// The instant from which times are counted.
    pub(super) fn epoch(&self) -> Instant {
        self.0.epoch
    }

    /// A lane for an API that AWS allows to be called as often as `rate` says.
    pub(super) fn lane(&self, rate: Option<Rate>) -> LaneId {
        let now = self.now();
        let mut queues = self.queues();
        queues.lanes.push(Lane { bucket: rate.map(|rate| Bucket::new(rate, now)), ..Lane::default() });
        LaneId(queues.lanes.len() - 1)
    }

    /// Waits for the right to make a call.
    pub(super) async fn pass(&self, lane: LaneId, urgency: Duration) -> Permit {
        loop {
            let (permit, permitted) = oneshot::channel();
            self.queues().wait(lane, urgency, permit);
            self.open();
            // The gate keeps whoever waits for as long as it is.
            if let Ok(permit) = permitted.await {
                return permit;
            }
        }
    }

    /// Lets through all who may go.
    fn open(&self) {
        loop {
            let now = self.now();
            let next = {
                let mut queues = self.queues();
                let next = queues.next(now);
                if next.is_none() {
                    queues.untimed(now).into_iter().for_each(|(lane, wait)| self.wake(lane, wait));
                }
                next
            };
            let Some((lane, waiter)) = next else { return };
            let permit = Permit { gate: self.clone(), lane, is_used: AtomicBool::new(false) };
            // Where nobody waits any more, the permit comes back by itself.
            drop(waiter.permit.send(permit));
        }
    }

    /// Opens the gate again when the lane has a token.
    fn wake(&self, lane: LaneId, wait: Duration) {
        let gate = self.clone();
        // Where there is no runtime any more, there is nobody left to wake.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            pace::wait(wait).await;
            gate.queues().lanes[lane.0].is_timed = false;
            gate.open();
        });
    }

    fn now(&self) -> Duration {
        self.0.epoch.elapsed()
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    fn wait(&mut self, lane: LaneId, urgency: Duration, permit: oneshot::Sender<Permit>) {
        self.asked += 1;
        self.lanes[lane.0].waiting.push(Waiter { urgency, number: Reverse(self.asked), permit });
    }

    /// Takes out the one that goes next, with a permit and a token.
    fn next(&mut self, now: Duration) -> Option<(LaneId, Waiter)> {
        if self.free == 0 {
            return None;
        }
        let ready = self.lanes.iter_mut().enumerate().filter_map(|(at, lane)| Some((lane.first(now)?, at)));
        let (_, at) = ready.max()?;
        let waiter = self.lanes[at].take(now)?;
        self.free -= 1;
        Some((LaneId(at), waiter))
    }

    /// The lanes with somebody waiting whom nobody wakes, and until when.
    fn untimed(&mut self, now: Duration) -> Vec<(LaneId, Duration)> {
        if self.free == 0 {
            return Vec::new();
        }
        let waits = self.lanes.iter_mut().enumerate();
        waits.filter_map(|(at, lane)| Some((LaneId(at), lane.wake_in(now)?))).collect()
    }
}

impl Lane {
    /// The rank of the first that waits, if there is a token for it.
    fn first(&mut self, now: Duration) -> Option<(Duration, Reverse<u64>)> {
        while self.waiting.peek().is_some_and(|waiter| waiter.permit.is_closed()) {
            self.waiting.pop();
        }
        let first = self.waiting.peek()?.rank();
        self.wait(now).is_zero().then_some(first)
    }

    fn take(&mut self, now: Duration) -> Option<Waiter> {
        if let Some(bucket) = &mut self.bucket {
            bucket.take(now);
        }
        self.habit.note(now);
        self.waiting.pop()
    }

    /// How long until there is a token, if somebody waits for it and is not to be woken yet.
    fn wake_in(&mut self, now: Duration) -> Option<Duration> {
        if self.is_timed || self.waiting.is_empty() {
            return None;
        }
        let wait = self.wait(now);
        self.is_timed = !wait.is_zero();
        self.is_timed.then_some(wait)
    }

    fn wait(&mut self, now: Duration) -> Duration {
        self.bucket.as_mut().map_or(Duration::ZERO, |bucket| bucket.wait(now))
    }

    /// AWS refused a call. Where nothing is published, as many as were made are taken for too many.
    fn throttled(&mut self, now: Duration) {
        let rate = self.habit.rate(now);
        self.bucket.get_or_insert_with(|| Bucket::new(rate, now)).throttled(now);
    }
}

/// The least that is taken for too many calls a second: a single one that is refused says more
/// about others who call.
const LEAST: f64 = 10.0;

/// How often an API was called of late: what was done a second ago counts for about a third.
#[derive(Default)]
struct Habit {
    calls: f64,
    at: Duration,
}

impl Habit {
    fn note(&mut self, now: Duration) {
        self.calls = self.calls_by(now) + 1.0;
        self.at = now;
    }

    fn calls_by(&self, now: Duration) -> f64 {
        self.calls * (-now.saturating_sub(self.at).as_secs_f64()).exp()
    }

    fn rate(&self, now: Duration) -> Rate {
        let calls = self.calls_by(now).max(LEAST);
        Rate::new(calls, calls)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::AtomicUsize;

    use futures::future::join_all;
    use tokio::task::JoinHandle;

    use super::*;

    const CALL: Duration = Duration::from_millis(100);

    /// Calls made through a gate.
    struct Scene {
        gate: Gate,
        now: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
        order: Arc<Mutex<Vec<u64>>>,
    }

    impl Scene {
        fn new(permits: usize) -> Self {
            Self { gate: Gate::new(permits), now: Arc::default(), most: Arc::default(), order: Arc::default() }
        }

        fn call(&self, lane: LaneId, urgency: u64, answer: Result<(), Cause>) -> JoinHandle<()> {
            let (gate, now, most, order) = (self.gate.clone(), self.now.clone(), self.most.clone(), self.order.clone());
            tokio::spawn(async move {
                let permit = gate.pass(lane, Duration::from_secs(urgency)).await;
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                order.lock().unwrap().push(urgency);
                pace::wait(CALL).await;
                now.fetch_sub(1, Ordering::SeqCst);
                let _ = permit.noting(answer.map_err(|cause| CloudError::new(cause, "ec2:CreateSubnet", "")));
            })
        }

        async fn calls(&self, lane: LaneId, calls: usize) -> f64 {
            let began = Instant::now();
            join_all((0..calls).map(|_| self.call(lane, 1, Ok(())))).await;
            (began.elapsed().as_secs_f64() * 10.0).round() / 10.0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_out_than_there_are_permits() {
        let scene = Scene::new(10);
        let lane = scene.gate.lane(None);
        assert_eq!(scene.calls(lane, 100).await, 1.0);
        assert_eq!(scene.most.load(Ordering::SeqCst), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_is_called_as_often_as_it_may_be_and_does_not_hold_up_another() {
        let scene = Scene::new(1000);
        let (slow, free) = (scene.gate.lane(Some(Rate::new(50.0, 5.0))), scene.gate.lane(None));
        let (slow, free) = tokio::join!(scene.calls(slow, 100), scene.calls(free, 500));
        assert_eq!((slow, free), (10.1, 0.1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_urgent_goes_first() {
        let scene = Scene::new(1);
        let lanes = [scene.gate.lane(None), scene.gate.lane(None)];
        let calls = [1, 5, 3, 9, 3].into_iter().enumerate();
        join_all(calls.map(|(number, urgency)| scene.call(lanes[number % 2], urgency, Ok(())))).await;
        assert_eq!(*scene.order.lock().unwrap(), [1, 9, 5, 3, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_goes_away_costs_neither_token_nor_permit() {
        let scene = Scene::new(1);
        let lane = scene.gate.lane(Some(Rate::new(2.0, 1.0)));
        let (first, second) = (scene.call(lane, 1, Ok(())), scene.call(lane, 1, Ok(())));
        pace::wait(CALL / 2).await;
        second.abort();
        first.await.unwrap();
        drop(scene.gate.pass(lane, CALL).await);
        assert_eq!(scene.calls(lane, 1).await, 0.1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_throttled_goes_slower_even_if_nothing_is_published() {
        let scene = Scene::new(1000);
        for rate in [None, Some(Rate::new(20.0, 20.0))] {
            let lane = scene.gate.lane(rate);
            scene.calls(lane, 20).await;
            scene.call(lane, 1, Err(Cause::Throttled)).await.unwrap();
            let seconds = scene.calls(lane, 20).await;
            assert!((1.0..=2.0).contains(&seconds), "{rate:?}: {seconds}");
        }
    }
}
