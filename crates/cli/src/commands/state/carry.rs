//! `provision state pull`, `push` and `migrate`: the state as a whole.

use std::path::Path;

use provision_core::state::State;
use provision_core::state::format::{decode_snapshot, encode_snapshot};
use provision_core::store::{StatePlace, StoreError};
use provision_engine::edit;

use crate::commands::history::Deed;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session::holder;
use crate::stack::{self, Stack};

/// Prints the state, with what an interrupted apply recorded.
pub(super) async fn pull(stack: &Stack, output: &Output) -> Result<Exit, CliError> {
    let text = encode_snapshot(&stack.stored().await?);
    let text = text.map_err(|error| StoreError::of_format(error, &stack.place.to_string()))?;
    output.line(text.trim_end());
    Ok(Exit::Success)
}

/// Stores the state in `file`, unless what is stored is newer or another.
pub(super) async fn push(stack: &Stack, file: &Path, output: &Output) -> Result<Exit, CliError> {
    let state = read(file)?;
    if state.stack != stack.name {
        let hint = "pull the state of this stack, change that, and push it";
        return Err(CliError::argument(format!("{} is the state of `{}`", file.display(), state.stack), hint));
    }
    let lineage = state.lineage.clone();
    let store = stack.store().await?;
    let serial = edit::push(&*store, &holder("state push"), state.clone()).await.map_err(refused)?;
    Deed::change("state push", "state stored").remember(&*store, &State { serial, ..state }, output).await;
    output.note(format!("stored with serial {serial}, lineage {lineage}"));
    Ok(Exit::Success)
}

fn read(file: &Path) -> Result<State, CliError> {
    let unread = |error| CliError::File { what: "read", path: file.to_owned(), error };
    let bytes = std::fs::read(file).map_err(unread)?;
    Ok(decode_snapshot(&bytes).map_err(|error| StoreError::of_format(error, &file.display().to_string()))?)
}

fn refused(error: StoreError) -> CliError {
    match error {
        StoreError::Stale { expected, found } => CliError::argument(
            format!(
                "the stored state has serial {found}, and this one {expected}: something was recorded since it was pulled"
            ),
            "pull again and make the change there; there is no way to force it, for what is owned would be forgotten",
        ),
        other => other.into(),
    }
}

/// Moves the state to another place, and leaves word of that.
pub(super) async fn migrate(stack: &Stack, to: &str, output: &Output) -> Result<Exit, CliError> {
    let to = absolute(stack::parse(to, "`--to`")?)?;
    if to == absolute(stack.place.clone())? {
        return Err(CliError::argument(format!("the state is in {to} already"), "give another place with `--to`"));
    }
    let (old, new) = (stack.store().await?, stack.at(to.clone()).store().await?);
    let state = edit::migrate(&*old, &*new, &to.to_string(), &holder("state migrate")).await?;
    Deed::change("state migrate", "state moved").remember(&*new, &state, output).await;
    output.note(format!("moved from {} to {to}, with serial {}", stack.place, state.serial));
    output.note(format!("Write `state: {to}` into the spec, or add `--state {to}`: the old place refuses to be used."));
    Ok(Exit::Success)
}

/// The same place, from whichever folder it is looked for.
fn absolute(place: StatePlace) -> Result<StatePlace, CliError> {
    let StatePlace::Folder(folder) = &place else { return Ok(place) };
    let unclear = |error| CliError::File { what: "find", path: folder.into(), error };
    Ok(StatePlace::Folder(std::path::absolute(folder).map_err(unclear)?.display().to_string()))
}
