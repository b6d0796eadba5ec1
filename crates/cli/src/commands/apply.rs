//! `provision apply`: make AWS match the spec.

use std::sync::Arc;

use provision_core::diagnostic::Sources;
use provision_core::fact::Facts;
use provision_core::plan::Plan;
use provision_core::spec::Expanded;
use provision_engine::apply::{Outcome, Stop};
use provision_engine::journal::Journal;
use provision_engine::session::Session;

use super::check;
use super::history::Deed;
use crate::again::Again;
use crate::args::ApplyArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::{self, progress, summary};
use crate::session::{self, Connection, holder};

/// Plans, shows the plan, asks, and carries it out.
pub(crate) async fn run(args: &ApplyArgs, again: &Again, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = args.spec.load()?;
    can_ask(args.run.yes, output)?;
    let observer = progress::observer(output);
    let connection = Connection::of(&spec, &args.spec.place, observer, args.run.parallelism).await?;
    let session = &connection.session;
    let (expanded, mut facts) = session.expand(spec).await.in_spec(&sources)?;
    let limits = session::limits(&args.limits, &expanded, &session.peek().await?)?;
    let journal = session.begin(&holder("apply")).await?;
    let planned = session.plan(&journal.state(), Some(&expanded), &mut facts, &limits).await;
    let plan = match planned.in_spec(&sources) {
        Ok(plan) => plan,
        Err(error) => return leave(journal, error).await,
    };
    let run = Run { connection: &connection, yes: args.run.yes, again, output };
    let exit = run.carry_out(journal, plan, Some(expanded.clone()), facts.clone()).await?;
    match exit {
        // What the whole promises, a part of it need not keep.
        Exit::Success if args.limits.target.is_empty() => after(session, &expanded, facts, &sources, output).await,
        other => Ok(other),
    }
}

/// Looks whether the spec's checks hold, now that all is as it says.
async fn after(
    session: &Session,
    expanded: &Expanded,
    facts: Facts,
    sources: &Sources,
    output: &Output,
) -> Result<Exit, CliError> {
    let checked = check::check(session, expanded, facts, sources).await?;
    if checked.is_empty() {
        return Ok(Exit::Success);
    }
    render::checks::show(&checked, output);
    Ok(if checked.iter().all(|it| it.wrong.is_none()) { Exit::Success } else { Exit::Failure })
}

/// Gives the lock back before the error is told.
pub(crate) async fn leave(journal: Journal, error: CliError) -> Result<Exit, CliError> {
    journal.close(|_| {}).await?;
    Err(error)
}

/// How a plan is carried out, and who is told of it.
pub(crate) struct Run<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) yes: bool,
    pub(crate) again: &'a Again,
    pub(crate) output: &'a Output,
}

impl Run<'_> {
    /// Shows a plan, asks, carries it out, saves, and tells what came of it.
    pub(crate) async fn carry_out(
        &self,
        journal: Journal,
        plan: Plan,
        spec: Option<Arc<Expanded>>,
        facts: Facts,
    ) -> Result<Exit, CliError> {
        let engine = &self.connection.session.engine;
        render::plan::show(&plan, engine, self.output);
        if !plan.is_empty()
            && let Err(error) = affirmed(self.yes, "Carry this out?", self.output)
        {
            return leave(journal, error).await;
        }
        let (plan, started) = (Arc::new(plan), std::time::Instant::now());
        let stop = Stop::default();
        let watch = tokio::spawn(watch_for_ctrl_c(stop.clone()));
        let outcome = engine.apply(plan.clone(), spec.clone(), facts, &journal, &stop).await;
        watch.abort();
        let closed = journal.close(|state| outcome.record(state, &plan, spec.as_deref())).await;
        let outputs = closed.as_ref().map(|state| state.outputs.clone()).unwrap_or_default();
        let (elapsed, calls) = (started.elapsed(), self.connection.calls());
        summary::show(&plan, &outcome, &outputs, elapsed, &calls, (self.again, self.output));
        let deed = Deed::of(self.again.verb(), &plan, &outcome);
        deed.remember(&*self.connection.session.store, &closed?, self.output).await;
        Ok(exit(&outcome))
    }
}

fn exit(outcome: &Outcome) -> Exit {
    match (outcome.is_complete(), outcome.stopped) {
        (true, _) => Exit::Success,
        (false, true) if outcome.failed.is_empty() => Exit::Stopped,
        (false, _) => Exit::Failure,
    }
}

/// Whether the user can affirm what is planned. Asked before anything is done.
pub(crate) fn can_ask(yes: bool, output: &Output) -> Result<(), CliError> {
    match yes || output.can_ask() {
        true => Ok(()),
        false => Err(CliError::argument("nobody is there to be asked", "add `--yes` to go on without asking")),
    }
}

/// Asks, unless `yes` was said before.
pub(crate) fn affirmed(yes: bool, question: &str, output: &Output) -> Result<(), CliError> {
    match yes || output.ask(&format!("{question} Only `yes` goes on:")) {
        true => Ok(()),
        false => {
            Err(CliError::argument("not confirmed: nothing was changed", "run the command again to be asked anew"))
        }
    }
}

/// The first Ctrl-C stops gently, the second leaves at once: the journal has the rest.
async fn watch_for_ctrl_c(stop: Stop) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.stop();
        if tokio::signal::ctrl_c().await.is_ok() {
            #[expect(clippy::disallowed_methods, reason = "the user asked to leave at once; the journal is durable")]
            std::process::exit(130);
        }
    }
}
