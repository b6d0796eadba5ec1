//! What a store holds, and the rules by which it changes. Everything here happens at one
//! instant.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use provision_core::state::format::{Header, encode_snapshot};
use provision_core::store::{Found, Holder, Loaded, Replacement, StoreError, Writing};
use tokio::time::Instant;

use super::fault::StoreFaults;
use crate::process::Process;

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) snapshot: Option<String>,
    pub(super) journal: Option<String>,
    /// What was remembered of each serial.
    pub(super) history: BTreeMap<u64, String>,
    lock: Option<Lock>,
    /// How many locks were taken.
    taken: u64,
    /// The first lock that may append: those before it were taken over.
    fence: u64,
    pub(super) faults: StoreFaults,
    pub(super) rules: StoreRules,
}

/// The rules by which a store refuses a write; a broken store knows fewer.
#[derive(Clone, Copy, Debug)]
pub struct StoreRules {
    /// A lock that was taken over appends nothing more.
    pub fences: bool,
    /// A snapshot is replaced only by what came from it.
    pub compares: bool,
}

impl Default for StoreRules {
    fn default() -> Self {
        Self { fences: true, compares: true }
    }
}

/// A lock that was taken.
#[derive(Debug)]
struct Lock {
    number: u64,
    holder: Holder,
    process: Arc<Process>,
    /// When it is over; `None` if with the process.
    until: Option<Instant>,
    is_taken_away: bool,
}

/// A lock as its taker knows it.
pub(super) struct Taken {
    pub(super) number: u64,
    pub(super) from: Option<Holder>,
}

/// How long after its term a lock is taken over: clocks tell time roughly.
const BEYOND: Duration = Duration::from_secs(2);

impl Lock {
    fn is_held(&self) -> bool {
        let lasts = self.until.map_or(!self.process.is_dead(), |until| Instant::now() <= until + BEYOND);
        lasts && !self.is_taken_away
    }
}

impl Stored {
    /// Nothing but a snapshot.
    pub(super) fn of(snapshot: String) -> Self {
        Self { snapshot: Some(snapshot), ..Self::default() }
    }

    /// The texts with the first part of the journal alone.
    pub(super) fn cut(&self, part: f64) -> Self {
        let cut = |text: &String| {
            let bytes = &text.as_bytes()[..(text.len() as f64 * part) as usize];
            String::from_utf8_lossy(bytes).into_owned()
        };
        Self { snapshot: self.snapshot.clone(), journal: self.journal.as_ref().map(cut), ..Self::default() }
    }

    pub(super) fn load(&self, stack: &str) -> Result<Option<Loaded>, StoreError> {
        let (journal, snapshot) = (self.journal.clone(), self.snapshot.clone());
        Loaded::join(stack, &found("the journal", journal), &found("the snapshot", snapshot))
    }

    pub(super) fn holder(&self) -> Option<&Holder> {
        self.lock.as_ref().filter(|lock| lock.is_held()).map(|lock| &lock.holder)
    }

    pub(super) fn take_away(&mut self) {
        if let Some(lock) = &mut self.lock {
            lock.is_taken_away = true;
        }
    }

    /// Takes the lock. Where the former one was not given back its journal is closed for good.
    pub(super) fn lock(
        &mut self,
        holder: Holder,
        process: Arc<Process>,
        term: Option<Duration>,
    ) -> Result<Taken, StoreError> {
        if let Some(holder) = self.holder() {
            return Err(StoreError::Locked { holder: Some(holder.clone()) });
        }
        self.taken += 1;
        let number = self.taken;
        let until = term.map(|term| Instant::now() + term);
        let former = self.lock.replace(Lock { number, holder, process, until, is_taken_away: false });
        if former.is_some() {
            self.fence = number;
        }
        let from = former.filter(|former| former.until.is_some()).map(|former| former.holder);
        Ok(Taken { number, from })
    }

    /// Begins the term of a lock anew. One that is over, and nobody else's, goes on.
    pub(super) fn renew(&mut self, number: u64, term: Duration) -> Result<(), StoreError> {
        self.check(number)?;
        if let Some(lock) = &mut self.lock {
            lock.until = Some(Instant::now() + term);
        }
        Ok(())
    }

    pub(super) fn give_back(&mut self, number: u64) -> Result<(), StoreError> {
        self.check(number)?;
        self.lock = None;
        Ok(())
    }

    /// Whether the lock is still that of `number`.
    pub(super) fn check(&self, number: u64) -> Result<(), StoreError> {
        match &self.lock {
            Some(lock) if lock.number == number && !lock.is_taken_away => Ok(()),
            lock => Err(lost(lock.as_ref())),
        }
    }

    /// Adds to the journal that the lock of `number` writes; begins it with `text` where it is new.
    pub(super) fn append(&mut self, number: u64, text: &str, is_new: bool) -> Result<(), StoreError> {
        if number < self.fence {
            // Without a fence it goes where nobody looks any more.
            return if self.rules.fences { Err(lost(self.lock.as_ref())) } else { Ok(()) };
        }
        match &mut self.journal {
            Some(journal) if !is_new => journal.push_str(text),
            journal => *journal = Some(text.to_owned()),
        }
        Ok(())
    }

    /// Answers the serial, and what begins the journal that follows.
    pub(super) fn replace(&mut self, replacement: &Replacement) -> Result<(u64, Option<Header>), StoreError> {
        let there = if self.rules.compares { self.snapshot.clone() } else { self.replaceable(replacement)? };
        let Writing { text, serial, header } = replacement.over(&found("the snapshot", there))?;
        self.snapshot = Some(text);
        self.journal = None;
        Ok((serial, header))
    }
}

impl Stored {
    /// What `replacement` may replace, whatever is there.
    fn replaceable(&self, replacement: &Replacement) -> Result<Option<String>, StoreError> {
        let state = match replacement {
            Replacement::Next(state) => &**state,
            Replacement::Brought(state) | Replacement::Gone { state, .. } => state,
        };
        let text = encode_snapshot(state).map_err(|error| StoreError::of_format(error, "the snapshot"))?;
        Ok(self.snapshot.as_ref().filter(|_| state.serial > 0).map(|_| text))
    }
}

fn lost(to: Option<&Lock>) -> StoreError {
    StoreError::LeaseLost { holder: to.filter(|lock| lock.is_held()).map(|lock| lock.holder.clone()) }
}

pub(super) fn found(place: &str, text: Option<String>) -> Found {
    Found { place: place.to_owned(), bytes: text.map(String::into_bytes) }
}
