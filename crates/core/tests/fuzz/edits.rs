//! Real files with a few random edits.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Bytes that mean something to one of the languages.
const MARKS: &[u8] = b"\0\t \n\r:-[](){}\"'#&*!|>$%@`,.?<~=+\\/09aE_\x7f\x80\xc3\xff";

/// One of `files` after a few edits: lines or bytes deleted, doubled, swapped, moved
/// in or out, or spliced with another of the files.
pub(crate) fn edited(files: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edits = proptest::collection::vec((0..10_u8, any::<Index>(), any::<Index>(), select(MARKS)), 1..6);
    (select(files.clone()), select(files), edits).prop_map(|(mut bytes, other, edits)| {
        for (how, from, to, mark) in edits {
            if !bytes.is_empty() {
                bytes = if how < 5 { lines(&bytes, &other, how, from, to) } else { within(bytes, how, from, to, mark) };
            }
        }
        bytes
    })
}

fn lines(bytes: &[u8], other: &[u8], how: u8, from: Index, to: Index) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (from, to) = (from.index(lines.len()), to.index(lines.len()));
    match how {
        0 => drop(lines.remove(from)),
        1 => lines.insert(to, lines[from]),
        2 => lines.swap(from, to),
        3 => lines[from] = lines[from].strip_prefix(b"  ").unwrap_or(lines[from]),
        _ => lines
            .splice(from.min(to)..from.max(to), other.split_inclusive(|byte| *byte == b'\n').skip(from))
            .for_each(drop),
    }
    lines.concat()
}

fn within(mut bytes: Vec<u8>, how: u8, from: Index, to: Index, mark: u8) -> Vec<u8> {
    let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
    let range = from.min(to)..from.max(to);
    match how {
        5 => drop(bytes.remove(from)),
        6 => bytes[from] = mark,
        7 => bytes.insert(from, mark),
        8 => bytes.truncate(from),
        _ => bytes.extend_from_within(range.start..range.end.min(range.start + 200)),
    }
    bytes
}
