//! A small stack with its state in S3, and all that is around it.

#![allow(clippy::unwrap_used, reason = "what goes wrong here fails a test")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::local_aws::{Backend, LocalAws, command};
use crate::relay::Relay;

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

/// The value of its secret param: nobody else writes such a word.
pub const CANARY: &str = "canary7qz1in0the0bucket";

/// A local AWS behind a relay, with a bucket for states that `init` made, and a spec of three parameters.
pub struct Site {
    program: &'static str,
    /// Behind the relay.
    pub aws: LocalAws,
    /// Where the binary finds its AWS.
    pub relay: Relay,
    folder: TempDir,
}

impl Site {
    /// With nothing applied.
    pub fn new(program: &'static str) -> Self {
        let aws = LocalAws::start(Backend::Moto).unwrap();
        let relay = Relay::start(aws.endpoint()).unwrap();
        // moto looks at the condition of a write and then writes: in between others must not.
        relay.one_at_a_time();
        let site = Self { program, aws, relay, folder: TempDir::new().unwrap() };
        std::fs::write(site.spec(), SPEC).unwrap();
        let missing = site.run(&["init"]);
        assert!(!missing.status.success() && text(&missing.stderr).contains("--bootstrap"), "{missing:?}");
        site.succeed(&["init", "--bootstrap", "--yes"]);
        site
    }

    /// Where commands run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn spec(&self) -> PathBuf {
        self.folder.path().join("shop.yaml")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(self.program, &self.relay.endpoint());
        let words = if args[0] == "state" { 2 } else { 1 };
        command.args(&args[..words]).arg(self.spec()).args(&args[words..]);
        command.current_dir(self.folder.path()).env("PROVISION_TEMPO", "0.2").env("PROVISION_PARAM_token", CANARY);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command on the spec.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must succeed, and answers what it printed.
    pub fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must fail, and answers what it said.
    pub fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Starts a command.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Waits until so many calls of `operation` have come.
    pub fn wait_for(&self, operation: &str, count: usize) {
        while self.relay.count(operation) < count {
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Applies until the lease of whoever died has run out.
    pub fn apply_in_the_end(&self) {
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

    /// The next plan is empty, and all three parameters are there.
    pub fn is_settled(&self) {
        self.succeed(&["plan", "--detailed-exitcode"]);
        let found: Json = serde_json::from_str(&self.aws.inventory().unwrap()).unwrap();
        assert_eq!(found["ssm/parameter"].as_array().unwrap().len(), 3, "{found}");
    }
}

/// What was printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
