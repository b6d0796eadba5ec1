//! `lock.json`: who may write the state, and until when.
//!
//! It is never deleted: giving the lock back says so in it, so that every change of it is a
//! conditional write.

use std::time::Duration;

use provision_core::store::{Holder, StoreError};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::objects::{Condition, Object, Objects, Written};
use crate::random;

/// The lock's name.
const LOCK: &str = "lock.json";

/// Seconds beyond the term before a lock is taken over: S3 tells times in whole seconds.
const BEYOND: i64 = 2;

/// What `lock.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Names the lease among all leases.
    lease: String,
    /// How often it was renewed.
    renewed: u64,
    /// How many seconds after it was written somebody else may take it.
    term_seconds: u64,
    /// Whether it is held, was given back, or taken away.
    condition: Hold,
    /// Who took it last.
    holder: Holder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Hold {
    Held,
    GivenBack,
    TakenAway,
}

/// The lock as it was found.
pub(super) struct Seen {
    note: Option<Note>,
    condition: Condition,
    has_run_out: bool,
}

impl Seen {
    fn of(object: Option<Object>, place: &str) -> Result<Self, StoreError> {
        let Some(object) = object else {
            return Ok(Self { note: None, condition: Condition::Nothing, has_run_out: false });
        };
        let note: Note = serde_json::from_slice(&object.bytes)
            .map_err(|error| StoreError::Corrupt { place: place.to_owned(), reason: error.to_string() })?;
        let limit = i64::try_from(note.term_seconds).unwrap_or(i64::MAX).saturating_add(BEYOND);
        let has_run_out = object.age.is_some_and(|age| age > limit);
        Ok(Self { note: Some(note), condition: Condition::Tag(object.etag), has_run_out })
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> Option<&Holder> {
        let held = |note: &&Note| note.condition == Hold::Held && !self.has_run_out;
        self.note.as_ref().filter(held).map(|note| &note.holder)
    }

    /// Whether who had it last did not give it back.
    pub(super) fn is_taken_over(&self) -> bool {
        self.note.as_ref().is_some_and(|note| note.condition != Hold::GivenBack) && self.holder().is_none()
    }

    /// Who had it last and did not give it back.
    pub(super) fn former(&self) -> Option<&Holder> {
        self.note.as_ref().filter(|_| self.is_taken_over()).map(|note| &note.holder)
    }
}

/// Looks at the lock.
pub(super) async fn look(objects: &Objects) -> Result<Seen, StoreError> {
    Seen::of(objects.get(LOCK).await?, &objects.shown(LOCK))
}

/// Takes the lock away from who was seen to hold it.
pub(super) async fn take_away(objects: &Objects, seen: &Seen) -> Result<(), StoreError> {
    let Some(note) = &seen.note else { return Ok(()) };
    let note = Note { condition: Hold::TakenAway, ..note.clone() };
    match objects.put(LOCK, &text(&note)?, &seen.condition).await? {
        Written::Done(_) => Ok(()),
        Written::Refused(other) => Err(locked(Seen::of(other, &objects.shown(LOCK))?)),
    }
}

/// A lock that we hold.
pub(super) struct Lock {
    note: Note,
    condition: Condition,
}

impl Lock {
    /// Takes the lock, which was seen to be free.
    pub(super) async fn take(
        objects: &Objects,
        holder: &Holder,
        seen: &Seen,
        term: Duration,
    ) -> Result<Self, StoreError> {
        let lease = lease_id()?;
        let note =
            Note { lease, renewed: 0, term_seconds: term.as_secs(), condition: Hold::Held, holder: holder.clone() };
        match objects.put(LOCK, &text(&note)?, &seen.condition).await? {
            Written::Done(etag) => Ok(Self { note, condition: Condition::Tag(etag) }),
            Written::Refused(other) => Err(locked(Seen::of(other, &objects.shown(LOCK))?)),
        }
    }

    /// Begins its term anew.
    pub(super) async fn renew(&mut self, objects: &Objects) -> Result<(), StoreError> {
        let renewed = self.note.renewed + 1;
        self.write(objects, Note { renewed, ..self.note.clone() }).await
    }

    /// Gives it back.
    pub(super) async fn give_back(&mut self, objects: &Objects) -> Result<(), StoreError> {
        self.write(objects, Note { condition: Hold::GivenBack, ..self.note.clone() }).await
    }

    async fn write(&mut self, objects: &Objects, note: Note) -> Result<(), StoreError> {
        match objects.put(LOCK, &text(&note)?, &self.condition).await? {
            Written::Done(etag) => {
                *self = Self { note, condition: Condition::Tag(etag) };
                Ok(())
            }
            Written::Refused(other) => Err(lost(other)),
        }
    }
}

/// The error of one whose lock has become somebody else's.
pub(super) async fn lost_to(objects: &Objects) -> StoreError {
    objects.get(LOCK).await.map_or_else(|error| error, lost)
}

fn lost(found: Option<Object>) -> StoreError {
    let note = found.and_then(|object| serde_json::from_slice::<Note>(&object.bytes).ok());
    let holder = note.filter(|note| note.condition == Hold::Held).map(|note| note.holder);
    StoreError::LeaseLost { holder }
}

fn locked(seen: Seen) -> StoreError {
    StoreError::Locked { holder: seen.note.map(|note| note.holder) }
}

fn text(note: &Note) -> Result<String, StoreError> {
    serde_json::to_string_pretty(note)
        .map_err(|error| StoreError::Io { what: format!("write {LOCK}"), message: error.to_string() })
}

/// 128 random bits in hexadecimal digits.
fn lease_id() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    let generator = random::generator("s3:PutObject");
    let failed = |error: provision_core::driver::CloudError| StoreError::Io {
        what: "name a lease".to_owned(),
        message: error.message,
    };
    generator.map_err(failed)?.fill_bytes(&mut bytes);
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn seen(condition: Hold, age: Option<i64>) -> Seen {
        let holder = Holder { who: "ada@lab".into(), pid: 7, command: "provision apply".into(), since: String::new() };
        let note = Note { lease: "1".to_owned(), renewed: 3, term_seconds: 60, condition, holder };
        let object = Object { bytes: text(&note).unwrap().into_bytes(), etag: "e".to_owned(), age };
        Seen::of(Some(object), "lock").unwrap()
    }

    #[test]
    fn a_lock_is_somebody_s_until_its_term_has_surely_passed() {
        for (condition, age, is_held, is_taken_over) in [
            (Hold::Held, Some(0), true, false),
            (Hold::Held, Some(62), true, false),
            (Hold::Held, Some(63), false, true),
            (Hold::Held, None, true, false),
            (Hold::GivenBack, Some(0), false, false),
            (Hold::GivenBack, Some(99), false, false),
            (Hold::TakenAway, Some(0), false, true),
        ] {
            let seen = seen(condition, age);
            assert_eq!(
                (seen.holder().is_some(), seen.is_taken_over()),
                (is_held, is_taken_over),
                "{condition:?} {age:?}"
            );
            assert_eq!(seen.former().is_some(), is_taken_over);
        }
    }
}
