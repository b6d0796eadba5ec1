//! Golden scripts: each file in `scripts/` holds specs and commands with the output
//! that is expected of them. `UPDATE_GOLDEN=1 cargo test -p provision-sim` rewrites them.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use support::golden;
use support::script::Script;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut scripts: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    scripts
}

fn play(path: &Path) -> Result<(), String> {
    let expected = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let parts = golden::parse(&expected);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let outputs = runtime.map_err(|error| error.to_string())?.block_on(Script::new().play(&parts));
    golden::check(path, &expected, &golden::print(&parts, &outputs))
}

#[test]
fn every_script_ends_as_it_says() {
    let scripts = scripts();
    assert!(!scripts.is_empty());
    let failures: Vec<String> = scripts.iter().filter_map(|script| play(script).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
