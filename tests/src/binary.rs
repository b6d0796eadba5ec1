//! The binary `provision` at a local AWS, with every byte kept that it prints or stores.

#![allow(clippy::unwrap_used, reason = "what goes wrong here fails a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::generated::workspace;
use crate::local_aws::{Backend, LocalAws, command};

/// The binary, a local AWS of its own, and a folder for states.
pub struct Binary {
    program: &'static str,
    /// The local AWS.
    pub aws: LocalAws,
    folder: TempDir,
    variables: Vec<(&'static str, &'static str)>,
    kept: Vec<(String, Vec<u8>)>,
}

/// What a command said.
#[derive(Debug)]
pub struct Told {
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
}

impl Told {
    /// The one event of this name.
    pub fn event(&self, name: &str) -> Json {
        let lines = self.out.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        let found: Vec<Json> = lines.filter(|event| event["event"] == name).collect();
        let [event] = found.as_slice() else { panic!("not one event `{name}`: {self:#?}") };
        event.clone()
    }

    /// What the plan does, by address.
    pub fn steps(&self) -> BTreeMap<String, String> {
        let plan = self.event("plan");
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        plan["steps"].as_array().unwrap().iter().map(|step| (text(&step["address"]), text(&step["action"]))).collect()
    }
}

impl Binary {
    /// `program` at a `backend` with nothing in it, and with these variables in its environment.
    pub fn start(program: &'static str, backend: Backend, variables: &[(&'static str, &'static str)]) -> Self {
        let (aws, folder) = (LocalAws::start(backend).unwrap(), TempDir::new().unwrap());
        Self { program, aws, folder, variables: variables.to_vec(), kept: Vec::new() }
    }

    /// The folder that holds the states.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command with its arguments, run at the top of the workspace.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = command(self.program, self.aws.endpoint());
        command.args(args).current_dir(workspace()).envs(self.variables.iter().copied());
        command.env("PROVISION_STATE", self.folder()).env("PROVISION_TEMPO", "0.05").stdin(Stdio::null());
        command
    }

    /// Runs a command and insists on its exit code.
    pub fn run(&mut self, args: &[&str], code: i32) -> Told {
        let output = self.command(args).output().unwrap();
        self.keep(args, &output.stdout, &output.stderr);
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output.status.code(), Some(code), "{args:?}:\n{out}\n{err}");
        Told { out, err }
    }

    /// Starts a command that prints events, and kills it with SIGKILL once it has told `times`
    /// times of `event`.
    pub fn kill(&mut self, args: &[&str], event: &str, times: u64) {
        let mut child = self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut out = String::new();
        let told = format!(r#""event":"{event}""#);
        while (out.matches(&told).count() as u64) < times {
            assert_ne!(stdout.read_line(&mut out).unwrap(), 0, "it ended before it was killed: {out}");
        }
        child.kill().unwrap();
        stdout.read_to_string(&mut out).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), None, "it ended before it was killed");
        self.keep(args, out.as_bytes(), &output.stderr);
    }

    fn keep(&mut self, args: &[&str], out: &[u8], err: &[u8]) {
        self.kept.push((format!("stdout of {args:?}"), out.to_vec()));
        self.kept.push((format!("stderr of {args:?}"), err.to_vec()));
        let mut paths = vec![self.folder.path().to_owned()];
        while let Some(path) = paths.pop() {
            match path.is_dir() {
                true => paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
                false => self.kept.push((format!("{} after {args:?}", path.display()), fs::read(path).unwrap())),
            }
        }
    }

    /// The state of a stack.
    pub fn state(&self, stack: &str) -> Json {
        serde_json::from_slice(&fs::read(self.folder().join(format!("{stack}.json"))).unwrap()).unwrap()
    }

    /// The physical names of all that a state holds, by address.
    pub fn ids(&self, stack: &str) -> BTreeMap<String, String> {
        let state = self.state(stack);
        let id = |resource: &Json| resource["current"]["id"].as_str().unwrap().to_owned();
        state["resources"].as_object().unwrap().iter().map(|(address, it)| (address.clone(), id(it))).collect()
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let found: BTreeMap<String, Vec<String>> = serde_json::from_str(&self.aws.inventory().unwrap()).unwrap();
        found.into_iter().map(|(kind, ids)| (kind, ids.len())).collect()
    }

    /// Insists that a log tells of calls of `operation`.
    pub fn logged(&self, operation: &str) {
        let is_told = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            text.lines().any(|line| line.contains("answered") && line.contains(operation))
        };
        assert!(self.kept.iter().any(|(_, bytes)| is_told(bytes)), "no log tells of {operation}");
    }

    /// Insists that no command printed or stored any of `secrets`, in journals neither: one
    /// command at least must have been killed.
    pub fn never_showed(&self, secrets: &[&str]) {
        for (secret, (place, bytes)) in secrets.iter().flat_map(|secret| self.kept.iter().map(move |it| (secret, it))) {
            let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "{secret} is in {place}");
        }
        assert!(self.kept.iter().any(|(place, bytes)| place.contains(".journal after") && !bytes.is_empty()));
    }
}
