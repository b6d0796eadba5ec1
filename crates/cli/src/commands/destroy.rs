//! `provision destroy`: delete everything the state holds.

use provision_core::diagnostic::Sources;
use provision_core::spec::Facts;

use super::apply::{carry_out, leave};
use crate::args::DestroyArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::render::progress;
use crate::session::{self, Limits, Session};

/// Works from the state alone (law 6): a spec only names the stack.
pub(crate) async fn run(args: &DestroyArgs, output: &Output) -> Result<Exit, CliError> {
    let stack = session::stack_of(&args.which)?;
    let observer = progress::observer(output);
    let region = session::recorded_region(&args.place, &stack).await?;
    let session = Session::open(&stack, region.as_deref(), &args.place, observer, args.run.parallelism).await;
    let journal = session.begin("destroy").await?;
    let (state, facts) = (journal.state(), Facts::default());
    match session.plan(&state, None, &facts, &Limits::default(), &Sources::default()).await {
        Ok(plan) => carry_out(&session, journal, plan, None, facts, &args.run, output).await,
        Err(error) => leave(journal, error).await,
    }
}
