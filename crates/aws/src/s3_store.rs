//! A state in a bucket of S3.
//!
//! Below `<prefix>/<stack>/` lie `state.json`, the snapshot; `lock.json`; and
//! `journal/<serial>/<number>`, the records since the snapshot of that serial, one object for
//! each group of them, numbered from 1. Put together they are the text a local journal has.
//! `history/<serial>.json` is what a run left.
//!
//! # Invariants
//! - Every write is conditional: nothing is written over what was not seen before.
//! - A number of a journal is written once, so two writers never interleave. Whoever takes a lock
//!   that was not given back writes an empty object behind the last number: the former holder,
//!   however late, can append nothing more.
//! - A write whose answer was lost may be made again: what is there then is compared with what
//!   was to be written.
//! - Whether a lease has run out is told by S3's own clock.

mod bucket;
mod failure;
mod history;
mod journal;
mod lease;
mod lock;
mod objects;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use provision_core::state::history::{Entry, Past};
use provision_core::store::{Found, Holder, Lease, Loaded, NewTries, Store, StoreError};

use crate::cloud::Cloud;
use lock::{Lock, Seen};
use objects::Objects;

pub use bucket::{Bucket, Lack};

/// The store of one stack in a bucket.
pub struct S3Store {
    objects: Arc<Objects>,
    stack: String,
    term: Duration,
}

impl S3Store {
    /// The store of `stack` below `prefix` in `bucket`. Leases last for `term`.
    ///
    /// Credentials are those that were found, whichever role the spec assumes; `region` is only
    /// where the bucket's own is asked for.
    ///
    /// # Errors
    /// When the bucket is not there, or S3 does not answer.
    pub async fn connect(
        bucket: &str,
        prefix: &str,
        stack: &str,
        region: Option<&str>,
        tries: NewTries,
        term: Duration,
    ) -> Result<Self, StoreError> {
        let cloud = Bucket::find(bucket, region, &tries).await?.cloud()?;
        Ok(Self::of(cloud, bucket, prefix, stack, tries, term))
    }

    /// The same, in a bucket that is known to be where `cloud` is.
    pub fn of(cloud: Cloud, bucket: &str, prefix: &str, stack: &str, tries: NewTries, term: Duration) -> Self {
        let below = if prefix.is_empty() { format!("{stack}/") } else { format!("{prefix}/{stack}/") };
        let objects = Objects { cloud, bucket: bucket.to_owned(), below, tries };
        Self { objects: Arc::new(objects), stack: stack.to_owned(), term }
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        lock::look(&self.objects).await
    }
}

/// The snapshot's name.
const SNAPSHOT: &str = "state.json";

#[async_trait]
impl Store for S3Store {
    async fn load(&self) -> Result<Option<Loaded>, StoreError> {
        // The journal first, as `Loaded::join` asks.
        let journal = journal::read(&self.objects).await?;
        let snapshot = Found {
            place: self.objects.shown(SNAPSHOT),
            bytes: self.objects.get(SNAPSHOT).await?.map(|object| object.bytes),
        };
        Loaded::join(&self.stack, &journal, &snapshot)
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError> {
        let seen = self.seen().await?;
        if let Some(other) = seen.holder() {
            return Err(StoreError::Locked { holder: Some(other.clone()) });
        }
        let lock = Lock::take(&self.objects, holder, &seen, self.term).await?;
        if seen.is_taken_over() {
            // If this fails the lock stays taken: giving it back would say that no fence is needed.
            journal::fence(&self.objects).await?;
        }
        Ok(Box::new(lease::S3Lease::new(Arc::clone(&self.objects), lock, self.term, seen.former().cloned())))
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        Ok(self.seen().await?.holder().cloned())
    }

    async fn break_lock(&self, holder: &Holder) -> Result<(), StoreError> {
        let seen = self.seen().await?;
        match seen.holder() {
            Some(found) if found == holder => lock::take_away(&self.objects, &seen).await,
            _ => Ok(()),
        }
    }

    async fn remember(&self, past: &Past) -> Result<(), StoreError> {
        history::remember(&self.objects, past).await
    }

    async fn history(&self) -> Result<Vec<Entry>, StoreError> {
        history::history(&self.objects).await
    }

    async fn past(&self, serial: u64) -> Result<Option<Past>, StoreError> {
        history::past(&self.objects, serial).await
    }
}
