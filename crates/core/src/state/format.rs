//! The state as text.
//!
//! A snapshot is one JSON document with its keys in order. A journal is lines, each
//! a checksum, a space and JSON: first a [`Header`], then records. A last line
//! without its line feed was cut off while it was written, so nobody was told it
//! was durable: it is passed over. Any other bad line is an error, for something
//! owned may be lost with it.
//!
//! The shape of a line and a document's top-level `version` are the same in every
//! format, so that each build can tell a newer format from a damaged one.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{FORMAT, Record, Resource, State};

/// How deep a record may nest. The reader of JSON stops at 128, and what a record
/// holds lies a little deeper in the snapshot.
const DEEPEST: usize = 100;

/// The hexadecimal digits of a line's checksum: the first ones of its BLAKE3 hash.
const CHECKSUM_DIGITS: usize = 16;

/// Why a text cannot be read, or a state not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It is not what was written.
    #[error("{place}: {reason}")]
    Corrupt {
        /// Where in the text, such as `line 3`.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A newer build wrote it.
    #[error("written in format {found}, and this build knows formats up to {known}: upgrade provision")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest format this build knows.
        known: u32,
    },
    /// It is only word that the state is elsewhere.
    #[error("the state was moved to {}", .0.to)]
    Moved(Moved),
    /// It could be written, but never be read again.
    #[error("values nest more than {DEEPEST} levels deep, which cannot be stored: make them flatter")]
    TooDeep,
}

/// What a journal continues, in its first line: no snapshot but this may be folded with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The format of the lines below.
    pub version: u32,
    /// The lineage of the snapshot.
    pub lineage: String,
    /// The serial of the snapshot.
    pub serial: u64,
}

impl Header {
    /// The header of the journal that continues `snapshot`.
    pub fn of(snapshot: &State) -> Self {
        Self { version: FORMAT, lineage: snapshot.lineage.clone(), serial: snapshot.serial }
    }
}

/// A journal that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// What it continues.
    pub header: Header,
    /// Its records, in the order they were made durable.
    pub records: Vec<Record>,
}

/// Word that a state is stored elsewhere, left where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The format of this text.
    version: u32,
    /// The lineage of the state.
    pub lineage: String,
    /// The first serial it has in the other place: one with a lower serial is older.
    pub serial: u64,
    /// The other place, as `--state` takes it.
    #[serde(rename = "moved_to")]
    pub to: String,
}

impl Moved {
    /// Word that `state` is in the place `to`.
    pub fn of(state: &State, to: &str) -> Self {
        Self { version: FORMAT, lineage: state.lineage.clone(), serial: state.serial, to: to.to_owned() }
    }
}

/// The part that every format has, and the one that tells word of a state from the state.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
    moved_to: Option<serde::de::IgnoredAny>,
}

/// The text of a snapshot.
pub fn encode_snapshot(state: &State) -> Result<String, FormatError> {
    encode_with_serial(state, state.serial)
}

/// The text of the snapshot that takes the place of the one that `state` was read from, and
/// its serial.
///
/// # Errors
/// As [`encode_snapshot`].
pub fn encode_successor(state: &State) -> Result<(String, u64), FormatError> {
    let serial = state.serial.saturating_add(1);
    Ok((encode_with_serial(state, serial)?, serial))
}

/// Writes resource after resource, since all of them as JSON take many times their text.
fn encode_with_serial(state: &State, serial: u64) -> Result<String, FormatError> {
    let rest = storable(&without_resources(state, serial), DEEPEST + 10)?;
    let rest = format!("{rest:#}\n");
    let empty = "\n  \"resources\": {}";
    let Some((before, after)) = rest.split_once(empty).filter(|_| !state.resources.is_empty()) else {
        return Ok(rest);
    };
    let mut text = format!("{before}{}", empty.trim_end_matches('}'));
    let mut resources: Vec<(String, &Resource)> = state.resources.iter().map(|(at, it)| (at.to_string(), it)).collect();
    resources.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for (index, (address, resource)) in resources.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let json = storable(resource, DEEPEST + 8)?;
        let lines = format!("{json:#}").replace('\n', "\n    ");
        text.push_str(&format!("{comma}\n    {}: {lines}", Json::from(address)));
    }
    text.push_str("\n  }");
    text.push_str(after);
    Ok(text)
}

