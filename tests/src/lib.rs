//! What the tests of the whole share: generated files, local clouds.

pub mod binary;
pub mod conformance;
pub mod generated;
pub mod inventory;
pub mod local_aws;
pub mod matrix;
pub mod relay;
pub mod shell;
pub mod site;
pub mod stack;
pub mod store_contract;

use std::io::{Write, stderr};

/// Prints a line past the test harness, so that it stands in every log.
pub fn tell(line: &str) {
    // Whoever closes standard error does not want to read it.
    let _ = stderr().write_all(format!("{line}\n").as_bytes());
}
