//! What exists in a local AWS, asked again and again.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::local_aws::{command, local};

/// How many there are of each kind.
pub type Counts = BTreeMap<String, usize>;

/// `localstack/inventory`, kept at hand: its start takes longer than its work. It ends with the value.
pub struct Inventory {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Inventory {
    /// For the local AWS at `endpoint`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(endpoint: &str) -> io::Result<Self> {
        let mut command = command(local("inventory"), endpoint);
        let mut process = command.arg("--each-line").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { process, input, output: BufReader::new(output) })
    }

    /// What exists now.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub fn counts(&mut self) -> io::Result<Counts> {
        self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(b"\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let found: BTreeMap<String, Vec<String>> = serde_json::from_str(&line)?;
        Ok(found.into_iter().map(|(kind, ids)| (kind, ids.len())).collect())
    }
}

impl Drop for Inventory {
    fn drop(&mut self) {
        drop(self.input.take());
        // It ends with its input.
        let _ = self.process.wait();
    }
}
