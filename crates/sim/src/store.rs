//! A store in memory, with the guarantees of the local one: what it holds is the very
//! text that a file would.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use provision_core::state::format::{Header, encode_header, encode_records, encode_snapshot};
use provision_core::state::history::{Entry, Past, encode_past, outdated};
use provision_core::state::{Record, State};
use provision_core::store::{Found, Holder, Lease, Loaded, Replacement, Store, StoreError};

use crate::process::Process;

/// The store of one stack. Clones are the same store.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    stack: String,
    texts: Arc<Mutex<Texts>>,
    /// How many appends are still to fail.
    failing: Arc<AtomicU32>,
}

#[derive(Debug, Default)]
struct Texts {
    snapshot: Option<String>,
    journal: Option<String>,
    lock: Option<(Holder, Arc<Process>)>,
    history: BTreeMap<u64, String>,
}

impl MemoryStore {
    /// An empty store for `stack`.
    pub fn new(stack: &str) -> Self {
        Self { stack: stack.to_owned(), texts: Arc::default(), failing: Arc::default() }
    }

    /// The store as `process` reaches it.
    pub fn connect(&self, process: Arc<Process>) -> Arc<dyn Store> {
        Arc::new(Connection { store: self.clone(), process })
    }

    /// Lets the next `times` appends fail without an effect.
    pub fn fail_appends(&self, times: u32) {
        self.failing.store(times, Ordering::Relaxed);
    }

    /// The state as it is stored now.
    ///
    /// # Errors
    /// When what is stored is damaged.
    pub fn state(&self) -> Result<Option<State>, StoreError> {
        Ok(self.read()?.map(|loaded| loaded.state))
    }

    /// Changes the stored state as somebody who works on it by hand.
    ///
    /// # Errors
    /// When what is stored is damaged.
    pub fn edit(&self, edit: impl FnOnce(&mut State)) -> Result<(), StoreError> {
        if let Some(mut state) = self.state()? {
            edit(&mut state);
            let text = encode_snapshot(&state).map_err(|error| StoreError::of_format(error, "the snapshot"))?;
            *self.texts() = Texts { snapshot: Some(text), ..Texts::default() };
        }
        Ok(())
    }

    /// Everything that is stored, as text.
    pub fn text(&self) -> String {
        let texts = self.texts();
        [&texts.snapshot, &texts.journal].into_iter().flatten().map(String::as_str).collect()
    }

    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<Option<Loaded>, StoreError> {
        let texts = self.texts();
        Loaded::join(&self.stack, &found("the journal", &texts.journal), &found("the snapshot", &texts.snapshot))
    }
}

fn found(place: &str, text: &Option<String>) -> Found {
    Found { place: place.to_owned(), bytes: text.clone().map(String::into_bytes) }
}

fn failed(message: &str) -> StoreError {
    StoreError::Io { what: "append to the journal".to_owned(), message: message.to_owned() }
}

struct Connection {
    store: MemoryStore,
    process: Arc<Process>,
}

#[async_trait]
impl Store for Connection {
    async fn load(&self) -> Result<Option<Loaded>, StoreError> {
        self.store.read()
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError> {
        let mut texts = self.store.texts();
        if let Some((holder, _)) = texts.lock.as_ref().filter(|(_, process)| !process.is_dead()) {
            return Err(StoreError::Locked { holder: Some(holder.clone()) });
        }
        texts.lock = Some((holder.clone(), self.process.clone()));
        let (store, process) = (self.store.clone(), self.process.clone());
        Ok(Box::new(MemoryLease { store, process, journal: Mutex::new(Journal::Closed) }))
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        let texts = self.store.texts();
        Ok(texts.lock.as_ref().filter(|(_, process)| !process.is_dead()).map(|(holder, _)| holder.clone()))
    }

    async fn break_lock(&self, holder: &Holder) -> Result<(), StoreError> {
        self.store.texts().lock.take_if(|(found, _)| found == holder);
        Ok(())
    }

    async fn remember(&self, past: &Past) -> Result<(), StoreError> {
        let text = encode_past(past).map_err(|error| StoreError::of_format(error, "the history"))?;
        let history = &mut self.store.texts().history;
        history.insert(past.entry.serial, text);
        for serial in outdated(history.keys().copied().collect()) {
            history.remove(&serial);
        }
        Ok(())
    }

    async fn history(&self) -> Result<Vec<Entry>, StoreError> {
        let texts: Vec<String> = self.store.texts().history.values().cloned().collect();
        let entries = texts.into_iter().map(|text| found("the history", &Some(text)).past());
        Ok(entries.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(|past| past.entry).collect())
    }

    async fn past(&self, serial: u64) -> Result<Option<Past>, StoreError> {
        let text = self.store.texts().history.get(&serial).cloned();
        found("the history", &text).past()
    }
}

struct MemoryLease {
    store: MemoryStore,
    process: Arc<Process>,
    journal: Mutex<Journal>,
}

enum Journal {
    /// Nothing was saved yet, or a write failed.
    Closed,
    /// To be made with the next append.
    New(Header),
    Open,
}

impl MemoryLease {
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, records: &[Record]) -> Result<(), StoreError> {
        let place = "the journal";
        let lines = encode_records(records).map_err(|error| StoreError::of_format(error, place))?;
        let take_one = |left: u32| left.checked_sub(1);
        let fails = self.store.failing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_ok();
        let journal = std::mem::replace(&mut *self.journal(), Journal::Closed);
        if fails {
            return Err(failed("the disk is full"));
        }
        let mut texts = self.store.texts();
        match journal {
            Journal::Closed => return Err(failed("nothing was saved before it, or an earlier write failed")),
            Journal::New(header) => {
                let header = encode_header(&header).map_err(|error| StoreError::of_format(error, place))?;
                texts.journal = Some(header + &lines);
            }
            Journal::Open => texts.journal.get_or_insert_default().push_str(&lines),
        }
        *self.journal() = Journal::Open;
        Ok(())
    }

    fn put(&self, replacement: &Replacement) -> Result<u64, StoreError> {
        let mut texts = self.store.texts();
        let writing = replacement.over(&found("the snapshot", &texts.snapshot))?;
        texts.snapshot = Some(writing.text);
        texts.journal = None;
        *self.journal() = writing.header.map_or(Journal::Closed, Journal::New);
        Ok(writing.serial)
    }

    fn free(&self) {
        let mut texts = self.store.texts();
        texts.lock.take_if(|(_, process)| Arc::ptr_eq(process, &self.process));
    }
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        self.free();
    }
}

#[async_trait]
impl Lease for MemoryLease {
    async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
        let call = self.process.enter("append").await;
        let written = self.write(records);
        self.process.leave(call, "append").await;
        written
    }

    async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError> {
        let call = self.process.enter("save").await;
        let saved = self.put(replacement);
        self.process.leave(call, "save").await;
        saved
    }

    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        self.free();
        Ok(())
    }
}
