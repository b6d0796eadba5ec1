//! The seam to where a state lives: a file beside the spec, or a bucket.

mod place;
mod replacement;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::state::format::{FormatError, Header, decode_journal, decode_snapshot};
use crate::state::history::{Entry, Past, decode_past};
use crate::state::{Record, State, fold};

pub use place::StatePlace;
pub use replacement::{Replacement, Writing};

/// Where one stack's state lives.
#[async_trait]
pub trait Store: Send + Sync {
    /// What the state is now; `None` if there is none yet. Needs no lock, and then
    /// sees the state as it was at some instant of whoever writes it.
    async fn load(&self) -> Result<Option<Loaded>, StoreError>;

    /// Takes the lock, or says at once who has it. Whoever holds it must load (again)
    /// before saving: records that came in between would be lost otherwise.
    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError>;

    /// Who holds the lock; takes nothing.
    async fn holder(&self) -> Result<Option<Holder>, StoreError>;

    /// Takes the lock from `holder`, who can write nothing from then on. Does nothing where
    /// somebody else holds it by now, or nobody.
    async fn break_lock(&self, holder: &Holder) -> Result<(), StoreError>;

    /// Takes an entry into the history, and lets go of those that are
    /// [outdated](crate::state::history::outdated). Needs no lock: whoever saved a serial is the
    /// only one to have an entry of it. One of the same serial that a former state of the same
    /// name left is replaced.
    async fn remember(&self, past: &Past) -> Result<(), StoreError>;

    /// The history, oldest first.
    async fn history(&self) -> Result<Vec<Entry>, StoreError>;

    /// The entry of a serial with its state, if it is kept.
    async fn past(&self, serial: u64) -> Result<Option<Past>, StoreError>;
}

/// The right to write one state. Dropping it frees the lock, too.
///
/// One with a term is to be renewed before the term is over: from then on somebody else may
/// take the lock. Whoever lost it is refused every write with [`StoreError::LeaseLost`].
#[async_trait]
pub trait Lease: Send + Sync {
    /// Makes `records` durable, in this order; they are when it returns. They follow
    /// the snapshot this lease saved last, so before the first `save` it is an error.
    /// After a failed write every `append` fails until the next `save`.
    async fn append(&self, records: &[Record]) -> Result<(), StoreError>;

    /// Replaces the snapshot and starts the journal anew. Returns the serial of the new
    /// snapshot, which is one higher than the state's. Fails as [`Replacement::over`] does.
    async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError>;

    /// Replaces the snapshot that `state` was loaded from: `state` holds all of it.
    async fn save(&self, state: Arc<State>) -> Result<u64, StoreError> {
        self.replace(&Replacement::Next(state)).await
    }

    /// Frees the lock.
    async fn release(self: Box<Self>) -> Result<(), StoreError>;

    /// How long the lease lasts from when it is taken or renewed; `None` if as long as the process.
    fn term(&self) -> Option<Duration> {
        None
    }

    /// Begins the term anew.
    async fn renew(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whose lock this was, when it was taken over from somebody who let the term pass or
    /// whose lock was broken.
    fn taken_from(&self) -> Option<&Holder> {
        None
    }
}

/// Pauses between tries. Stores do not wait themselves.
#[async_trait]
pub trait Tries: Send {
    /// Waits a little, longer each time; `false` once it is time to give up.
    async fn pause(&mut self) -> bool;
}

/// Begins a series of pauses.
pub type NewTries = Arc<dyn Fn() -> Box<dyn Tries> + Send + Sync>;

/// A state as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The snapshot with the journal folded in.
    pub state: State,
    /// How many journal records there were. Above 0 an apply is under way or was cut
    /// short. With the serial it tells two states of a lineage apart.
    pub journalled: usize,
}

