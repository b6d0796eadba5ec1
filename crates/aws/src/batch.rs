//! One call for what several readers ask at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio::task::yield_now;

/// Answers by key.
pub(crate) type Answers<V> = BTreeMap<String, V>;

/// What is asked by readers that run side by side, asked together.
///
/// A reader's keys count from the first time it is polled. All others that are polled
/// before it comes to its turn again join in: what they ask goes out as one, and they
/// share the answer.
pub(crate) struct Batch<V> {
    open: Mutex<Arc<Round<V>>>,
}

/// The keys asked together, and their answers once there are some.
struct Round<V> {
    keys: Mutex<BTreeSet<String>>,
    answers: OnceCell<Answers<V>>,
}

impl<V> Default for Round<V> {
    fn default() -> Self {
        Self { keys: Mutex::default(), answers: OnceCell::new() }
    }
}

impl<V> Default for Batch<V> {
    fn default() -> Self {
        Self { open: Mutex::default() }
    }
}

impl<V: Clone> Batch<V> {
    /// The answers to `keys`, by `send` or by that of another reader. A key without an
    /// answer is left out.
    pub(crate) async fn ask<F>(&self, keys: &[String], send: impl FnOnce(Vec<String>) -> F) -> Answers<V>
    where
        F: Future<Output = Answers<V>>,
    {
        if keys.is_empty() {
            return Answers::new();
        }
        let round = self.join(keys);
        yield_now().await;
        let answers = round.answers.get_or_init(|| send(self.close(&round))).await;
        keys.iter().filter_map(|key| Some((key.clone(), answers.get(key)?.clone()))).collect()
    }

    fn join(&self, keys: &[String]) -> Arc<Round<V>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.keys.lock().unwrap_or_else(PoisonError::into_inner).extend(keys.iter().cloned());
        Arc::clone(&open)
    }

    /// The keys of `round`, which nobody can join any more.
    fn close(&self, round: &Arc<Round<V>>) -> Vec<String> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&open, round) {
            *open = Arc::default();
        }
        round.keys.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn count(calls: &AtomicUsize, keys: Vec<String>) -> Answers<String> {
        calls.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
        keys.into_iter().filter(|key| key != "unknown").map(|key| (key.clone(), key)).collect()
    }

    #[tokio::test]
    async fn readers_side_by_side_share_one_call() {
        let (batch, calls) = (Batch::default(), AtomicUsize::new(0));
        let keys = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let ask = async |names: &[&str]| batch.ask(&keys(names), |keys| count(&calls, keys)).await;
        let (one, other, none) = tokio::join!(ask(&["a", "unknown"]), ask(&["b", "a"]), ask(&[]));
        assert_eq!(one.into_values().collect::<Vec<_>>(), ["a"]);
        assert_eq!(other.into_values().collect::<Vec<_>>(), ["a", "b"]);
        assert!(none.is_empty());
        assert_eq!(calls.load(Ordering::Relaxed), 1);

        assert_eq!(ask(&["a"]).await.len(), 1);
        assert_eq!(calls.load(Ordering::Relaxed), 2, "an answer is not kept for later readers");
    }
}
