//! What became of the state: an entry for each run that changed it, with the state as it was left.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::State;
use super::format::{FormatError, decode_snapshot, encode_snapshot};

/// How many entries a store keeps: the latest ones.
pub const KEPT: usize = 100;

/// What is known of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The serial of the state that the run left.
    pub serial: u64,
    /// The state's lineage.
    pub lineage: String,
    /// When the run ended, in RFC 3339.
    pub when: String,
    /// `user@host`.
    pub who: String,
    /// What was run, such as `provision apply`.
    pub command: String,
    /// How it ended.
    pub ending: Ending,
    /// How many resources were `created`, `updated` and so on.
    pub counts: BTreeMap<String, usize>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All was done that was planned.
    Complete,
    /// Something failed.
    Incomplete,
    /// The user stopped it.
    Stopped,
}

/// An entry with the state that the run left. It holds no more secrets than the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// What is known of the run.
    pub entry: Entry,
    /// The state.
    pub state: State,
}

/// The text of an entry.
///
/// # Errors
/// When it could not be read again.
pub fn encode_past(past: &Past) -> Result<String, FormatError> {
    let state: Json = serde_json::from_str(&encode_snapshot(&past.state)?).map_err(corrupt)?;
    let mut json = json!({ "entry": past.entry, "state": state });
    json.sort_all_objects();
    Ok(format!("{json:#}\n"))
}

/// The entry with this text, in whichever format its state was written.
///
/// # Errors
/// When it is not what was written, or a newer build wrote it.
pub fn decode_past(text: &[u8]) -> Result<Past, FormatError> {
    #[derive(Deserialize)]
    struct Stored {
        entry: Entry,
        state: Json,
    }
    let Stored { entry, state } = serde_json::from_slice(text).map_err(corrupt)?;
    Ok(Past { entry, state: decode_snapshot(state.to_string().as_bytes())? })
}

/// The serials of the entries that go once there are more than are kept.
pub fn outdated(mut serials: Vec<u64>) -> Vec<u64> {
    serials.sort_unstable();
    serials.truncate(serials.len().saturating_sub(KEPT));
    serials
}

fn corrupt(error: serde_json::Error) -> FormatError {
    FormatError::Corrupt { place: format!("line {}", error.line()), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::state::Salt;

    #[test]
    fn what_is_written_is_read_again_and_the_latest_are_kept() {
        let state = State { serial: 7, ..State::new("shop", "0f", Salt::new("5a")) };
        let entry = Entry {
            serial: 7,
            lineage: "0f".to_owned(),
            when: "2026-11-21T00:00:00Z".to_owned(),
            who: "ada@lab".to_owned(),
            command: "provision apply".to_owned(),
            ending: Ending::Stopped,
            counts: BTreeMap::from([("created".to_owned(), 3)]),
        };
        let past = Past { entry, state };
        assert_eq!(decode_past(encode_past(&past).unwrap().as_bytes()), Ok(past));
        assert!(decode_past(b"{}").is_err());

        let most = KEPT as u64;
        assert_eq!(outdated((1..=most).rev().collect()), Vec::<u64>::new());
        assert_eq!(outdated((1..=most + 2).rev().collect()), vec![1, 2]);
    }
}