/// The bytes of a snapshot or a journal, and where they were found.
#[derive(Clone, Debug)]
pub struct Found {
    /// A path or URL, for messages.
    pub place: String,
    /// `None` if nothing is there.
    pub bytes: Option<Vec<u8>>,
}

impl Loaded {
    /// Joins what a store found. Without the lock the journal must have been read
    /// **before** the snapshot: one older than the snapshot is contained in it, and
    /// one that is newer belongs to a snapshot that was lost.
    pub fn join(stack: &str, journal: &Found, snapshot: &Found) -> Result<Option<Self>, StoreError> {
        let header_and_records = journal.read(decode_journal)?.flatten();
        let Some(state) = snapshot.read(decode_snapshot)? else {
            return match header_and_records {
                Some(_) => Err(journal.corrupt("its snapshot is gone")),
                None => Ok(None),
            };
        };
        snapshot.check_stack(stack, &state)?;
        let Some(found) = header_and_records else {
            return Ok(Some(Self { state, journalled: 0 }));
        };
        if !continues(&found.header, &state).map_err(|reason| journal.corrupt(reason))? {
            return Ok(Some(Self { state, journalled: 0 }));
        }
        Ok(Some(Self { state: fold(state, &found.records), journalled: found.records.len() }))
    }
}

/// Whether the journal follows `snapshot`; if not it was on its way out when the
/// snapshot came in.
fn continues(header: &Header, snapshot: &State) -> Result<bool, &'static str> {
    if header.lineage != snapshot.lineage {
        return Err("it continues another state than the snapshot beside it");
    }
    if header.serial > snapshot.serial {
        return Err("it continues a newer snapshot than the one beside it");
    }
    Ok(header.serial == snapshot.serial)
}

impl Found {
    /// The entry of the history that was found.
    ///
    /// # Errors
    /// When it is not what was written.
    pub fn past(&self) -> Result<Option<Past>, StoreError> {
        self.read(decode_past)
    }

    fn check_stack(&self, stack: &str, state: &State) -> Result<(), StoreError> {
        if state.stack == stack {
            return Ok(());
        }
        Err(self.foreign(&format!("it belongs to stack `{}`, not to `{stack}`", state.stack)))
    }

    fn read<T>(&self, decode: impl Fn(&[u8]) -> Result<T, FormatError>) -> Result<Option<T>, StoreError> {
        let decoded = self.bytes.as_deref().map(decode).transpose();
        decoded.map_err(|error| StoreError::of_format(error, &self.place))
    }

    fn corrupt(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Corrupt { place: self.place.clone(), reason: reason.into() }
    }

    fn foreign(&self, reason: &str) -> StoreError {
        StoreError::Foreign { place: self.place.clone(), reason: reason.to_owned() }
    }
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `user@host`.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// What it runs, such as `provision apply`.
    pub command: String,
    /// When it took the lock, in RFC 3339.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, pid, command, since } = self;
        write!(f, "{who} (process {pid}) with `{command}` since {since}")
    }
}

