//! Two appliers at once, again and again: one wins, the other is told who did, nothing is corrupted.
//!
//! What they came to goes past the test harness, so that it stands in every log.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::process::Output;

use provision_tests::inventory::Inventory;
use provision_tests::site::{Site, text};
use provision_tests::tell;

const ROUNDS: usize = 100;

/// A hundred rounds of two; `place` says where their state lies, unless the spec does.
fn race(place: &[&str]) {
    let site = Site::new(env!("CARGO_BIN_EXE_provision-under-test"));
    let mut inventory = Inventory::start(site.aws.endpoint()).unwrap();
    let everything = BTreeMap::from([("s3/bucket".to_owned(), 1), ("ssm/parameter".to_owned(), 3)]);
    let mut told = 0;
    for round in 0..ROUNDS {
        let value = format!("value=v{round}");
        let args = [&["apply", "--yes", "-p", &value], place].concat();
        let outputs = [site.start(&args), site.start(&args)].map(|child| child.wait_with_output().unwrap());
        told += losers(&outputs);
        site.succeed(&[&["plan", "--detailed-exitcode", "-p", &value], place].concat());
        assert_eq!(inventory.counts().unwrap(), everything, "round {round}");
    }
    let place = if place.is_empty() { "in S3" } else { "in a folder" };
    let came_after = ROUNDS - told;
    tell(&format!(
        "state {place}: of {ROUNDS} rounds, {told} losers were told who holds the lock, {came_after} came after"
    ));
    assert!(told > 0);
}

/// How many of the two were told that the other is at work.
fn losers(outputs: &[Output; 2]) -> usize {
    let losers: Vec<&Output> = outputs.iter().filter(|output| !output.status.success()).collect();
    assert!(losers.len() < 2, "nobody won: {outputs:?}");
    for loser in &losers {
        let err = text(&loser.stderr);
        assert!(err.contains("the state is locked by") && err.contains("`provision apply` since"), "{err}");
    }
    losers.len()
}

#[test]
fn with_their_state_in_a_folder() {
    race(&["--state", "here"]);
}

#[test]
fn with_their_state_in_s3() {
    race(&[]);
}
