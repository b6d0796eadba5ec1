//! `provision drift`: what changed in AWS since the last apply.

use std::collections::BTreeSet;
use std::sync::Arc;

use provision_core::address::Address;

use super::apply::{Run, can_ask, leave};
use crate::again::Again;
use crate::args::DriftArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::{self, progress};
use crate::session::{Connection, holder};
use provision_engine::session::Limits;

/// Shows drift; with `--fix`, plans for what drifted and nothing else.
pub(crate) async fn run(args: &DriftArgs, again: &Again, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = args.spec.load()?;
    if args.fix {
        can_ask(args.run.yes, output)?;
    }
    let observer = if args.fix { progress::observer(output) } else { Arc::new(progress::Quiet::new(output)) };
    let connection = Connection::of(&spec, &args.spec.place, observer, args.run.parallelism).await?;
    let session = &connection.session;
    if !args.fix {
        let drifts = session.drift(&session.peek().await?).await?;
        render::drift::show(&drifts, &connection.calls(), output);
        return Ok(if drifts.is_empty() { Exit::Success } else { Exit::Differences });
    }
    let (expanded, mut facts) = session.expand(spec).await.in_spec(&sources)?;
    let journal = session.begin(&holder("drift --fix")).await?;
    let state = journal.state();
    let planned = async {
        let drifts = session.drift(&state).await?;
        render::drift::show(&drifts, &connection.calls(), output);
        let targets: BTreeSet<Address> = drifts.into_iter().map(|drift| drift.address).collect();
        if targets.is_empty() {
            return Ok(None);
        }
        let limits = Limits { targets, replace: BTreeSet::new() };
        session.plan(&state, Some(&expanded), &mut facts, &limits).await.in_spec(&sources).map(Some)
    };
    match planned.await {
        Ok(Some(plan)) => {
            let run = Run { connection: &connection, yes: args.run.yes, again, output };
            run.carry_out(journal, plan, Some(expanded), facts).await
        }
        Ok(None) => {
            journal.close(|_| {}).await?;
            Ok(Exit::Success)
        }
        Err(error) => leave(journal, error).await,
    }
}
