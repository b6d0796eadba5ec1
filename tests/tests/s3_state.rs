//! The binary with its state in S3: killed, robbed of its lock, raced.

#![allow(clippy::unwrap_used, missing_docs)]

use std::thread;
use std::time::Duration;

use provision_tests::relay::{Fault, Rule};
use provision_tests::site::{CANARY, Site, text};
use serde_json::Value as Json;

const PUT: &str = "ssm:PutParameter";
const JOURNAL: &str = "s3:PUT /states/of/shop/shop/journal/*";
const SNAPSHOT: &str = "s3:PUT /states/of/shop/shop/state.json*";
const LOCK: &str = "s3:PUT /states/of/shop/shop/lock.json*";

fn site() -> Site {
    Site::new(env!("CARGO_BIN_EXE_provision-under-test"))
}

/// Laws 1, 2, 4 and 8: the lease of the dead runs out, and the next run goes on. What else it may have
/// been about to write is in `crash_matrix`.
#[test]
fn the_lock_of_the_dead_runs_out() {
    let site = site();
    for (what, skip) in [(LOCK, 0), (SNAPSHOT, 1), (JOURNAL, 4), (PUT, 1)] {
        site.relay.clear();
        site.relay.inject(Rule::new(what, Fault::Withhold).skip(skip).times(1));
        let mut child = site.start(&["apply", "--yes"]);
        while site.relay.held() == 0 {
            thread::park_timeout(Duration::from_millis(20));
        }
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "{what} {skip}: it ended before it was killed");
        site.relay.clear();
        site.apply_in_the_end();
        site.is_settled();
        site.succeed(&["destroy", "--yes"]);
        assert!(!site.aws.inventory().unwrap().contains("ssm/parameter"));
    }
    let versions = site.aws.versions("states").unwrap();
    assert!(versions.iter().any(|(key, _)| key.contains("/journal/")), "the bucket keeps no versions");
    for (key, bytes) in versions {
        assert!(!bytes.contains(CANARY), "{key} holds a secret");
    }
}

/// Law 7: without its lock a run begins nothing more.
#[test]
fn robbed_of_its_lock_it_stops() {
    let site = site();
    site.relay.inject(Rule::new(PUT, Fault::Delay(Duration::from_secs(8))).times(1));
    let child = site.start(&["apply", "--yes"]);
    site.wait_for(PUT, 1);
    site.succeed(&["unlock", "--yes"]);
    let output = child.wait_with_output().unwrap();
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("the lock on the state was lost") && err.contains("run the same command again"), "{err}");
    assert_eq!(site.relay.count(PUT), 1, "{err}");
    assert!(err.contains("not started: second waits for first"), "{err}");
    site.succeed(&["apply", "--yes"]);
    site.is_settled();
}

/// A run that lives long keeps its lock.
#[test]
fn a_lease_is_renewed_as_long_as_it_is_needed() {
    let site = site();
    site.relay.inject(Rule::new(PUT, Fault::Delay(Duration::from_secs(20))).times(1));
    let child = site.start(&["apply", "--yes"]);
    site.wait_for(PUT, 1);
    while site.relay.count(LOCK) < 6 {
        assert!(site.refused(&["apply", "--yes"]).contains("the state is locked by"));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    site.is_settled();
}

/// From a folder to S3 and back, by the commands; and what else the state's commands do.
#[test]
fn the_state_is_moved_changed_pulled_and_pushed() {
    let site = site();
    let local = ["--state", "here"];
    site.succeed(&["apply", "--yes", "--state", "here"]);
    site.succeed(&["state", "migrate", "--state", "here", "--to", "s3://states/of/shop"]);
    let refused = site.refused(&["apply", "--yes", "--state", "here"]);
    assert!(refused.contains("it was moved to s3://states/of/shop"), "{refused}");
    site.is_settled();
    assert!(site.succeed(&["state", "list"]).contains("second"));

    site.succeed(&["state", "mv", "third", "fourth"]);
    assert!(site.refused(&["state", "mv", "third", "fifth"]).contains("no `third`"));
    assert!(site.refused(&["state", "mv", "first", "second"]).contains("already has `second`"));
    site.succeed(&["state", "mv", "fourth", "third"]);
    let pulled = site.succeed(&["state", "pull"]);
    let file = site.folder().join("pulled.json");
    std::fs::write(&file, &pulled).unwrap();
    assert!(site.refused(&["state", "rm", "third"]).contains("--yes"));
    site.succeed(&["state", "rm", "third", "--yes"]);
    assert!(!site.succeed(&["state", "list"]).contains("third"));
    let stale = site.refused(&["state", "push", "pulled.json"]);
    assert!(stale.contains("pull again") && stale.contains("no way to force"), "{stale}");
    let mut state: Json = serde_json::from_str(&pulled).unwrap();
    let current: Json = serde_json::from_str(&site.succeed(&["state", "pull"])).unwrap();
    state["serial"] = current["serial"].clone();
    std::fs::write(&file, state.to_string()).unwrap();
    site.succeed(&["state", "push", "pulled.json"]);
    site.is_settled();

    site.succeed(&["state", "migrate", "--to", "here"]);
    assert!(site.refused(&["plan"]).contains("it was moved to"));
    assert!(site.succeed(&[&["state", "list"], local.as_slice()].concat()).contains("third"));
    site.succeed(&[&["destroy", "--yes"], local.as_slice()].concat());
    assert!(!site.aws.inventory().unwrap().contains("ssm/parameter"));
}
