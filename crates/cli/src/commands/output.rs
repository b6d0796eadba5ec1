//! `provision output`: the outputs of the last apply.

use serde_json::Value as Json;

use crate::args::OutputArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::render::value;
use crate::stack::Stack;

/// Prints one output bare, or all.
pub(crate) async fn run(args: &OutputArgs, output: &Output) -> Result<Exit, CliError> {
    let (stack, words) = Stack::with_words(&args.which, &args.place, 1)?;
    let outputs = stack.stored().await?.outputs;
    let Some(name) = words.first() else {
        show_all(&outputs, output);
        return Ok(Exit::Success);
    };
    let found = outputs.get(name).ok_or_else(|| {
        let known: Vec<&str> = outputs.keys().map(String::as_str).collect();
        CliError::argument(format!("`{}` has no output `{name}`", stack.name), format!("it has: {}", known.join(", ")))
    })?;
    match found {
        Json::String(text) if !output.is_json() => output.line(text),
        other => output.document(&value::shown(other)),
    }
    Ok(Exit::Success)
}

fn show_all(outputs: &std::collections::BTreeMap<String, Json>, output: &Output) {
    if output.is_json() {
        let shown: serde_json::Map<String, Json> =
            outputs.iter().map(|(name, found)| (name.clone(), value::shown(found))).collect();
        return output.document(&shown);
    }
    let width = outputs.keys().map(String::len).max().unwrap_or(0);
    for (name, found) in outputs {
        output.line(format!("{name:width$} = {}", value::inline(&value::shown(found))));
    }
}
