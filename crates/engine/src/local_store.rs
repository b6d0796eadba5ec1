//! A state in files: `<stack>.json`, beside it `<stack>.journal` while an apply is
//! under way or was cut short, `<stack>.lock`, and the history in `<stack>.history`.
//!
//! # Invariants
//! - The snapshot is replaced by renaming a synced file, and the directory is synced
//!   before the old journal goes: at every instant snapshot and journal together
//!   hold all that was reported durable.
//! - The journal is made by the same kind of rename, with its first records in it,
//!   so a header is never torn; records are then appended and synced.
//! - The lock file is never deleted: deleting it would let a second process lock a
//!   new file while the first still holds the old one. Where the lock is broken that is
//!   what happens; so before every write the first looks whether the file at its
//!   place still names it.

mod history;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use provision_core::state::Record;
use provision_core::state::format::{Header, encode_header, encode_records};
use provision_core::state::history::{Entry, Past};
use provision_core::store::{Found, Holder, Lease, Loaded, Replacement, Store, StoreError};

use crate::pace;

/// The store of one stack in a directory, which is made on the first lock.
#[derive(Clone, Debug)]
pub struct LocalStore {
    files: Files,
    stack: String,
}

/// Where the parts lie.
#[derive(Clone, Debug)]
struct Files {
    directory: PathBuf,
    snapshot: PathBuf,
    journal: PathBuf,
    lock: PathBuf,
    history: PathBuf,
}

impl LocalStore {
    /// The store of `stack` in `directory`, `state` unless the spec says otherwise.
    pub fn new(directory: impl Into<PathBuf>, stack: &str) -> Self {
        let directory = directory.into();
        let file = |extension: &str| directory.join(format!("{stack}.{extension}"));
        let (snapshot, journal, lock, history) = (file("json"), file("journal"), file("lock"), file("history"));
        Self { files: Files { directory, snapshot, journal, lock, history }, stack: stack.to_owned() }
    }
}

#[async_trait]
impl Store for LocalStore {
    async fn load(&self) -> Result<Option<Loaded>, StoreError> {
        let Self { files, stack } = self.clone();
        blocking(move || {
            // The journal first, as `Loaded::join` asks.
            let journal = find(&files.journal)?;
            let snapshot = find(&files.snapshot)?;
            Loaded::join(&stack, &journal, &snapshot)
        })
        .await
    }

    async fn lock(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError> {
        for _ in 0..NAMELESS {
            match self.take(holder).await {
                Err(StoreError::Locked { holder: None }) => pace::wait(A_MOMENT).await,
                taken => return taken,
            }
        }
        self.take(holder).await
    }

    async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        let path = self.files.lock.clone();
        blocking(move || holder_in(&path)).await
    }

    async fn break_lock(&self, holder: &Holder) -> Result<(), StoreError> {
        let (path, holder) = (self.files.lock.clone(), holder.clone());
        blocking(move || match holder_in(&path)? {
            // Whoever has the file open goes on locking it, but it is in nobody's way.
            Some(found) if found == holder => {
                replace(&path, "").map(drop).map_err(|error| failed("write", &path, &error))
            }
            _ => Ok(()),
        })
        .await
    }

    async fn remember(&self, past: &Past) -> Result<(), StoreError> {
        let (directory, past) = (self.files.history.clone(), past.clone());
        blocking(move || history::remember(&directory, &past)).await
    }

    async fn history(&self) -> Result<Vec<Entry>, StoreError> {
        let directory = self.files.history.clone();
        blocking(move || history::history(&directory)).await
    }

    async fn past(&self, serial: u64) -> Result<Option<Past>, StoreError> {
        let directory = self.files.history.clone();
        blocking(move || history::past(&directory, serial)).await
    }
}

/// How often a lock is looked at again whose holder has no name: it has just been taken, is being
/// given back, or is only looked at.
const NAMELESS: u32 = 100;

/// The time between two such looks.
const A_MOMENT: Duration = Duration::from_millis(10);

impl LocalStore {
    async fn take(&self, holder: &Holder) -> Result<Box<dyn Lease>, StoreError> {
        let (files, holder) = (self.files.clone(), holder.clone());
        let held = blocking(move || Held::take(files, holder)).await?;
        Ok(Box::new(LocalLease(Arc::new(Mutex::new(held)))))
    }
}

/// Who locks the file at `path`.
fn holder_in(path: &Path) -> Result<Option<Holder>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let mut lock = open_lock(path)?;
    Ok(if is_free(&lock, path)? { None } else { read_holder(&mut lock) })
}

/// A lock that is held until the last clone of the lease has gone, those in calls
/// under way among them.
struct LocalLease(Arc<Mutex<Held>>);

