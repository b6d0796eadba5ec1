//! The way between a process and what it calls: a request that has left a process arrives,
//! whatever becomes of the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a request takes, and its answer back.
pub(crate) const ONE_WAY: Duration = Duration::from_millis(50);

/// Requests under way. Clones are the same network.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<UnderWay>>);

type Arrival = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct UnderWay {
    sent: u64,
    requests: BTreeMap<u64, Arrival>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} under way", self.under_way().requests.len())
    }
}

impl Network {
    /// Sends a request that arrives after `delay`; the answer is what `arrive` gives then.
    pub(crate) fn send<T: Send + 'static>(
        &self,
        delay: Duration,
        arrive: impl FnOnce() -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, answered) = oneshot::channel();
        // Where nobody waits any more the answer is lost.
        let number = self.put(Box::new(move || drop(answer.send(arrive()))));
        let network = self.clone();
        tokio::spawn(async move {
            travel(delay).await;
            network.deliver(number);
        });
        answered
    }

    /// Lets everything arrive that is under way.
    pub(crate) fn flush(&self) {
        while let Some(number) = self.first() {
            self.deliver(number);
        }
    }

    fn put(&self, request: Arrival) -> u64 {
        let mut under_way = self.under_way();
        under_way.sent += 1;
        let number = under_way.sent;
        under_way.requests.insert(number, request);
        number
    }

    fn first(&self) -> Option<u64> {
        self.under_way().requests.keys().next().copied()
    }

    fn deliver(&self, number: u64) {
        let request = self.under_way().requests.remove(&number);
        if let Some(arrive) = request {
            arrive();
        }
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulated network takes simulated time")]
pub(crate) async fn travel(delay: Duration) {
    tokio::time::sleep(delay).await;
}