/// Why a state cannot be read or written, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds the lock.
    #[error("the state is locked by {}: wait until that is done, or stop it", name(holder.as_ref()))]
    Locked {
        /// Who, if it could be read.
        holder: Option<Holder>,
    },
    /// What is stored is not what was written.
    #[error("{place} is damaged: {reason}; put back a good copy of it, and nothing owned is forgotten")]
    Corrupt {
        /// A path or URL, and the line.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A newer build wrote it.
    #[error("the state is in format {found}, and this build knows formats up to {known}: upgrade provision")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest format this build knows.
        known: u32,
    },
    /// Somebody else has saved since the state was loaded.
    #[error("the state has moved on: serial {found} is stored, {expected} was to be replaced; plan again")]
    Stale {
        /// The serial that was to be replaced.
        expected: u64,
        /// The serial that is stored, 0 if there is none.
        found: u64,
    },
    /// Another stack's state is in the way.
    #[error("the state in {place} is not this stack's: {reason}; rename the stack or store its state elsewhere")]
    Foreign {
        /// A path or URL.
        place: String,
        /// Whose it is.
        reason: String,
    },
    /// The state is stored elsewhere by now.
    #[error(
        "the state is no longer in {place}: it was moved to {to}; write `state: {to}` into the spec, or add `--state {to}`"
    )]
    Moved {
        /// A path or URL.
        place: String,
        /// The place it is in now.
        to: String,
    },
    /// The lock ran out or was taken away.
    #[error(
        "the lock on the state was lost{}: nothing more was begun, and nothing is written over another's state; run the \
         same command again once nobody else is at work, and it goes on from what was recorded",
        to_whom(holder.as_ref())
    )]
    LeaseLost {
        /// Who has it now, if it could be read.
        holder: Option<Holder>,
    },
    /// Reading or writing failed.
    #[error("cannot {what}: {message}")]
    Io {
        /// What was to be done, such as ``write `state/shop.json` ``.
        what: String,
        /// Why it failed, and what to do.
        message: String,
    },
}

impl StoreError {
    /// What a text at `place` that cannot be read or written means.
    pub fn of_format(error: FormatError, place: &str) -> Self {
        match error {
            FormatError::Corrupt { place: line, reason } => {
                Self::Corrupt { place: format!("{place}, {line},"), reason }
            }
            FormatError::Newer { found, known } => Self::Newer { found, known },
            FormatError::Moved(moved) => Self::Moved { place: place.to_owned(), to: moved.to },
            FormatError::TooDeep => Self::Io { what: format!("write {place}"), message: error.to_string() },
        }
    }
}

fn to_whom(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" to {holder}"))
}

fn name(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), Holder::to_string)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::address::Address;
    use crate::state::Salt;
    use crate::state::format::{encode_header, encode_records, encode_snapshot};

    fn state(lineage: &str, serial: u64) -> State {
        State { serial, ..State::new("shop", lineage, Salt::new("5a")) }
    }

    fn found(place: &str, text: Option<String>) -> Found {
        Found { place: place.to_owned(), bytes: text.map(String::into_bytes) }
    }

    fn snapshot(state: &State) -> Found {
        found("shop.json", Some(encode_snapshot(state).unwrap()))
    }

    fn journal(of: &State) -> Found {
        let record = Record::Forgotten { address: Address::root("vpc") };
        found("shop.journal", Some(encode_header(&Header::of(of)).unwrap() + &encode_records([&record]).unwrap()))
    }

    fn nothing() -> Found {
        found("nowhere", None)
    }

    fn journalled(journal: &Found, snapshot: &Found) -> Result<Option<usize>, StoreError> {
        Ok(Loaded::join("shop", journal, snapshot)?.map(|loaded| loaded.journalled))
    }

    #[test]
    fn only_the_journal_of_this_very_snapshot_is_folded() {
        let now = state("a", 2);
        assert_eq!(journalled(&nothing(), &nothing()), Ok(None));
        assert_eq!(journalled(&nothing(), &snapshot(&now)), Ok(Some(0)));
        assert_eq!(journalled(&journal(&now), &snapshot(&now)), Ok(Some(1)));
        assert_eq!(journalled(&journal(&state("a", 1)), &snapshot(&now)), Ok(Some(0)));
        for stranger in [state("a", 3), state("b", 2)] {
            assert!(matches!(journalled(&journal(&stranger), &snapshot(&now)), Err(StoreError::Corrupt { .. })));
        }
        assert!(matches!(journalled(&journal(&now), &nothing()), Err(StoreError::Corrupt { .. })));
    }

    #[test]
    fn another_stack_s_state_is_refused() {
        let loaded = Loaded::join("blog", &nothing(), &snapshot(&state("a", 1)));
        let text = loaded.unwrap_err().to_string();
        assert!(text.contains("it belongs to stack `shop`, not to `blog`"), "{text}");
    }
}
