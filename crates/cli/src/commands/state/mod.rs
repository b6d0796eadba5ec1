//! `provision state`: what is recorded.

mod carry;
mod change;

use std::path::Path;

use provision_core::address::Address;
use serde_json::json;

use crate::args::{InStack, PlaceArgs, StateCommand};
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;
use crate::stack::Stack;

/// Looks into the state, changes it under its lock, or carries it elsewhere.
pub(crate) async fn run(command: &StateCommand, output: &Output) -> Result<Exit, CliError> {
    match command {
        StateCommand::List { which, place } => {
            list(&Stack::which(which, place)?.stored().await?, output);
            Ok(Exit::Success)
        }
        StateCommand::Show { which, place } => {
            let (stack, [address]) = meant(which, place, "no resource is named")?;
            show(&stack, &address, output).await
        }
        StateCommand::Mv { which, place } => {
            let (stack, [from, to]) =
                meant(which, place, "two addresses are needed: the one so far, the one from now on")?;
            change::mv(&stack, &from, &to, output).await
        }
        StateCommand::Rm { which, place, interrupted, yes } => {
            let (stack, [address]) = meant(which, place, "no resource is named")?;
            match interrupted {
                true => change::give_up(&stack, &address, *yes, output).await,
                false => change::rm(&stack, &address, *yes, output).await,
            }
        }
        StateCommand::Pull { which, place } => carry::pull(&Stack::which(which, place)?, output).await,
        StateCommand::Push { which, place } => {
            let (stack, [file]) = meant(which, place, "no file is named")?;
            carry::push(&stack, Path::new(&file), output).await
        }
        StateCommand::Migrate { which, place, to } => carry::migrate(&Stack::which(which, place)?, to, output).await,
    }
}

/// The stack and as many words as are needed; `missing` says that there are fewer.
fn meant<const N: usize>(which: &InStack, place: &PlaceArgs, missing: &str) -> Result<(Stack, [String; N]), CliError> {
    let (stack, words) = Stack::with_words(which, place, N)?;
    let hint = "give addresses as `provision state list` shows them";
    Ok((stack, words.try_into().map_err(|_| CliError::argument(missing, hint))?))
}

fn unknown(stack: &str, address: &Address) -> CliError {
    CliError::argument(format!("the state of `{stack}` has no `{address}`"), "`provision state list` shows what it has")
}

async fn show(stack: &Stack, address: &str, output: &Output) -> Result<Exit, CliError> {
    let address = session::address(address)?;
    let state = stack.stored().await?;
    output.document(state.resources.get(&address).ok_or_else(|| unknown(&stack.name, &address))?);
    Ok(Exit::Success)
}

fn list(state: &provision_core::state::State, output: &Output) {
    let rows = state.resources.iter().map(|(address, resource)| {
        let id = resource.current.as_ref().map(|current| current.id.to_string());
        let condition = match &resource.current {
            _ if resource.pending.is_some() => "interrupted",
            None => "absent",
            Some(current) if !current.settled => "unfinished",
            Some(_) if !resource.deposed.is_empty() => "replaced, the old one not deleted yet",
            Some(_) => "",
        };
        (address.to_string(), resource.kind.as_str(), id.unwrap_or_default(), condition)
    });
    if output.is_json() {
        let rows = rows.map(|(address, kind, id, condition)| {
            json!({ "address": address, "kind": kind, "id": id, "condition": condition })
        });
        return output.document(&rows.collect::<Vec<_>>());
    }
    let rows: Vec<_> = rows.collect();
    let width = |column: fn(&(String, &str, String, &str)) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let (first, second) = (width(|row| row.0.len()), width(|row| row.1.len()));
    for (address, kind, id, condition) in &rows {
        output.line(format!("{address:first$}  {kind:second$}  {id}  {condition}").trim_end());
    }
}
