//! The right to write what a store holds.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use provision_core::state::Record;
use provision_core::state::format::{Header, encode_header, encode_records};
use provision_core::store::{Holder, Lease, Replacement, StoreError};

use super::Connection;
use super::stored::{Stored, Taken};

pub(super) struct MemoryLease {
    connection: Connection,
    taken: Taken,
    term: Option<Duration>,
    journal: Mutex<Journal>,
    is_released: bool,
}

enum Journal {
    /// Nothing was saved yet, or a write failed.
    Closed,
    /// To be made with the next append.
    New(Header),
    Open,
}

impl MemoryLease {
    pub(super) fn new(connection: Connection, taken: Taken, term: Option<Duration>) -> Self {
        Self { connection, taken, term, journal: Mutex::new(Journal::Closed), is_released: false }
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written for `records`, and whether a journal begins with it. Afterwards the
    /// journal is closed until all went well.
    fn text(&self, records: &[Record]) -> Result<(String, bool), StoreError> {
        let failed = |error| StoreError::of_format(error, "the journal");
        let lines = encode_records(records).map_err(failed)?;
        match std::mem::replace(&mut *self.journal(), Journal::Closed) {
            Journal::Closed => Err(closed()),
            Journal::New(header) => Ok((encode_header(&header).map_err(failed)? + &lines, true)),
            Journal::Open => Ok((lines, false)),
        }
    }

    /// Files are locked by who has them open: a write looks whether that is still so.
    fn check(&self) -> impl FnOnce(&Stored) -> Result<(), StoreError> + use<> {
        let (number, is_far) = (self.taken.number, self.term.is_some());
        move |stored| if is_far { Ok(()) } else { stored.check(number) }
    }
}

/// The operating system frees the lock of files. That of a bucket is given back by whoever
/// is there to do so.
impl Drop for MemoryLease {
    fn drop(&mut self) {
        let is_left = self.is_released || self.connection.process.is_dead();
        if self.term.is_none() || !is_left {
            // Somebody else's by now, or given back.
            let _ = self.connection.store.stored().give_back(self.taken.number);
        }
    }
}

fn closed() -> StoreError {
    let message = "nothing was saved before it, or an earlier write failed".to_owned();
    StoreError::Io { what: "append to the journal".to_owned(), message }
}

/// What a file holds of a text whose writing was cut short.
fn torn(text: &str) -> &str {
    let end = (0..=text.len() * 2 / 3).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[async_trait]
impl Lease for MemoryLease {
    async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
        let (text, is_new) = self.text(records)?;
        let (number, check) = (self.taken.number, self.check());
        let append = move |stored: &mut Stored, is_torn: bool| {
            check(stored)?;
            match is_torn {
                // A journal is begun by renaming a whole file.
                true if is_new => Ok(()),
                true => stored.append(number, torn(&text), false),
                false => stored.append(number, &text, is_new),
            }
        };
        self.connection.call("append", append).await?;
        *self.journal() = Journal::Open;
        Ok(())
    }

    async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError> {
        let (replacement, check) = (replacement.clone(), self.check());
        *self.journal() = Journal::Closed;
        let replace = move |stored: &mut Stored, _| {
            check(stored)?;
            stored.replace(&replacement)
        };
        let (serial, header) = self.connection.call("save", replace).await?;
        *self.journal() = header.map_or(Journal::Closed, Journal::New);
        Ok(serial)
    }

    async fn release(mut self: Box<Self>) -> Result<(), StoreError> {
        self.is_released = true;
        let number = self.taken.number;
        match self.term {
            None => Ok(()),
            Some(_) => self.connection.call("release", move |stored, _| stored.give_back(number)).await,
        }
    }

    fn term(&self) -> Option<Duration> {
        self.term
    }

    async fn renew(&self) -> Result<(), StoreError> {
        let Some(term) = self.term else { return Ok(()) };
        let number = self.taken.number;
        self.connection.call("renew", move |stored, _| stored.renew(number, term)).await
    }

    fn taken_from(&self) -> Option<&Holder> {
        self.taken.from.as_ref()
    }
}
