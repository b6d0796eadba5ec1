//! `provision fmt`: the canonical layout of specs.

use provision_core::diagnostic::Sources;
use provision_core::spec::format;

use crate::args::FmtArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;

/// Lays every file out, or with `--check` names those that are not.
pub(crate) fn run(args: &FmtArgs, output: &Output) -> Result<Exit, CliError> {
    let mut exit = Exit::Success;
    for path in &args.specs {
        let mut sources = Sources::default();
        let source = session::read(path, &mut sources)?;
        let formatted = format::format(source, sources.text(source))
            .map_err(|found| CliError::Spec(Box::new(sources.clone()), found))?;
        if formatted == sources.text(source) {
            continue;
        }
        output.line(path.display().to_string());
        if args.check {
            exit = Exit::Failure;
        } else {
            std::fs::write(path, formatted).map_err(|error| CliError::File {
                what: "write",
                path: path.clone(),
                error,
            })?;
        }
    }
    Ok(exit)
}
