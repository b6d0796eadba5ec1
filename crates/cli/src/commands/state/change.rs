//! `provision state mv` and `rm`: what is recorded under which address.

use provision_core::address::Address;
use provision_core::state::{Record, Resource, State};
use provision_core::store::Store;
use provision_engine::edit::edit;

use crate::commands::apply::{affirmed, can_ask};
use crate::commands::history::Deed;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session::{self, holder};
use crate::stack::Stack;

/// Gives what is at one address another.
pub(super) async fn mv(stack: &Stack, from: &str, to: &str, output: &Output) -> Result<Exit, CliError> {
    let (from, to) = (session::address(from)?, session::address(to)?);
    let decide = |state: Option<&State>| {
        known(stack, state, &from)?;
        if state.is_some_and(|state| state.resources.contains_key(&to)) {
            let hint = "move or remove that one first";
            return Err(CliError::argument(format!("the state of `{}` already has `{to}`", stack.name), hint));
        }
        Ok(Record::Moved { from: from.clone(), to: to.clone() })
    };
    let store = stack.store().await?;
    change(&*store, ("state mv", "moved"), decide, output).await?;
    output.note(format!("`{from}` is `{to}` now: let the spec say the same, or the next apply deletes it"));
    Ok(Exit::Success)
}

/// Forgets a resource; it stays as it is.
pub(super) async fn rm(stack: &Stack, address: &str, yes: bool, output: &Output) -> Result<Exit, CliError> {
    let address = session::address(address)?;
    can_ask(yes, output)?;
    let store = stack.store().await?;
    let state = store.load().await?.map(|loaded| loaded.state);
    let resource = known(stack, state.as_ref(), &address)?;
    let ids = resource.current.iter().chain(&resource.deposed).map(|instance| instance.id.to_string());
    let ids = ids.collect::<Vec<_>>().join(", ");
    output.note(format!("`{address}` ({} {ids}) stays in AWS, and nothing looks after it any more.", resource.kind));
    if resource.pending.is_some() {
        output.note("A call on it was interrupted: what that may have made is not looked for any more either.");
    }
    affirmed(yes, "Forget it?", output)?;
    let decide =
        |state: Option<&State>| known(stack, state, &address).map(|_| Record::Forgotten { address: address.clone() });
    change(&*store, ("state rm", "let go of"), decide, output).await?;
    output.note(format!("forgotten; `provision import SPEC '{address}' ID` takes it back"));
    Ok(Exit::Success)
}

/// Forgets a create that was interrupted: what it may have made is not looked for any more.
pub(super) async fn give_up(stack: &Stack, address: &str, yes: bool, output: &Output) -> Result<Exit, CliError> {
    let address = session::address(address)?;
    can_ask(yes, output)?;
    let decide = |state: Option<&State>| -> Result<Record, CliError> {
        let pending = known(stack, state, &address)?.interrupted_create().ok_or_else(|| {
            let hint = "`provision state list` shows what is; without `--interrupted` the resource is forgotten";
            CliError::argument(format!("no create of `{address}` was interrupted"), hint)
        })?;
        Ok(Record::Refused { address: address.clone(), generation: pending.generation })
    };
    let store = stack.store().await?;
    let state = store.load().await?.map(|loaded| loaded.state);
    decide(state.as_ref())?;
    output.note(format!(
        "What an interrupted run may have made for `{address}` is not looked for any more; it stays in AWS."
    ));
    affirmed(yes, "Say that none of it is ours?", output)?;
    change(&*store, ("state rm --interrupted", "let go of"), decide, output).await?;
    output.note("forgotten; the next `provision apply` makes it anew");
    Ok(Exit::Success)
}

/// Records what `decide` says, and that it was done by this command.
async fn change(
    store: &dyn Store,
    (command, done): (&str, &str),
    decide: impl FnOnce(Option<&State>) -> Result<Record, CliError>,
    output: &Output,
) -> Result<(), CliError> {
    let state = edit(store, &holder(command), decide).await?;
    Deed::change(command, done).remember(store, &state, output).await;
    Ok(())
}

fn known<'s>(stack: &Stack, state: Option<&'s State>, address: &Address) -> Result<&'s Resource, CliError> {
    state.and_then(|state| state.resources.get(address)).ok_or_else(|| super::unknown(&stack.name, address))
}
