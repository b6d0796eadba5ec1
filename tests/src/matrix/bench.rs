//! One local AWS behind a relay, and the binary at work on it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::{Boundary, Ground, Subject, Verb};
use crate::generated::workspace;
use crate::inventory::{Counts, Inventory};
use crate::local_aws::{LocalAws, command};
use crate::relay::{Fault, Relay, Rule};
use crate::stack::Wrong;

/// The bucket for states in S3.
pub(super) const STATES: &str = "/matrix-states/";

/// A subject as it is when nothing disturbs it.
pub(super) struct Norm {
    pub(super) nothing: Counts,
    everything: Counts,
    /// The boundaries of its apply.
    pub(super) apply: Vec<Boundary>,
    /// The boundaries of its destroy.
    pub(super) destroy: Vec<Boundary>,
}

pub(super) struct Bench {
    ground: Ground,
    // They end in this order: what asks before what answers.
    inventory: Inventory,
    pub(super) relay: Relay,
    aws: LocalAws,
    home: TempDir,
    has_bucket: bool,
    runs: usize,
}

fn wrong(error: io::Error) -> Wrong {
    error.to_string()
}

impl Bench {
    pub(super) fn start(ground: Ground) -> Result<Self, Wrong> {
        let aws = LocalAws::start(ground.backend).map_err(wrong)?;
        let inventory = Inventory::start(aws.endpoint()).map_err(wrong)?;
        let relay = Relay::start(aws.endpoint()).map_err(wrong)?;
        // moto looks at the condition of a write and then writes: in between others must not.
        relay.one_at_a_time();
        let home = TempDir::new().map_err(wrong)?;
        fs::create_dir(home.path().join("states")).map_err(wrong)?;
        Ok(Self { ground, inventory, relay, aws, home, has_bucket: false, runs: 0 })
    }

    /// Lives once undisturbed.
    pub(super) fn norm(&mut self, subject: &Subject) -> Result<Norm, Wrong> {
        self.make_bucket(subject)?;
        let nothing = self.counts()?;
        let apply = self.boundaries(subject, Verb::Apply)?;
        let everything = self.counts()?;
        let destroy = self.boundaries(subject, Verb::Destroy)?;
        let norm = Norm { nothing, everything, apply, destroy };
        self.holds(&norm.nothing)?;
        Ok(norm)
    }

    fn boundaries(&mut self, subject: &Subject, verb: Verb) -> Result<Vec<Boundary>, Wrong> {
        self.relay.clear();
        self.run(subject, verb.name(), &["--yes"])?;
        Ok(Boundary::all(verb, &self.relay.mutations()))
    }

    /// Applies, killed at `boundary` and then plainly, and looks whether all is there.
    pub(super) fn apply(&mut self, subject: &Subject, norm: &Norm, boundary: Option<&Boundary>) -> Result<(), Wrong> {
        self.make_bucket(subject)?;
        self.carry_out(subject, Verb::Apply, boundary)?;
        self.is_applied(subject, norm)
    }

    pub(super) fn is_applied(&mut self, subject: &Subject, norm: &Norm) -> Result<(), Wrong> {
        self.run(subject, "plan", &["--detailed-exitcode"])?;
        self.holds(&norm.everything)
    }

    /// Destroys, killed at `boundary` and then plainly, and looks whether nothing is left.
    pub(super) fn destroy(&mut self, subject: &Subject, norm: &Norm, boundary: Option<&Boundary>) -> Result<(), Wrong> {
        self.carry_out(subject, Verb::Destroy, boundary)?;
        self.holds(&norm.nothing)
    }

    fn carry_out(&mut self, subject: &Subject, verb: Verb, boundary: Option<&Boundary>) -> Result<(), Wrong> {
        if let Some(boundary) = boundary
            && !self.is_killed(subject, verb, boundary.rule())?
            // How many records share one write is a matter of time.
            && !boundary.is_of_the_state()
        {
            return Err(format!("it ended without that call:\n{}", self.printed()?));
        }
        self.run(subject, verb.name(), &["--yes"])
    }

    /// Applies and destroys, killed at each first effect until a run has none; the number of kills.
    pub(super) fn chain(&mut self, subject: &Subject, norm: &Norm) -> Result<usize, Wrong> {
        self.make_bucket(subject)?;
        let applied = self.kill_until_done(subject, Verb::Apply, norm.apply.len())?;
        self.is_applied(subject, norm)?;
        let destroyed = self.kill_until_done(subject, Verb::Destroy, norm.destroy.len())?;
        self.holds(&norm.nothing)?;
        Ok(applied + destroyed)
    }

    /// What a destroy deleted is known to be gone only after its next look, and until then it is
    /// deleted anew: each run must come a call further. An undisturbed run has half as many calls
    /// as boundaries.
    fn kill_until_done(&mut self, subject: &Subject, verb: Verb, boundaries: usize) -> Result<usize, Wrong> {
        for kills in 0..=boundaries {
            let skip = if verb == Verb::Destroy { kills } else { 0 };
            if !self.is_killed(subject, verb, Rule::mutating(STATES, Fault::Withhold).skip(skip).times(1))? {
                return Ok(kills);
            }
        }
        Err(format!("{} comes to no end:\n{}", verb.name(), self.printed()?))
    }

