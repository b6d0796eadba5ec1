//! One life of the engine: its calls are counted, and at one of them, or at some instant, it
//! may die or stand still.

use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, advance};

use crate::network::travel;

/// A point in the life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// At this call to a driver or the store, counted from 1.
    AtCall(u64, Moment),
    /// So long after it began, wherever it is then: in a call, in a pause or in between.
    After(Duration),
}

/// Where in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has left the process yet.
    Before,
    /// The request is on its way, and will arrive; of a write to a file, only a part is there.
    During,
    /// The other side has done its work, and nobody is there to hear it.
    After,
}

/// A while in which a process stands still: it does nothing, and time goes by.
#[derive(Clone)]
pub struct Freeze {
    /// From when on.
    pub at: Point,
    /// What happens meanwhile, and how long that takes: see [`meanwhile`].
    pub meanwhile: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl fmt::Debug for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Freeze {:?}", self.at)
    }
}

/// A process that talks to the simulated cloud and store.
#[derive(Debug)]
pub struct Process {
    calls: AtomicU64,
    crash: Option<Point>,
    freeze: Option<Freeze>,
    died_at: Mutex<Option<String>>,
    is_dead: watch::Sender<bool>,
}

impl Process {
    /// A process that dies at `crash`, and stands still once.
    pub fn new(crash: Option<Point>, freeze: Option<Freeze>) -> Self {
        let (calls, died_at) = (AtomicU64::new(0), Mutex::new(None));
        Self { calls, crash, freeze, died_at, is_dead: watch::Sender::new(false) }
    }

    /// Waits until the process is dead, which may be never. Must be waited for all along:
    /// what happens at an instant happens here.
    pub async fn death(&self) {
        let mut is_dead = self.is_dead.subscribe();
        tokio::select! {
            biased;
            Ok(_) = is_dead.wait_for(|is_dead| *is_dead) => {}
            () = self.die_in_time() => {}
            never = self.freeze_in_time() => match never {},
        }
    }

    /// Whether it is dead.
    pub fn is_dead(&self) -> bool {
        *self.is_dead.borrow()
    }

    /// What it was about to do or had just done when it died.
    pub fn last_words(&self) -> Option<String> {
        self.died_at.lock().ok()?.clone()
    }

    /// Ends it here and now, for instance because the run it was for has ended.
    pub(crate) fn end(&self) {
        self.is_dead.send_replace(true);
    }

    /// Begins a call named `what`; a dead process never gets beyond this.
    pub(crate) async fn enter(&self, what: &str) -> u64 {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.pass(call, Moment::Before, what).await;
        call
    }

    /// Whether it dies while the call is under way.
    pub(crate) fn dies_during(&self, call: u64) -> bool {
        self.crash == Some(Point::AtCall(call, Moment::During))
    }

    /// The call has come this far.
    pub(crate) async fn pass(&self, call: u64, moment: Moment, what: &str) {
        let here = Point::AtCall(call, moment);
        if self.crash == Some(here) {
            let side = format!("{moment:?}").to_lowercase();
            self.die(|| format!("{side} call {call}, {what}"));
        }
        if self.is_dead() {
            pending::<()>().await;
        }
        if let Some(freeze) = self.freeze.as_ref().filter(|freeze| freeze.at == here) {
            freeze.stand_still().await;
        }
    }

    fn die(&self, last_words: impl FnOnce() -> String) {
        if !self.is_dead() {
            if let Ok(mut died_at) = self.died_at.lock() {
                *died_at = Some(last_words());
            }
            self.end();
        }
    }

    async fn die_in_time(&self) {
        let Some(Point::After(life)) = self.crash else { return pending().await };
        travel(life).await;
        self.die(|| format!("after {:.2}s", life.as_secs_f64()));
    }

    async fn freeze_in_time(&self) -> std::convert::Infallible {
        if let Some(freeze) = &self.freeze
            && let Point::After(life) = freeze.at
        {
            travel(life).await;
            freeze.stand_still().await;
        }
        pending().await
    }
}

impl Freeze {
    /// Nothing of the process goes on meanwhile, for its one thread is held up here.
    async fn stand_still(&self) {
        let elapsed = (self.meanwhile)();
        advance(elapsed).await;
    }
}

/// Runs `work` while the thread that calls this stands still, on a clock of its own that goes
/// on from the caller's. Returns how long it took on that clock in whole tens of seconds, at
/// least `least`: finer than a millisecond the two clocks do not agree.
///
/// # Errors
/// When there can be no other clock.
///
/// # Panics
/// When `work` does.
pub fn meanwhile<F: Future<Output = ()>>(
    least: Duration,
    work: impl FnOnce() -> F + Send,
) -> std::io::Result<Duration> {
    let begun = Instant::now();
    let other = || {
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        clock.block_on(async {
            advance(begun.saturating_duration_since(Instant::now())).await;
            work().await;
            let tens = begun.elapsed().max(least).as_secs() / 10 + 1;
            Ok(Duration::from_secs(tens * 10))
        })
    };
    let elapsed = std::thread::scope(|scope| scope.spawn(other).join());
    elapsed.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
