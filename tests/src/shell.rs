//! Shell commands at a local AWS: those of a page, and those of GitHub workflows.

#![allow(clippy::unwrap_used, reason = "what goes wrong here fails a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use provision_core::diagnostic::SourceId;
use provision_core::spec::yaml::{Node, parse};
use tempfile::TempDir;

use crate::generated::workspace;
use crate::local_aws::command;

/// What reaches beyond AWS: here each does nothing but note what it was asked.
const ELSEWHERE: [&str; 2] = ["docker", "gh"];

/// A shell at the top of the workspace, in which `provision` is the binary under test.
pub struct Shell {
    endpoint: String,
    folder: TempDir,
    given: BTreeMap<String, String>,
    exported: BTreeMap<String, String>,
}

impl Shell {
    /// A shell at the local AWS that answers at `endpoint`.
    pub fn new(program: &str, endpoint: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(program, bin.join("provision")).unwrap();
        for name in ELSEWHERE {
            let stand_in = format!("#!/bin/sh\necho {name} \"$@\" >> '{}'\n", folder.path().join("asked").display());
            fs::write(bin.join(name), stand_in).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { endpoint: endpoint.to_owned(), folder, given: BTreeMap::new(), exported: BTreeMap::new() }
    }

    /// Gives all that is run a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.given.insert(name.to_owned(), value.to_owned());
    }

    /// What `docker` and `gh` were asked so far, one line each.
    pub fn asked(&self) -> String {
        fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default()
    }

    /// Runs a script, which must succeed; answers what it printed on either stream. Variables of ours that
    /// it exports are there in the next one.
    pub fn run(&mut self, script: &str) -> String {
        let exports = self.folder.path().join("exports");
        let script = format!("{script}\nenv | grep ^PROVISION_ > '{}'", exports.display());
        let (is_good, said) = self.try_run(&script, &self.exported);
        assert!(is_good, "{script}\n{said}");
        let told = fs::read_to_string(exports).unwrap();
        let told = told.lines().filter_map(|line| line.split_once('='));
        self.exported.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        said
    }

    fn try_run(&self, script: &str, variables: &BTreeMap<String, String>) -> (bool, String) {
        let mut child = self.bash(variables).spawn().unwrap();
        // It ends early where a command fails, and reads no further then.
        let _ = child.stdin.take().unwrap().write_all(format!("exec 2>&1\n{script}\n").as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn bash(&self, variables: &BTreeMap<String, String>) -> Command {
        let mut bash = command("bash", &self.endpoint);
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        bash.args(["-euo", "pipefail", "-s"]).current_dir(workspace()).env("PATH", path);
        bash.env("PROVISION_TEMPO", "0.05").env("TMPDIR", self.folder.path());
        bash.envs(&self.given).envs(variables).stdin(Stdio::piped()).stdout(Stdio::piped());
        bash
    }

    /// Runs the steps of a workflow for `env`: those that are commands, as GitHub's runner would.
    pub fn workflow(&self, workflow: &Workflow, env: &str) {
        let outputs = self.folder.path().join("outputs");
        let mut context = workflow.context.clone();
        context.insert("matrix.env".to_owned(), env.to_owned());
        for step in &workflow.steps {
            fs::write(&outputs, "").unwrap();
            let mut variables = workflow.variables(&workflow.env, &context);
            variables.extend(workflow.variables(&step.env, &context));
            variables.insert("GITHUB_OUTPUT".to_owned(), outputs.display().to_string());
            let script = format!("cd \"$TMPDIR\"; ln -sfn '{}'/specs specs\n{}", workspace().display(), step.script);
            let (is_good, said) = self.try_run(&script, &variables);
            assert!(is_good, "{}, {}: {said}", workflow.name, step.script);
            let told = fs::read_to_string(&outputs).unwrap();
            let told = told.lines().filter_map(|line| line.split_once('='));
            context.extend(told.map(|(name, value)| (format!("steps.{}.outputs.{name}", step.id), value.to_owned())));
        }
    }
}

/// A workflow of one job, as far as it is commands.
pub struct Workflow {
    name: String,
    env: BTreeMap<String, String>,
    steps: Vec<Step>,
    context: BTreeMap<String, String>,
}

/// A step that is a command.
struct Step {
    id: String,
    script: String,
    env: BTreeMap<String, String>,
}

impl Workflow {
    /// Reads a workflow's file; what its expressions name, such as `vars.ALERT_EMAIL`, is in `context`.
    pub fn read(file: &PathBuf, context: &BTreeMap<String, String>) -> Self {
        let parsed = parse(SourceId::default(), &fs::read_to_string(file).unwrap());
        assert!(parsed.diagnostics.is_empty(), "{}: {:?}", file.display(), parsed.diagnostics);
        let root = parsed.root.unwrap();
        let [job] = root.get("jobs").and_then(Node::entries).unwrap() else { panic!("{} is one job", file.display()) };
        let steps = job.value.get("steps").and_then(Node::items).unwrap();
        Self {
            name: file.display().to_string(),
            env: texts(job.value.get("env")),
            steps: steps.iter().filter_map(Step::read).collect(),
            context: context.clone(),
        }
    }

    fn variables(
        &self,
        env: &BTreeMap<String, String>,
        context: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let told = |text: &String| substituted(text, context).unwrap_or_else(|wrong| panic!("{}: {wrong}", self.name));
        env.iter().map(|(name, text)| (name.clone(), told(text))).collect()
    }
}

impl Step {
    fn read(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        Some(Self { id: text("id").unwrap_or_default(), script: text("run")?, env: texts(node.get("env")) })
    }
}

fn texts(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    let text = |node: &Node| node.text().unwrap_or_default().to_owned();
    entries.iter().map(|entry| (entry.key.text.to_string(), text(&entry.value))).collect()
}

/// A text with the values of its `${{ … }}`.
fn substituted(text: &str, context: &BTreeMap<String, String>) -> Result<String, String> {
    let Some((before, rest)) = text.split_once("${{") else { return Ok(text.to_owned()) };
    let (name, rest) = rest.split_once("}}").ok_or_else(|| format!("`{text}` does not end"))?;
    let value = context.get(name.trim()).ok_or_else(|| format!("`{}` is not given", name.trim()))?;
    Ok(format!("{before}{value}{}", substituted(rest, context)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_have_values_or_are_wrong() {
        let context = BTreeMap::from([("a.b".to_owned(), "1".to_owned())]);
        assert_eq!(substituted("x${{ a.b }}y${{a.b}}", &context), Ok("x1y1".to_owned()));
        assert_eq!(substituted("${{ a.c }}", &context), Err("`a.c` is not given".to_owned()));
    }
}
