//! `provision plan`: what `apply` would do.

use std::sync::Arc;

use provision_core::rate::PARALLELISM;

use crate::args::PlanArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::{self, progress};
use crate::session::{self, Connection};

/// Plans and shows the plan. Takes no lock and changes nothing.
pub(crate) async fn run(args: &PlanArgs, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = args.spec.load()?;
    let observer = Arc::new(progress::Quiet::new(output));
    let Connection { session, .. } = Connection::of(&spec, &args.spec.place, observer, PARALLELISM).await?;
    let (expanded, mut facts) = session.expand(spec).await.in_spec(&sources)?;
    let state = session.peek().await?;
    let limits = session::limits(&args.limits, &expanded, &state)?;
    let plan = session.plan(&state, Some(&expanded), &mut facts, &limits).await.in_spec(&sources)?;
    render::plan::show(&plan, &session.engine, output);
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Differences } else { Exit::Success })
}
