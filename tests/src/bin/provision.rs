//! The binary `provision`, for the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    provision::main()
}
