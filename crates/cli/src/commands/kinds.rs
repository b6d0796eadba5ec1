//! `provision kinds`: the reference, on the terminal.

use provision_core::diagnostic::suggest;

use crate::args::KindsArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;

/// Lists all kinds, or prints the reference page of one.
pub(crate) fn run(args: &KindsArgs, output: &Output) -> Result<Exit, CliError> {
    let schemas = session::schemas();
    let Some(name) = &args.kind else {
        list(&schemas, output);
        return Ok(Exit::Success);
    };
    let schema = schemas.get(name).ok_or_else(|| {
        let near = suggest(name, schemas.names());
        let hint =
            near.map_or_else(|| "`provision kinds` lists all".to_owned(), |near| format!("did you mean `{near}`?"));
        CliError::argument(format!("there is no kind `{name}`"), hint)
    })?;
    if output.is_json() {
        output.document(&schema.description);
    } else {
        output.line(provision_core::schema::reference_page(schema));
    }
    Ok(Exit::Success)
}

fn list(schemas: &provision_core::schema::Schemas, output: &Output) {
    if output.is_json() {
        return output.document(&schemas.iter().map(|schema| &schema.description).collect::<Vec<_>>());
    }
    let width = schemas.names().map(str::len).max().unwrap_or(0);
    for schema in schemas.iter() {
        let summary = schema.description.doc.lines().next().unwrap_or_default();
        output.line(format!("{:width$}  {summary}", schema.name()));
    }
}