impl LocalLease {
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Held) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let held = Arc::clone(&self.0);
        // A call that panicked left `Journal::Closed` behind, so what it held is sound.
        blocking(move || work(&mut held.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

#[async_trait]
impl Lease for LocalLease {
    async fn append(&self, records: &[Record]) -> Result<(), StoreError> {
        let lines = encode_records(records);
        self.with(move |held| {
            let lines = lines.map_err(|error| StoreError::of_format(error, &shown(&held.files.journal)))?;
            held.append(&lines)
        })
        .await
    }

    async fn replace(&self, replacement: &Replacement) -> Result<u64, StoreError> {
        let replacement = replacement.clone();
        self.with(move |held| held.replace(&replacement)).await
    }

    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        self.with(|held| held.lock.set_len(0).map_err(|error| failed("clear", &held.files.lock, &error))).await
    }
}

struct Held {
    files: Files,
    /// Locked while it is open.
    lock: File,
    holder: Holder,
    journal: Journal,
}

enum Journal {
    /// Nothing was saved yet, or a write failed and may have left half of it.
    Closed,
    /// To be made with the next append.
    New(Header),
    /// At its end.
    Open(File),
}

impl Held {
    fn take(files: Files, holder: Holder) -> Result<Self, StoreError> {
        make_directory(&files.directory)?;
        let mut lock = open_lock(&files.lock)?;
        if !is_free(&lock, &files.lock)? {
            return Err(StoreError::Locked { holder: read_holder(&mut lock) });
        }
        write_holder(&mut lock, &holder).map_err(|error| failed("write", &files.lock, &error))?;
        Ok(Self { files, lock, holder, journal: Journal::Closed })
    }

    fn append(&mut self, lines: &str) -> Result<(), StoreError> {
        self.check_lock()?;
        // Stays closed unless all goes well.
        let file = match std::mem::replace(&mut self.journal, Journal::Closed) {
            Journal::Closed => return Err(closed(&self.files.journal)),
            Journal::New(header) => self.start_journal(&header, lines)?,
            Journal::Open(mut file) => {
                let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
                written.map_err(|error| failed("append to", &self.files.journal, &error))?;
                file
            }
        };
        self.journal = Journal::Open(file);
        Ok(())
    }

    fn start_journal(&self, header: &Header, lines: &str) -> Result<File, StoreError> {
        let path = &self.files.journal;
        let header = encode_header(header).map_err(|error| StoreError::of_format(error, &shown(path)))?;
        replace(path, &(header + lines)).map_err(|error| failed("write", path, &error))
    }

    fn replace(&mut self, replacement: &Replacement) -> Result<u64, StoreError> {
        self.check_lock()?;
        let path = &self.files.snapshot;
        let writing = replacement.over(&find(path)?)?;
        // If this fails half-way nobody knows which snapshot the open journal follows.
        self.journal = Journal::Closed;
        replace(path, &writing.text).map_err(|error| failed("write", path, &error))?;
        self.journal = writing.header.map_or(Journal::Closed, Journal::New);
        // Only tidying: the header ties the old journal to the old snapshot.
        let _ = fs::remove_file(&self.files.journal);
        Ok(writing.serial)
    }

    /// A broken lock is a file that is no longer in its place.
    fn check_lock(&self) -> Result<(), StoreError> {
        let path = &self.files.lock;
        let found = fs::read(path).map_err(|error| failed("read", path, &error))?;
        match serde_json::from_slice(&found).ok() {
            Some(holder) if holder == self.holder => Ok(()),
            holder => Err(StoreError::LeaseLost { holder }),
        }
    }
}

fn open_lock(path: &Path) -> Result<File, StoreError> {
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    lock.map_err(|error| failed("open", path, &error))
}

/// Locks the file unless another process has.
fn is_free(lock: &File, path: &Path) -> Result<bool, StoreError> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(failed("lock", path, &error)),
    }
}

fn write_holder(lock: &mut File, holder: &Holder) -> io::Result<()> {
    lock.set_len(0)?;
    lock.write_all(serde_json::to_string(holder)?.as_bytes())
}

/// Who wrote the lock file; `None` if they have just locked it and not yet said who they are.
fn read_holder(lock: &mut File) -> Option<Holder> {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Puts a synced file with this text at `path` and returns it, open at its end. One
/// who reads at `path` sees the old text or the new one, even after a power cut.
fn replace(path: &Path, text: &str) -> io::Result<File> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_directory(path.parent().unwrap_or(Path::new("")))?;
    Ok(file)
}

fn make_directory(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    let made = fs::create_dir_all(path).and_then(|()| sync_directory(path.parent().unwrap_or(Path::new(""))));
    made.map_err(|error| failed("make", path, &error))
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let here = Path::new(".");
    File::open(if path.as_os_str().is_empty() { here } else { path })?.sync_all()
}

fn find(path: &Path) -> Result<Found, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("read", path, &error)),
    };
    Ok(Found { place: shown(path), bytes })
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn closed(journal: &Path) -> StoreError {
    let message = "nothing was saved before it, or an earlier write failed".to_owned();
    StoreError::Io { what: format!("append to {}", shown(journal)), message }
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> StoreError {
    let message = match error.kind() {
        _ if verb != "make" && path.is_dir() => "a directory is in its place: move it away".to_owned(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            format!("a file is where a directory should be ({error}): move it away")
        }
        io::ErrorKind::PermissionDenied => format!("{error}: give this user the right to read and write there"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!("{error}: make room there"),
        io::ErrorKind::ReadOnlyFilesystem => format!("{error}: store the state elsewhere"),
        _ => error.to_string(),
    };
    StoreError::Io { what: format!("{verb} {}", shown(path)), message }
}

/// Runs work on files where it keeps no other task waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        let what = "read or write the state's files".to_owned();
        Err(StoreError::Io { what, message: error.to_string() })
    })
}

#[cfg(test)]
mod tests;
