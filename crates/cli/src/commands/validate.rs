//! `provision validate`: check specs without asking AWS anything.

use provision_core::diagnostic::Sources;
use provision_core::spec;

use crate::args::ValidateArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::render::{diagnostics, style};
use crate::session;

/// Checks every spec and shows all that is wrong with any.
pub(crate) fn run(args: &ValidateArgs, output: &Output) -> Result<Exit, CliError> {
    let schemas = session::schemas();
    let mut sources = Sources::default();
    let given = session::given(&args.given, &mut sources)?;
    let files = session::files();
    let mut found = Vec::new();
    for path in &args.specs {
        let source = session::read(path, &mut sources)?;
        let checked = match args.module {
            true => spec::validate_module(&mut sources, source, &schemas, &files),
            false => spec::validate(&mut sources, source, &schemas, &given, &files),
        };
        match checked {
            Ok(spec) if !output.is_json() => {
                let name = path.display();
                output.line(format!("{} {name}: {} resources", style::good("valid"), spec.root.size()));
            }
            Ok(_) => {}
            Err(errors) => found.extend(errors),
        }
    }
    if output.is_json() || !found.is_empty() {
        diagnostics::show(&found, &sources, output);
    }
    Ok(if found.is_empty() { Exit::Success } else { Exit::Failure })
}
