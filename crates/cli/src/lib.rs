//! The binary `provision`: arguments in, a command, an exit code out.
//!
//! A library with one function, so that the test crate has the binary built beside its tests.

mod again;
mod args;
mod commands;
mod error;
mod hint;
mod http;
mod log;
mod output;
mod quota;
mod render;
mod session;
mod stack;

use std::process::ExitCode;

use again::Again;
use args::{Args, Command};
use clap::Parser;
use error::{CliError, Exit};
use output::Output;

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return error::usage(&error),
    };
    let (output, again) = (Output::new(args.json), Again::of(&args.command));
    match log::begin().and_then(|()| run(args, &again, &output)) {
        Ok(exit) => exit.into(),
        Err(error) => error.report(&again, &output).into(),
    }
}

fn run(args: Args, again: &Again, output: &Output) -> Result<Exit, CliError> {
    match args.command {
        Command::Validate(args) => commands::validate::run(&args, output),
        Command::Kinds(args) => commands::kinds::run(&args, output),
        Command::Schema(args) => commands::schema::run(&args, output),
        Command::Fmt(args) => commands::fmt::run(&args, output),
        Command::Graph(args) => commands::graph::run(&args, output),
        Command::Output(args) => block_on(commands::output::run(&args, output)),
        Command::Init(args) => block_on(commands::init::run(&args, output)),
        Command::History(args) => block_on(commands::history::run(&args, output)),
        Command::Rollback(args) => block_on(commands::rollback::run(&args, again, output)),
        Command::Unlock(args) => block_on(commands::unlock::run(&args, output)),
        Command::State(args) => block_on(commands::state::run(&args, output)),
        Command::Check(args) => block_on(commands::check::run(&args, output)),
        Command::Console(args) => block_on(commands::console::run(&args, output)),
        Command::Plan(args) => block_on(commands::plan::run(&args, output)),
        Command::Apply(args) => block_on(commands::apply::run(&args, again, output)),
        Command::Drift(args) => block_on(commands::drift::run(&args, again, output)),
        Command::Import(args) => block_on(commands::import::run(&args, output)),
        Command::Destroy(args) => block_on(commands::destroy::run(&args, again, output)),
    }
}

/// Only commands that talk to AWS or the state pay for a runtime.
fn block_on(work: impl Future<Output = Result<Exit, CliError>>) -> Result<Exit, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(work)
}
