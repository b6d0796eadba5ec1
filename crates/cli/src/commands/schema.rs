//! `provision schema`: the JSON Schemas of the spec language.

use provision_core::schema::{module_schema, spec_schema};

use crate::args::SchemaArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;

/// Prints that of specs, or of modules.
pub(crate) fn run(args: &SchemaArgs, output: &Output) -> Result<Exit, CliError> {
    let schemas = session::schemas();
    output.document(&if args.module { module_schema(&schemas) } else { spec_schema(&schemas) });
    Ok(Exit::Success)
}
