//! What takes the place of a snapshot, and when it may.

use std::sync::Arc;

use super::{Found, StoreError};
use crate::state::State;
use crate::state::format::{FormatError, Header, Moved, decode_snapshot, encode_moved, encode_successor};

/// What is to be stored in the place of a snapshot.
#[derive(Clone, Debug)]
pub enum Replacement {
    /// The successor of this state, which is the one stored but for its journal and its last changes.
    Next(Arc<State>),
    /// The successor of a state that comes from elsewhere: from a file, or from another place. It
    /// may follow what it continues, which has the same lineage and no higher serial.
    Brought(State),
    /// Word that this state is stored elsewhere from now on.
    Gone {
        /// The state as it is stored here.
        state: State,
        /// The place it is in now, as `--state` takes it.
        to: String,
    },
}

/// What a store is to write.
#[derive(Clone, Debug)]
pub struct Writing {
    /// The text of the snapshot.
    pub text: String,
    /// The serial of the snapshot.
    pub serial: u64,
    /// The header of the journal that continues it; nothing continues a state that has gone.
    pub header: Option<Header>,
}

impl Replacement {
    /// What is to be written where `found` is now.
    ///
    /// # Errors
    /// When `found` is not what this may replace, or the text could not be read again.
    pub fn over(&self, found: &Found) -> Result<Writing, StoreError> {
        let (state, is_brought) = match self {
            Self::Next(state) => (&**state, false),
            Self::Gone { state, .. } => (state, false),
            Self::Brought(state) => (state, true),
        };
        let failed = |error| StoreError::of_format(error, &found.place);
        match found.bytes.as_deref().map(decode_snapshot).transpose() {
            Ok(None) if is_brought => {}
            Ok(stored) => found.check_succession(stored.as_ref(), state, is_brought)?,
            Err(FormatError::Moved(moved)) if is_brought && is_return(&moved, state) => {}
            Err(error) => return Err(failed(error)),
        }
        self.writing(state).map_err(failed)
    }

    fn writing(&self, state: &State) -> Result<Writing, FormatError> {
        if let Self::Gone { to, .. } = self {
            let moved = Moved::of(&state.successor(), to);
            return Ok(Writing { text: encode_moved(&moved)?, serial: moved.serial, header: None });
        }
        let (text, serial) = encode_successor(state)?;
        Ok(Writing { text, serial, header: Some(Header { serial, ..Header::of(state) }) })
    }
}

/// What has gone may come back, but not as it was before it went.
fn is_return(moved: &Moved, state: &State) -> bool {
    moved.lineage == state.lineage && moved.serial <= state.serial
}

impl Found {
    /// Refuses to put `state` here if it would replace anything but what it came from, or, where
    /// it is brought from elsewhere, what it continues.
    fn check_succession(&self, stored: Option<&State>, state: &State, is_brought: bool) -> Result<(), StoreError> {
        if let Some(stored) = stored {
            self.check_stack(&state.stack, stored)?;
        }
        let serial = stored.map_or(0, |stored| stored.serial);
        if serial > state.serial || (serial < state.serial && !is_brought) {
            return Err(StoreError::Stale { expected: state.serial, found: serial });
        }
        if stored.is_some_and(|stored| stored.lineage != state.lineage) {
            return Err(self.foreign("it is another state of the same name, with a lineage of its own"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::state::Salt;
    use crate::state::format::encode_snapshot;
    use crate::store::Loaded;

    fn state(lineage: &str, serial: u64) -> State {
        State { serial, ..State::new("shop", lineage, Salt::new("5a")) }
    }

    fn found(text: Option<String>) -> Found {
        Found { place: "shop.json".to_owned(), bytes: text.map(String::into_bytes) }
    }

    fn stored(state: &State) -> Found {
        found(Some(encode_snapshot(state).unwrap()))
    }

    fn serial(replacement: &Replacement, found: &Found) -> Result<u64, StoreError> {
        replacement.over(found).map(|writing| writing.serial)
    }

    fn next(state: State) -> Replacement {
        Replacement::Next(Arc::new(state))
    }

    fn gone(state: State) -> Replacement {
        Replacement::Gone { state, to: "s3://b/p".to_owned() }
    }

    #[test]
    fn only_what_a_state_came_from_is_replaced_by_its_successor() {
        let (there, nothing) = (stored(&state("a", 2)), found(None));
        let stale = |expected, found| Err(StoreError::Stale { expected, found });
        for make in [next, gone] {
            assert_eq!(serial(&make(state("a", 2)), &there), Ok(3));
            assert_eq!(serial(&make(state("a", 0)), &nothing), Ok(1));
            assert_eq!(serial(&make(state("a", 1)), &there), stale(1, 2));
            assert_eq!(serial(&make(state("b", 0)), &there), stale(0, 2));
            assert_eq!(serial(&make(state("a", 3)), &there), stale(3, 2));
            assert_eq!(serial(&make(state("a", 1)), &nothing), stale(1, 0));
            assert!(matches!(make(state("b", 2)).over(&there), Err(StoreError::Foreign { .. })));
        }
    }

    #[test]
    fn what_is_brought_replaces_nothing_newer_and_nothing_of_another_lineage() {
        let (there, nothing) = (stored(&state("a", 2)), found(None));
        assert_eq!(serial(&Replacement::Brought(state("a", 7)), &nothing), Ok(8));
        assert_eq!(serial(&Replacement::Brought(state("a", 7)), &there), Ok(8));
        assert_eq!(serial(&Replacement::Brought(state("a", 2)), &there), Ok(3));
        let stale = Err(StoreError::Stale { expected: 1, found: 2 });
        assert_eq!(serial(&Replacement::Brought(state("a", 1)), &there), stale);
        assert!(matches!(Replacement::Brought(state("b", 7)).over(&there), Err(StoreError::Foreign { .. })));
    }

    #[test]
    fn what_has_gone_is_found_elsewhere_and_comes_back_only_from_there() {
        let writing = gone(state("a", 4)).over(&stored(&state("a", 4))).unwrap();
        assert_eq!(writing.header, None);
        let word = found(Some(writing.text));
        let moved = StoreError::Moved { place: "shop.json".to_owned(), to: "s3://b/p".to_owned() };
        assert_eq!(Loaded::join("shop", &found(None), &word), Err(moved.clone()));
        for refused in [
            next(state("a", 4)),
            next(state("a", 5)),
            Replacement::Brought(state("a", 4)),
            Replacement::Brought(state("b", 9)),
        ] {
            assert_eq!(serial(&refused, &word), Err(moved.clone()), "{refused:?}");
        }
        assert_eq!(serial(&Replacement::Brought(state("a", 5)), &word), Ok(6));
    }
}
