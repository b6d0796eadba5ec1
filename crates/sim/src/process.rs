//! One life of the engine: its calls are counted, and at one of them it may die.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// Where a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// At which call to a driver or write to the store, counted from 1.
    pub call: u64,
    /// Before or after it had its effect.
    pub moment: Moment,
}

/// The two sides of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has left the process yet.
    Before,
    /// The other side has done its work, and nobody is there to hear it.
    After,
}

/// A process that talks to the simulated cloud and store.
#[derive(Debug)]
pub struct Process {
    calls: AtomicU64,
    crash: Option<Crash>,
    died_at: Mutex<Option<String>>,
    is_dead: watch::Sender<bool>,
}

impl Process {
    /// A process that dies at `crash`.
    pub fn new(crash: Option<Crash>) -> Self {
        Self { calls: AtomicU64::new(0), crash, died_at: Mutex::new(None), is_dead: watch::Sender::new(false) }
    }

    /// Waits until the process is dead, which may be never.
    pub async fn death(&self) {
        let mut is_dead = self.is_dead.subscribe();
        if is_dead.wait_for(|is_dead| *is_dead).await.is_err() {
            pending::<()>().await;
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

    /// The call had its effect.
    pub(crate) async fn leave(&self, call: u64, what: &str) {
        self.pass(call, Moment::After, what).await;
    }

    async fn pass(&self, call: u64, moment: Moment, what: &str) {
        if !self.is_dead() && self.crash == Some(Crash { call, moment }) {
            let side = if moment == Moment::Before { "before" } else { "after" };
            if let Ok(mut died_at) = self.died_at.lock() {
                *died_at = Some(format!("{side} call {call}, {what}"));
            }
            self.end();
        }
        if self.is_dead() {
            pending::<()>().await;
        }
    }
}