    /// Kills a run as soon as `rule` has struck; `false` when it succeeds before.
    fn is_killed(&mut self, subject: &Subject, verb: Verb, rule: Rule) -> Result<bool, Wrong> {
        self.relay.clear();
        self.relay.inject(rule);
        let mut child = self.begin(subject, verb.name(), &["--yes"])?;
        let ended = loop {
            match child.try_wait().map_err(wrong)? {
                Some(status) => break Some(status),
                None if self.relay.held() > 0 => break None,
                None => thread::park_timeout(Duration::from_millis(2)),
            }
        };
        if ended.is_none() {
            child.kill().and_then(|()| child.wait()).and_then(|_| self.relay.settle()).map_err(wrong)?;
        }
        self.relay.clear();
        self.is_discreet()?;
        match ended {
            Some(status) if !status.success() => Err(format!("it failed before it was killed:\n{}", self.printed()?)),
            Some(_) => Ok(false),
            None if self.ground.is_remote => self.run(subject, "unlock", &["--yes"]).map(|()| true),
            None => Ok(true),
        }
    }

    /// Runs a command that must succeed.
    pub(super) fn run(&mut self, subject: &Subject, verb: &str, args: &[&str]) -> Result<(), Wrong> {
        let status = self.begin(subject, verb, args)?.wait().map_err(wrong)?;
        self.is_discreet()?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("`{verb}` ends with {status}:\n{}", self.printed()?)),
        }
    }

    /// Every second run prints events; all are asked to log all they can.
    fn begin(&mut self, subject: &Subject, verb: &str, args: &[&str]) -> Result<Child, Wrong> {
        self.runs += 1;
        let file = |name: &str| File::create(self.home.path().join(name)).map_err(wrong);
        let (place, tempo) = match self.ground.is_remote {
            true => (format!("s3:/{STATES}{}", subject.name.replace('/', "-")), "0.2"),
            false => (self.states().display().to_string(), "0.02"),
        };
        let mut command = command(self.ground.program, &self.relay.endpoint());
        command.arg(verb).arg(&subject.spec).args(args).current_dir(workspace()).stdin(Stdio::null());
        command.args(self.runs.is_multiple_of(2).then_some("--json"));
        command.env("PROVISION_STATE", place).env("PROVISION_TEMPO", tempo).env("PROVISION_LOG", "trace");
        command.envs(self.ground.secrets.iter().copied());
        command.stdout(file("out")?).stderr(file("err")?).spawn().map_err(wrong)
    }

    pub(super) fn make_bucket(&mut self, subject: &Subject) -> Result<(), Wrong> {
        if self.ground.is_remote && !self.has_bucket {
            self.run(subject, "init", &["--bootstrap", "--yes"])?;
            self.has_bucket = true;
        }
        Ok(())
    }

    fn states(&self) -> PathBuf {
        self.home.path().join("states")
    }

    fn counts(&mut self) -> Result<Counts, Wrong> {
        self.inventory.counts().map_err(wrong)
    }

    pub(super) fn holds(&mut self, expected: &Counts) -> Result<(), Wrong> {
        let found = self.counts()?;
        match found == *expected {
            true => Ok(()),
            false => {
                Err(format!("there is {found:?} instead of {expected:?}; the last run printed:\n{}", self.printed()?))
            }
        }
    }

    fn printed(&self) -> Result<String, Wrong> {
        let texts = ["out", "err"].map(|name| fs::read(self.home.path().join(name)).map_err(wrong));
        let [out, err] = texts;
        Ok(String::from_utf8_lossy(&[out?, err?].concat()).into_owned())
    }

    /// No secret is in anything that was just printed, or in a state or journal.
    fn is_discreet(&self) -> Result<(), Wrong> {
        for folder in [self.home.path(), &self.states()] {
            for entry in fs::read_dir(folder).map_err(wrong)? {
                let path = entry.map_err(wrong)?.path();
                if path.is_file() {
                    self.has_no_secret(&path)?;
                }
            }
        }
        Ok(())
    }

    fn has_no_secret(&self, path: &Path) -> Result<(), Wrong> {
        let bytes = fs::read(path).map_err(wrong)?;
        let text = String::from_utf8_lossy(&bytes);
        match self.ground.secrets.iter().find(|(_, secret)| text.contains(secret)) {
            Some((name, _)) => Err(format!("the value of {name} is in {}", path.display())),
            None => Ok(()),
        }
    }

    /// No secret is in any version of anything in the bucket of states.
    pub(super) fn keeps_secrets(&self) -> Result<(), Wrong> {
        if !self.has_bucket {
            return Ok(());
        }
        let versions = self.aws.versions(STATES.trim_matches('/')).map_err(wrong)?;
        let mut found = versions.iter().filter(|(_, text)| self.ground.secrets.iter().any(|(_, it)| text.contains(it)));
        found.next().map_or(Ok(()), |(key, _)| Err(format!("{key} holds a secret")))
    }
}
