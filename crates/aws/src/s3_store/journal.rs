//! The journal as numbered objects.

use futures::{StreamExt, TryStreamExt, stream};
use provision_core::state::format::decode_snapshot;
use provision_core::store::{Found, StoreError};

use super::SNAPSHOT;
use super::objects::{Condition, Listed, Object, Objects, Written};

/// What the names of all journals begin with.
const JOURNALS: &str = "journal/";

/// How many objects are asked for at once.
const AT_ONCE: usize = 16;

/// The name of the journal's object `number` behind the snapshot `serial`.
pub(super) fn name(serial: u64, number: u64) -> String {
    format!("{JOURNALS}{serial}/{number}")
}

fn parse(name: &str) -> Option<(u64, u64)> {
    let (serial, number) = name.strip_prefix(JOURNALS)?.split_once('/')?;
    Some((serial.parse().ok()?, number.parse().ok()?))
}

/// The journal behind the highest serial that has one. Numbers that are not there, nor any
/// after them, do not belong to it.
pub(super) async fn read(objects: &Objects) -> Result<Found, StoreError> {
    let there: Vec<(u64, u64)> = objects.list(JOURNALS).await?.iter().filter_map(|it| parse(&it.name)).collect();
    let serial = there.iter().map(|(serial, _)| *serial).max().unwrap_or_default();
    let last = there.iter().filter(|(of, _)| *of == serial).map(|(_, number)| *number).max().unwrap_or_default();
    let parts = stream::iter(1..=last).map(|number| get(objects, serial, number)).buffered(AT_ONCE);
    let parts: Vec<Option<Object>> = parts.try_collect().await?;
    let whole = parts.into_iter().map_while(|part| part).flat_map(|part| part.bytes);
    let bytes = (last > 0).then(|| whole.collect());
    Ok(Found { place: objects.shown(&format!("{JOURNALS}{serial}/")), bytes })
}

async fn get(objects: &Objects, serial: u64, number: u64) -> Result<Option<Object>, StoreError> {
    objects.get(&name(serial, number)).await
}

/// Closes the journal of whoever had the lock before: nothing can follow an empty object.
pub(super) async fn fence(objects: &Objects) -> Result<(), StoreError> {
    let Some(snapshot) = objects.get(SNAPSHOT).await? else { return Ok(()) };
    // One that cannot be read cannot be written over either, as loading it tells.
    let Ok(state) = decode_snapshot(&snapshot.bytes) else { return Ok(()) };
    let there = objects.list(&format!("{JOURNALS}{}/", state.serial)).await?;
    let mut next =
        there.iter().filter_map(|it| parse(&it.name)).map(|(_, number)| number).max().unwrap_or_default() + 1;
    while let Written::Refused(_) = objects.put(&name(state.serial, next), "", &Condition::Nothing).await? {
        next += 1;
    }
    Ok(())
}

/// Deletes the journals that older snapshots had: they are contained in the one there is. What
/// closed a journal stays: whoever lost the lock may have slept through all that came after.
pub(super) async fn tidy(objects: &Objects, serial: u64) {
    let Ok(there) = objects.list(JOURNALS).await else { return };
    let is_older = |it: &Listed| parse(&it.name).is_some_and(|(of, _)| of < serial);
    let older = there.into_iter().filter(|it| is_older(it) && !it.is_empty).map(|it| it.name);
    // What is left over is passed over by its serial.
    let _ = objects.delete(&older.collect::<Vec<_>>()).await;
}
