//! Changing a state itself, and moving it elsewhere. Nothing of the cloud is touched.

use provision_core::state::{Record, State};
use provision_core::store::{Holder, Lease, Loaded, Replacement, Store, StoreError};

use crate::journal::Journal;

/// Records what `decide` says of the stored state, under the lock. Where there is none it is a
/// new one, which is not stored.
///
/// # Errors
/// What `decide` says, or when the state cannot be read or written.
pub async fn edit<E: From<StoreError>>(
    store: &dyn Store,
    holder: &Holder,
    decide: impl FnOnce(Option<&State>) -> Result<Record, E>,
) -> Result<State, E> {
    let lease = store.lock(holder).await?;
    let loaded = store.load().await;
    let decided = loaded.map_err(E::from).and_then(|loaded| {
        let state = loaded.map(|loaded| loaded.state);
        decide(state.as_ref()).map(|record| state.map(|state| (state, record)))
    });
    let (state, record) = match decided {
        Ok(Some(decided)) => decided,
        other => {
            lease.release().await?;
            return Err(other.err().unwrap_or_else(|| E::from(nothing_there())));
        }
    };
    let journal = Journal::start(lease, state).await?;
    // If it cannot be recorded the journal is broken, which closing it tells.
    let _ = journal.record(record).await;
    Ok(journal.close(|_| {}).await?)
}

/// Puts a state from elsewhere in the place of an older one of its lineage, under the lock.
/// Returns its new serial.
///
/// # Errors
/// When what is stored is newer or of another lineage, or its journal holds what the state
/// may not know of.
pub async fn push(store: &dyn Store, holder: &Holder, state: State) -> Result<u64, StoreError> {
    let lease = store.lock(holder).await?;
    let pushed = put_over(store, &*lease, state).await;
    lease.release().await?;
    pushed
}

async fn put_over(store: &dyn Store, lease: &dyn Lease, state: State) -> Result<u64, StoreError> {
    match store.load().await? {
        Some(Loaded { journalled, .. }) if journalled > 0 => Err(StoreError::Io {
            what: "push the state".to_owned(),
            message:
                "an apply was cut short, and what it recorded would be lost: apply or destroy first, then pull the \
                      state anew"
                    .to_owned(),
        }),
        _ => lease.replace(&Replacement::Brought(state)).await,
    }
}

/// Moves a state to another store, under both locks: it is written there and read back, then
/// word of it takes its place in the old store. Cut short, the same again does the rest.
/// `to_place` is where it goes, as `--state` takes it.
///
/// # Errors
/// When there is none, something else is where it is to go, or either store cannot be written.
pub async fn migrate(from: &dyn Store, to: &dyn Store, to_place: &str, holder: &Holder) -> Result<State, StoreError> {
    let old = from.lock(holder).await?;
    let new = match to.lock(holder).await {
        Ok(new) => new,
        Err(error) => {
            old.release().await?;
            return Err(error);
        }
    };
    let moved = carry(from, &*old, to, &*new, to_place).await;
    let released = (new.release().await, old.release().await);
    let state = moved?;
    released.0.and(released.1).map(|()| state)
}

async fn carry(
    from: &dyn Store,
    old: &dyn Lease,
    to: &dyn Store,
    new: &dyn Lease,
    to_place: &str,
) -> Result<State, StoreError> {
    let state = from.load().await?.ok_or_else(nothing_there)?.state;
    let successor = state.successor();
    let is_there = |found: &Loaded| found.journalled == 0 && found.state == successor;
    let written = matches!(to.load().await, Ok(Some(found)) if is_there(&found));
    if !written {
        new.replace(&Replacement::Brought(state.clone())).await?;
    }
    if !to.load().await?.as_ref().is_some_and(is_there) {
        let message = "what is read back there is not what was written; the old one is still in force".to_owned();
        return Err(StoreError::Io { what: format!("move the state to {to_place}"), message });
    }
    // Written without the journal that was folded in, so that nothing is left of it to be folded again.
    old.replace(&Replacement::Gone { state, to: to_place.to_owned() }).await?;
    Ok(successor)
}

fn nothing_there() -> StoreError {
    let message = "there is none: apply the spec first, or say with `--state` where it is".to_owned();
    StoreError::Io { what: "find the state".to_owned(), message }
}
