//! `provision schema`: the JSON Schema of the spec language.

use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;

/// Prints it.
pub(crate) fn run(output: &Output) -> Result<Exit, CliError> {
    output.document(&provision_core::schema::spec_schema(&session::schemas()));
    Ok(Exit::Success)
}
