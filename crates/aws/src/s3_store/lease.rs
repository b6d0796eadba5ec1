//! The right to write a state in S3.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use provision_core::state::Record;
use provision_core::state::format::{Header, encode_header, encode_records};
use provision_core::store::{Found, Holder, Lease, Replacement, StoreError};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::lock::{self, Lock};
use super::objects::{Condition, Objects, Written};
use super::{SNAPSHOT, journal};

pub(super) struct S3Lease {
    objects: Arc<Objects>,
    term: Duration,
    taken_from: Option<Holder>,
    lock: Arc<Mutex<Lock>>,
    journal: Mutex<Journal>,
    is_released: bool,
}

/// Where the next records go.
enum Journal {
    /// Nothing was saved yet, or a write failed and may have come through.
    Closed,
    /// This number, behind the snapshot with this header; number 1 begins with it.
    Open { header: Header, number: u64 },
}

impl S3Lease {
    pub(super) fn new(objects: Arc<Objects>, lock: Lock, term: Duration, taken_from: Option<Holder>) -> Self {
        let (lock, journal) = (Arc::new(Mutex::new(lock)), Mutex::new(Journal::Closed));
        Self { objects, term, taken_from, lock, journal, is_released: false }
    }

    /// Writes one object of the journal. Whoever has written another there has the lock.
    async fn write(&self, header: &Header, number: u64, lines: &str) -> Result<(), StoreError> {
        let name = journal::name(header.serial, number);
        let head = if number == 1 { encode_header(header) } else { Ok(String::new()) };
        let text = head.map_err(|error| StoreError::of_format(error, &self.objects.shown(&name)))? + lines;
        match self.objects.put(&name, &text, &Condition::Nothing).await? {
            Written::Done(_) => Ok(()),
            Written::Refused(_) => Err(lock::lost_to(&self.objects).await),
        }
    }
}

/// Gives the lock back as well as may be; otherwise the term lets go of it.
impl Drop for S3Lease {
    fn drop(&mut self) {
        let (objects, lock) = (Arc::clone(&self.objects), Arc::clone(&self.lock));
        if let (false, Ok(runtime)) = (self.is_released, Handle::try_current()) {
            runtime.spawn(async move { lock.lock().await.give_back(&objects).await });
        }
    }
}

#[async_trait]
impl Lease for S3Lease {
    async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
        let place = self.objects.shown("journal/");
        let lines = encode_records(records).map_err(|error| StoreError::of_format(error, &place))?;
        let mut journal = self.journal.lock().await;
        // Stays closed unless all goes well.
        let Journal::Open { header, number } = std::mem::replace(&mut *journal, Journal::Closed) else {
            let message = "nothing was saved before it, or an earlier write failed".to_owned();
            return Err(StoreError::Io { what: format!("append to {place}"), message });
        };
        self.write(&header, number, &lines).await?;
        *journal = Journal::Open { header, number: number + 1 };
        Ok(())
    }

    async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError> {
        let mut journal = self.journal.lock().await;
        let there = self.objects.get(SNAPSHOT).await?;
        let condition = there.as_ref().map_or(Condition::Nothing, |object| Condition::Tag(object.etag.clone()));
        let found = Found { place: self.objects.shown(SNAPSHOT), bytes: there.map(|object| object.bytes) };
        let writing = replacement.over(&found)?;
        *journal = Journal::Closed;
        if let Written::Refused(_) = self.objects.put(SNAPSHOT, &writing.text, &condition).await? {
            return Err(lock::lost_to(&self.objects).await);
        }
        *journal = writing.header.map_or(Journal::Closed, |header| Journal::Open { header, number: 1 });
        journal::tidy(&self.objects, writing.serial).await;
        Ok(writing.serial)
    }

    async fn release(mut self: Box<Self>) -> Result<(), StoreError> {
        self.is_released = true;
        self.lock.lock().await.give_back(&self.objects).await
    }

    fn term(&self) -> Option<Duration> {
        Some(self.term)
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.lock.lock().await.renew(&self.objects).await
    }

    fn taken_from(&self) -> Option<&Holder> {
        self.taken_from.as_ref()
    }
}