fn without_resources(state: &State, serial: u64) -> State {
    State {
        version: state.version,
        lineage: state.lineage.clone(),
        serial,
        stack: state.stack.clone(),
        account_id: state.account_id.clone(),
        region: state.region.clone(),
        assume_role: state.assume_role.clone(),
        salt: state.salt.clone(),
        next_generation: state.next_generation,
        resources: BTreeMap::new(),
        outputs: state.outputs.clone(),
        durations: state.durations.clone(),
    }
}

/// The snapshot with this text, in whichever format it was written.
pub fn decode_snapshot(text: &[u8]) -> Result<State, FormatError> {
    if check_version(text, 1)?.moved_to.is_some() {
        return Err(FormatError::Moved(decode_json(text, 1)?));
    }
    Ok(State { version: FORMAT, ..decode_json(text, 1)? })
}

/// The text that stands where a state was.
pub fn encode_moved(moved: &Moved) -> Result<String, FormatError> {
    Ok(format!("{:#}\n", storable(moved, DEEPEST)?))
}

/// The text of a journal's first line.
pub fn encode_header(header: &Header) -> Result<String, FormatError> {
    encode_line(header)
}

/// The text of a journal's lines for `records`.
pub fn encode_records<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<String, FormatError> {
    records.into_iter().map(encode_line).collect()
}

/// The journal with this text; `None` if not even its first line is whole.
pub fn decode_journal(text: &[u8]) -> Result<Option<Journal>, FormatError> {
    let whole = text.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    let mut lines = (1..).zip(whole);
    let Some((number, first)) = lines.next() else {
        return Ok(None);
    };
    let first = checked(first, number)?;
    check_version(first, number)?;
    let header = decode_json(first, number)?;
    let records = lines.map(|(number, line)| decode_json(checked(line, number)?, number)).collect::<Result<_, _>>()?;
    Ok(Some(Journal { header, records }))
}

fn encode_line(content: &impl Serialize) -> Result<String, FormatError> {
    let json = storable(content, DEEPEST)?.to_string();
    Ok(format!("{} {json}\n", checksum(json.as_bytes())))
}

fn checksum(json: &[u8]) -> String {
    let mut digits = blake3::hash(json).to_string();
    digits.truncate(CHECKSUM_DIGITS);
    digits
}

/// The JSON of a line without its line feed, if it is what was written.
fn checked(line: &[u8], number: usize) -> Result<&[u8], FormatError> {
    let parts = line.split_at_checked(CHECKSUM_DIGITS).and_then(|(sum, rest)| Some((sum, rest.strip_prefix(b" ")?)));
    match parts {
        Some((sum, json)) if sum == checksum(json).as_bytes() => Ok(json),
        _ => Err(corrupt(number, "the line does not match its checksum")),
    }
}

/// The content as JSON with its keys in order, if it can be read again.
fn storable(content: &impl Serialize, deepest: usize) -> Result<Json, FormatError> {
    let mut json = serde_json::to_value(content).map_err(|error| corrupt(1, error.to_string()))?;
    if is_deeper(&json, deepest) {
        return Err(FormatError::TooDeep);
    }
    json.sort_all_objects();
    Ok(json)
}

fn is_deeper(json: &Json, levels: usize) -> bool {
    let is_deeper_below = |inner: &Json| levels == 0 || is_deeper(inner, levels - 1);
    match json {
        Json::Array(items) => items.iter().any(is_deeper_below),
        Json::Object(entries) => entries.values().any(is_deeper_below),
        _ => false,
    }
}

fn check_version(json: &[u8], line: usize) -> Result<Versioned, FormatError> {
    let versioned: Versioned = decode_json(json, line)?;
    match versioned.version {
        1..=FORMAT => Ok(versioned),
        0 => Err(corrupt(line, "there is no format 0")),
        found => Err(FormatError::Newer { found, known: FORMAT }),
    }
}

/// Reads JSON that begins in line `first_line`.
fn decode_json<T: DeserializeOwned>(json: &[u8], first_line: usize) -> Result<T, FormatError> {
    serde_json::from_slice(json).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let line = first_line + error.line().saturating_sub(1);
        corrupt(line, text.strip_suffix(&position).unwrap_or(&text))
    })
}

fn corrupt(line: usize, reason: impl Into<String>) -> FormatError {
    FormatError::Corrupt { place: format!("line {line}"), reason: reason.into() }
}
