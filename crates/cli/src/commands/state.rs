//! `provision state`: what is recorded.

use serde_json::json;

use crate::args::StateCommand;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::session;

/// Lists or shows. Needs neither lock nor credentials.
pub(crate) async fn run(command: &StateCommand, output: &Output) -> Result<Exit, CliError> {
    match command {
        StateCommand::List { which, place } => {
            let state = session::stored(place, &session::stack_of(which)?).await?;
            list(&state, output);
        }
        StateCommand::Show { which, place } => {
            let (stack, address) = session::in_stack(which)?;
            let address = address.ok_or_else(|| {
                CliError::argument("no resource is named", "give its address, as `provision state list` shows it")
            })?;
            let state = session::stored(place, &stack).await?;
            let address = session::address(&address)?;
            let resource = state.resources.get(&address).ok_or_else(|| {
                CliError::argument(
                    format!("the state of `{stack}` has no `{address}`"),
                    "`provision state list` shows what it has",
                )
            })?;
            output.document(resource);
        }
    }
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
