//! The history as objects: `history/<serial>.json`.

use futures::{StreamExt, TryStreamExt, stream};
use provision_core::state::history::{Entry, Past, encode_past, outdated};
use provision_core::store::{Found, StoreError};

use super::objects::{Condition, Objects, Written};

/// What the names of all entries begin with.
const HISTORY: &str = "history/";

/// How many objects are asked for at once.
const AT_ONCE: usize = 16;

fn name(serial: u64) -> String {
    format!("{HISTORY}{serial}.json")
}

fn parse(name: &str) -> Option<u64> {
    name.strip_prefix(HISTORY)?.strip_suffix(".json")?.parse().ok()
}

/// Keeps an entry, and lets go of those that are outdated.
pub(super) async fn remember(objects: &Objects, past: &Past) -> Result<(), StoreError> {
    let name = name(past.entry.serial);
    let text = encode_past(past).map_err(|error| StoreError::of_format(error, &objects.shown(&name)))?;
    let mut condition = Condition::Nothing;
    while let Written::Refused(other) = objects.put(&name, &text, &condition).await? {
        condition = other.map_or(Condition::Nothing, |object| Condition::Tag(object.etag));
    }
    let outdated = outdated(serials(objects).await?);
    // Only tidying: the next entry tries again.
    let _ = objects.delete(&outdated.into_iter().map(self::name).collect::<Vec<_>>()).await;
    Ok(())
}

/// All entries, oldest first.
pub(super) async fn history(objects: &Objects) -> Result<Vec<Entry>, StoreError> {
    let mut serials = serials(objects).await?;
    serials.sort_unstable();
    let all = stream::iter(serials).map(|serial| past(objects, serial)).buffered(AT_ONCE);
    let all: Vec<Option<Past>> = all.try_collect().await?;
    Ok(all.into_iter().flatten().map(|past| past.entry).collect())
}

/// The entry of a serial.
pub(super) async fn past(objects: &Objects, serial: u64) -> Result<Option<Past>, StoreError> {
    let name = name(serial);
    let bytes = objects.get(&name).await?.map(|object| object.bytes);
    Found { place: objects.shown(&name), bytes }.past()
}

async fn serials(objects: &Objects) -> Result<Vec<u64>, StoreError> {
    Ok(objects.list(HISTORY).await?.iter().filter_map(|it| parse(&it.name)).collect())
}
