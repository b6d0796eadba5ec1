//! What the tests of any input share.
//!
//! Each test runs in a process of its own that the kernel stops when it takes too much
//! memory or time on the processor, so that neither a hang nor a full stack ends
//! without naming the input. `PROPTEST_CASES` sets how many inputs are tried.

mod edits;

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

pub(crate) use edits::edited;

/// Set for the process of a test: the file that holds the input being tried.
const NOTE: &str = "FUZZ_NOTE";
/// Set beside it for one of several hard inputs.
const WHICH: &str = "FUZZ_WHICH";

/// Kilobytes of addresses and seconds on the processor, far beyond what any test needs.
const LIMITED: &str = "ulimit -v 2000000; ulimit -t 300; exec \"$0\" \"$@\"";

/// An input that looks small and stands for much work: its name and its text.
pub(crate) type Hard = (&'static str, fn() -> String);

/// Bytes of memory that checking may take whatever the input: an alias bomb becomes a
/// million values before it is refused, an expression makes as many.
const AT_LEAST: usize = 100 << 20;

/// How many inputs are tried, `standard` if nobody says otherwise. What fails is kept,
/// with its seed, beside the test.
pub(crate) fn cases(standard: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = standard;
    }
    config.failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("regressions")));
    config
}

/// Runs `body` in a process of its own. `test` is the name of the test that calls this.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(NOTE).is_some() {
        return body();
    }
    run(test, "", &[]);
}

/// Runs each hard input in a process of its own, and holds the memory it takes against
/// `factor` times its size.
pub(crate) fn each_alone(test: &str, inputs: &[Hard], factor: usize, check: impl Fn(&str)) {
    let Some(which) = std::env::var_os(WHICH) else {
        inputs.iter().for_each(|(name, _)| run(test, name, &[(WHICH, name)]));
        return;
    };
    let (_, text) = inputs.iter().find(|(name, _)| *name == which).unwrap();
    let text = text();
    tried(text.as_bytes());
    let before = peak_of_memory();
    check(&text);
    let (taken, most) = (peak_of_memory() - before, AT_LEAST + factor * text.len());
    assert!(taken <= most, "{taken} bytes of memory for {} bytes of input, {most} are allowed", text.len());
}

/// Notes the input that is about to be tried.
pub(crate) fn tried(input: &[u8]) {
    if let Some(note) = std::env::var_os(NOTE) {
        std::fs::write(note, input).unwrap();
    }
}

fn run(test: &str, name: &str, also: &[(&str, &str)]) {
    let note = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}{name}.input"));
    let mut command = Command::new("sh");
    command.args(["-c", LIMITED]).arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(NOTE, &note).envs(also.iter().copied());
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("1 passed") || !ended.status.success(), "there is no test `{test}`:\n{said}");
    let input = std::fs::read(&note).unwrap_or_default();
    let shown: String = String::from_utf8_lossy(&input).chars().take(2_000).collect();
    assert!(ended.status.success(), "{name} {}\n{said}\nlast tried, in {}:\n{shown}", ended.status, note.display());
}

/// The most memory this process has held; 0 where there is no Linux to tell.
fn peak_of_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// The files below folders of the workspace, in a steady order.
pub(crate) fn files(folder: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut paths = paths_below(&root);
    paths.sort();
    assert!(!paths.is_empty(), "{folder} is empty");
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn paths_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { paths_below(&path) } else { vec![path] }).collect()
}
