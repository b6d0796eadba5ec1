//! The binary with its state in S3: killed, robbed of its lock, raced.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use provision_tests::local_aws::{Backend, LocalAws, command};
use provision_tests::relay::{Fault, Relay, Rule};
use serde_json::Value as Json;
use tempfile::TempDir;

const SPEC: &str = "\
stack: shop
state: s3://states/of/${stack.name}
params:
  value: { type: string, default: one }
  token: { type: string, secret: true }
resources:
  first: { ssm/parameter: { name: /first, type: String, value: \"${value}\" } }
  second:
    ssm/parameter: { name: /second, type: SecureString, value: \"${token}\" }
    depends_on: [first]
  third:
    ssm/parameter: { name: /third, type: String, value: \"${value}\" }
    depends_on: [second]
";

/// Nobody else writes such a word.
const CANARY: &str = "canary7qz1in0the0bucket";

const PUT: &str = "ssm:PutParameter";
const JOURNAL: &str = "s3:PUT /states/of/shop/shop/journal/*";
const SNAPSHOT: &str = "s3:PUT /states/of/shop/shop/state.json*";
const LOCK: &str = "s3:PUT /states/of/shop/shop/lock.json*";

/// A local AWS behind a relay, with a bucket that `init` made.
struct Site {
    aws: LocalAws,
    relay: Relay,
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let aws = LocalAws::start(Backend::Moto).unwrap();
        let relay = Relay::start(aws.endpoint()).unwrap();
        // moto looks at the condition of a write and then writes: in between others must not.
        relay.one_at_a_time();
        let site = Self { aws, relay, folder: TempDir::new().unwrap() };
        std::fs::write(site.spec(), SPEC).unwrap();
        let missing = site.run(&["init"]);
        assert!(!missing.status.success() && text(&missing.stderr).contains("--bootstrap"), "{missing:?}");
        site.succeed(&["init", "--bootstrap", "--yes"]);
        site
    }

    fn spec(&self) -> PathBuf {
        self.folder.path().join("shop.yaml")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_provision-under-test"), &self.relay.endpoint());
        let words = if args[0] == "state" { 2 } else { 1 };
        command.args(&args[..words]).arg(self.spec()).args(&args[words..]);
        command.current_dir(self.folder.path()).env("PROVISION_TEMPO", "0.2").env("PROVISION_PARAM_token", CANARY);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    fn wait_for(&self, operation: &str, count: usize) {
        while self.relay.count(operation) < count {
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Applies until the lease of whoever died has run out.
    fn apply_in_the_end(&self) {
        loop {
            let output = self.run(&["apply", "--yes"]);
            let err = text(&output.stderr);
            if output.status.success() {
                return;
            }
            assert!(err.contains("the state is locked by"), "{}{err}", text(&output.stdout));
            thread::park_timeout(Duration::from_millis(300));
        }
    }

    fn is_settled(&self) {
        self.succeed(&["plan", "--detailed-exitcode"]);
        let found: Json = serde_json::from_str(&self.aws.inventory().unwrap()).unwrap();
        assert_eq!(found["ssm/parameter"].as_array().unwrap().len(), 3, "{found}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Laws 1, 2, 4 and 8: whatever it was about to write when it died, the next run goes on.
#[test]
fn killed_at_any_write_it_is_finished_by_the_next() {
    let site = Site::new();
    let boundaries = [(LOCK, 2), (SNAPSHOT, 2), (JOURNAL, 9), (PUT, 3)]
        .map(|(what, count)| (0..count).map(move |skip| (what, skip)));
    for (number, (what, skip)) in boundaries.into_iter().flatten().enumerate() {
        site.relay.clear();
        site.relay.inject(Rule::new(what, Fault::Withhold).skip(skip).times(1));
        let mut child = site.start(&["apply", "--yes"]);
        site.wait_for(what, skip + 1);
        thread::park_timeout(Duration::from_millis(100));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "{what} {skip}: it ended before it was killed");
        site.relay.clear();
        // Most locks are taken away, which is quicker than waiting for the end of the lease.
        if number % 4 > 0 {
            site.succeed(&["unlock", "--yes"]);
        }
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
    let site = Site::new();
    site.relay.inject(Rule::new(PUT, Fault::Delay(Duration::from_secs(8))).times(1));
    let child = site.start(&["apply", "--yes"]);
    site.wait_for(PUT, 1);
    site.succeed(&["unlock", "--yes"]);
    let output = child.wait_with_output().unwrap();
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("the lock on the state was lost") && err.contains("run the same command again"), "{err}");
    assert_eq!(site.relay.count(PUT), 1, "{err}");
    assert!(err.contains("second was not started"), "{err}");
    site.succeed(&["apply", "--yes"]);
    site.is_settled();
}

/// A run that lives long keeps its lock.
#[test]
fn a_lease_is_renewed_as_long_as_it_is_needed() {
    let site = Site::new();
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

/// Two at once, again and again: one wins, the other is told, nothing is corrupted.
#[test]
fn of_two_appliers_one_wins() {
    let site = Site::new();
    let mut told = 0;
    for round in 0..30 {
        let value = format!("value=v{round}");
        let args = ["apply", "--yes", "-p", &value];
        let outputs = [site.start(&args), site.start(&args)].map(|child| child.wait_with_output().unwrap());
        let losers: Vec<&Output> = outputs.iter().filter(|output| !output.status.success()).collect();
        assert!(losers.len() < 2, "nobody won: {outputs:?}");
        for loser in losers {
            let err = text(&loser.stderr);
            assert!(err.contains("the state is locked by") && err.contains("`provision apply` since"), "{err}");
            told += 1;
        }
        site.succeed(&["plan", "--detailed-exitcode", "-p", &value]);
    }
    eprintln!("30 rounds: {told} losers were told who holds the lock, {} came after", 30 - told);
    assert!(told > 0);
}

/// From a folder to S3 and back, by the commands; and what else the state's commands do.
#[test]
fn the_state_is_moved_changed_pulled_and_pushed() {
    let site = Site::new();
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
    let file = site.folder.path().join("pulled.json");
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
