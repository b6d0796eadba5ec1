//! The history in files: `<stack>.history/<serial>.json`.

use std::fs;
use std::path::{Path, PathBuf};

use provision_core::state::history::{Entry, Past, encode_past, outdated};
use provision_core::store::StoreError;

use super::{failed, find, make_directory, replace, shown};

/// Keeps an entry, and lets go of those that are outdated.
pub(super) fn remember(directory: &Path, past: &Past) -> Result<(), StoreError> {
    make_directory(directory)?;
    let path = file(directory, past.entry.serial);
    let text = encode_past(past).map_err(|error| StoreError::of_format(error, &shown(&path)))?;
    replace(&path, &text).map_err(|error| failed("write", &path, &error))?;
    for serial in outdated(serials(directory)?) {
        // Only tidying: the next entry tries again.
        let _ = fs::remove_file(file(directory, serial));
    }
    Ok(())
}

/// All entries, oldest first.
pub(super) fn history(directory: &Path) -> Result<Vec<Entry>, StoreError> {
    let mut serials = serials(directory)?;
    serials.sort_unstable();
    let all = serials.into_iter().map(|serial| past(directory, serial));
    Ok(all.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(|past| past.entry).collect())
}

/// The entry of a serial.
pub(super) fn past(directory: &Path, serial: u64) -> Result<Option<Past>, StoreError> {
    find(&file(directory, serial))?.past()
}

fn file(directory: &Path, serial: u64) -> PathBuf {
    directory.join(format!("{serial}.json"))
}

/// What is there under the name of a serial.
fn serials(directory: &Path) -> Result<Vec<u64>, StoreError> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let unread = |error| failed("read", directory, &error);
    let entries = fs::read_dir(directory).map_err(unread)?.collect::<Result<Vec<_>, _>>().map_err(unread)?;
    let names = entries.iter().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.strip_suffix(".json")?.parse().ok()).collect())
}
