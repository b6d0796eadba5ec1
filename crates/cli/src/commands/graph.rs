//! `provision graph`: what needs what, drawn.

use provision_core::diagnostic::Sources;
use provision_core::picture::{self, Picture, TooLarge};
use provision_core::spec::{self, Expanded, Given};

use crate::args::{GraphArgs, GraphFormat};
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;

/// Draws the spec's resources, into a file or onto standard output. Asks AWS nothing.
pub(crate) fn run(args: &GraphArgs, output: &Output) -> Result<Exit, CliError> {
    let whole = load(args)?;
    let picture = if args.all_edges { whole } else { whole.reduced() };
    let drawn = match args.format {
        GraphFormat::Dot => picture::dot(&picture),
        GraphFormat::Mermaid => picture::mermaid(&picture),
        GraphFormat::Svg => {
            picture::svg(&picture).map_err(|error| CliError::argument(error.to_string(), TooLarge::HELP))?
        }
    };
    match &args.output {
        Some(path) => {
            std::fs::write(path, drawn).map_err(|error| CliError::File { what: "write", path: path.clone(), error })?
        }
        None => output.line(drawn.trim_end()),
    }
    Ok(Exit::Success)
}

/// The picture of the spec, as far as it is known without AWS and without missing params.
fn load(args: &GraphArgs) -> Result<Picture, CliError> {
    let (schemas, files) = (session::schemas(), session::files());
    let mut sources = Sources::default();
    let source = session::read(&args.spec, &mut sources)?;
    let given = Given { partial: true, ..session::given(&args.given, &mut sources)? };
    let sketched = spec::load(&mut sources, source, &schemas, &given, &files).and_then(Expanded::sketch);
    match sketched {
        Ok(expanded) => Ok(picture::of_spec(&expanded)),
        Err(found) => Err(CliError::Spec(Box::new(sources), found)),
    }
}
