//! `provision unlock`: take a lock from whoever holds it.

use serde_json::json;

use super::apply::{affirmed, can_ask};
use crate::args::UnlockArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::stack::Stack;

/// Shows who holds the lock, asks, and takes it away.
pub(crate) async fn run(args: &UnlockArgs, output: &Output) -> Result<Exit, CliError> {
    let stack = Stack::which(&args.which, &args.place)?;
    let store = stack.store().await?;
    let holder = store.holder().await?;
    if output.is_json() {
        output.event(&json!({ "event": "lock", "stack": stack.name, "holder": holder }));
    }
    let Some(holder) = holder else {
        output.note(format!("the state of `{}` in {} is not locked", stack.name, stack.place));
        return Ok(Exit::Success);
    };
    output.note(format!("the state of `{}` in {} is locked by {holder}", stack.name, stack.place));
    output.note("If that process is still at work it stops; what it has begun may be found only by the next apply.");
    can_ask(args.yes, output)?;
    affirmed(args.yes, "Take the lock away?", output)?;
    store.break_lock(&holder).await?;
    output.note("unlocked: `provision apply` goes on from what was recorded");
    Ok(Exit::Success)
}
