//! Whatever stands in a state file: it is read or refused, and a journal that was damaged
//! is never taken for a whole one.

#![allow(clippy::unwrap_used)]

mod fuzz;

use fuzz::{Hard, alone, cases, each_alone, edited, files, tried};
use proptest::prelude::*;
use proptest::sample::Index;
use provision_core::state::fold;
use provision_core::state::format::{
    Journal, decode_journal, decode_snapshot, encode_header, encode_records, encode_snapshot,
};

/// Reads it as both; what can be read can be written and read again.
fn check(bytes: &[u8]) {
    tried(bytes);
    if let Ok(state) = decode_snapshot(bytes) {
        let text = encode_snapshot(&state).unwrap();
        assert_eq!(decode_snapshot(text.as_bytes()), Ok(state));
    }
    if let Ok(Some(journal)) = decode_journal(bytes) {
        assert_eq!(decode_journal(&encoded(&journal)), Ok(Some(journal)));
    }
}

fn encoded(journal: &Journal) -> Vec<u8> {
    (encode_header(&journal.header).unwrap() + &encode_records(&journal.records).unwrap()).into_bytes()
}

/// A journal and snapshot as the tests of formats keep them.
fn fixtures() -> Vec<Vec<u8>> {
    files("state/fixtures")
}

/// The journal of the present format.
fn journal() -> Vec<u8> {
    fixtures().into_iter().rfind(|bytes| decode_journal(bytes).is_ok()).unwrap()
}

/// Marks of JSON and names of the state in any order.
fn soup() -> impl Strategy<Value = String> {
    "([\\[\\]{},:\"0-9a-f \n]|\"version\":1|\"resources\":|\"record\":|\"created\"|null|true|1e99|\\\\u00){0,40}"
}

#[test]
fn any_bytes_are_read_or_refused() {
    alone("any_bytes_are_read_or_refused", || {
        proptest!(cases(2_000), |(bytes in proptest::collection::vec(any::<u8>(), 0..200))| check(&bytes));
    });
}

#[test]
fn any_marks_are_read_or_refused() {
    alone("any_marks_are_read_or_refused", || proptest!(cases(2_000), |(text in soup())| check(text.as_bytes())));
}

#[test]
fn any_edit_of_a_state_is_read_or_refused() {
    alone("any_edit_of_a_state_is_read_or_refused", || {
        proptest!(cases(2_000), |(bytes in edited(fixtures()))| check(&bytes));
    });
}

/// Lines that are whole may be lost or doubled by hands alone; a damaged byte is always
/// found, but for the last line feed: without it the last line was never told durable.
#[test]
fn a_damaged_byte_is_an_error_or_a_torn_end() {
    let whole = journal();
    let records = decode_journal(&whole).unwrap().unwrap().records;
    alone("a_damaged_byte_is_an_error_or_a_torn_end", || {
        proptest!(cases(2_000), |(at in any::<Index>(), byte in any::<u8>())| {
            let (mut bytes, at) = (whole.clone(), at.index(whole.len()));
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            tried(&bytes);
            match decode_journal(&bytes) {
                Ok(Some(torn)) => {
                    prop_assert_eq!(at, whole.len() - 1);
                    prop_assert_eq!(&torn.records[..], &records[..records.len() - 1]);
                }
                Ok(None) => prop_assert!(false, "taken for a journal that never began"),
                Err(_) => {}
            }
        });
    });
}

#[test]
fn a_cut_journal_is_what_was_durable_of_it() {
    let whole = journal();
    let records = decode_journal(&whole).unwrap().unwrap().records;
    for length in 0..whole.len() {
        let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count();
        match decode_journal(&whole[..length]).unwrap() {
            Some(cut) => assert_eq!(cut.records[..], records[..lines - 1]),
            None => assert_eq!(lines, 0),
        }
    }
}

/// Edited journals that can be read fold into states that can be stored.
#[test]
fn whatever_was_read_folds_into_a_state() {
    let snapshot = fixtures().iter().find_map(|bytes| decode_snapshot(bytes).ok()).unwrap();
    alone("whatever_was_read_folds_into_a_state", || {
        proptest!(cases(1_000), |(bytes in edited(vec![journal()]))| {
            tried(&bytes);
            if let Ok(Some(journal)) = decode_journal(&bytes) {
                prop_assert!(encode_snapshot(&fold(snapshot.clone(), &journal.records)).is_ok());
            }
        });
    });
}

/// States that are long or deep.
const HARD: [Hard; 6] = [
    ("arrays", || "[".repeat(1_000_000)),
    ("objects", || "{\"a\":".repeat(200_000)),
    ("deep outputs", || format!("{{\"version\":1,\"outputs\":{}", "{\"a\":".repeat(200_000))),
    ("long line", || format!("0123456789abcdef {}\n", "x".repeat(1_000_000))),
    ("line feeds", || "\n".repeat(1_000_000)),
    ("long number", || format!("{{\"version\":{}}}", "9".repeat(1_000_000))),
];

/// How many bytes of memory a byte of a state may take.
const FACTOR: usize = 50;

#[test]
fn what_looks_small_and_is_large_is_bounded() {
    each_alone("what_looks_small_and_is_large_is_bounded", &HARD, FACTOR, |text| check(text.as_bytes()));
}
