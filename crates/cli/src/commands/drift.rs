//! `provision drift`: what changed in AWS since the last apply.

use std::collections::BTreeSet;
use std::sync::Arc;

use provision_core::address::Address;
use provision_core::plan::{Drift, drift};
use provision_core::state::State;

use super::apply::{carry_out, leave};
use crate::args::DriftArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::render::{self, progress};
use crate::session::{Limits, Session};

/// Shows drift; with `--fix`, plans for what drifted and nothing else.
pub(crate) async fn run(args: &DriftArgs, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = args.spec.load()?;
    let observer = if args.fix { progress::observer(output) } else { Arc::new(progress::Quiet::new(output)) };
    let (stack, region) = (spec.stack.clone(), spec.region.clone());
    let session = Session::open(&stack, region.as_deref(), &args.spec.place, observer, args.run.parallelism).await;
    if !args.fix {
        let drifts = find(&session, &session.peek().await?).await?;
        render::drift::show(&drifts, &session.calls(), output);
        return Ok(if drifts.is_empty() { Exit::Success } else { Exit::Differences });
    }
    let (expanded, facts) = session.expand(spec, &sources).await?;
    let journal = session.begin("drift --fix").await?;
    let state = journal.state();
    let planned = async {
        let drifts = find(&session, &state).await?;
        render::drift::show(&drifts, &session.calls(), output);
        let targets: BTreeSet<Address> = drifts.into_iter().map(|drift| drift.address).collect();
        if targets.is_empty() {
            return Ok(None);
        }
        let limits = Limits { targets, replace: BTreeSet::new() };
        session.plan(&state, Some(&expanded), &facts, &limits, &sources).await.map(Some)
    };
    match planned.await {
        Ok(Some(plan)) => carry_out(&session, journal, plan, Some(expanded), facts, &args.run, output).await,
        Ok(None) => {
            journal.close(|_| {}).await?;
            Ok(Exit::Success)
        }
        Err(error) => leave(journal, error).await,
    }
}

async fn find(session: &Session, state: &State) -> Result<Vec<Drift>, CliError> {
    let observed = session.engine.refresh(state).await?;
    let schemas = session.engine.schemas.clone();
    Ok(drift(state, &observed, |kind| schemas.get(kind).map(|schema| &**schema)))
}
