//! `provision destroy`: delete everything the state holds.

use provision_core::diagnostic::Sources;
use provision_core::fact::Facts;
use provision_engine::session::Limits;

use super::apply::{Run, can_ask, leave};
use crate::again::Again;
use crate::args::DestroyArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::progress;
use crate::session::{Connection, holder};
use crate::stack::Stack;

/// Works from the state alone (law 6): a spec only names the stack.
pub(crate) async fn run(args: &DestroyArgs, again: &Again, output: &Output) -> Result<Exit, CliError> {
    let stack = Stack::which(&args.which, &args.place)?;
    can_ask(args.run.yes, output)?;
    let observer = progress::observer(output);
    let lies = stack.recorded_place().await?;
    let connection = Connection::open(&stack, lies, observer, args.run.parallelism).await?;
    let journal = connection.session.begin(&holder("destroy")).await?;
    let (state, mut facts) = (journal.state(), Facts::default());
    let planned = connection.session.plan(&state, None, &mut facts, &Limits::default()).await;
    match planned.in_spec(&Sources::default()) {
        Ok(plan) => {
            let run = Run { connection: &connection, yes: args.run.yes, again, output };
            run.carry_out(journal, plan, None, facts).await
        }
        Err(error) => leave(journal, error).await,
    }
}
