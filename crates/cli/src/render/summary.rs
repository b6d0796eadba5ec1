//! What came of an apply.

use std::collections::BTreeMap;
use std::time::Duration;

use provision_core::plan::{Action, Plan};
use provision_engine::apply::{Outcome, StepError};
use serde_json::{Value as Json, json};

use super::{plan::action_name, style, value};
use crate::error::step_hint;
use crate::output::Output;

/// Tells what was done, what failed and what to do next, and the outputs.
pub(crate) fn show(
    plan: &Plan,
    outcome: &Outcome,
    outputs: &BTreeMap<String, Json>,
    elapsed: Duration,
    calls: &BTreeMap<String, u64>,
    output: &Output,
) {
    if output.is_json() {
        return output.event(&data(plan, outcome, outputs, elapsed, calls));
    }
    for (step, error) in &outcome.failed {
        show_failure(&plan.steps[*step].address.to_string(), error, output);
    }
    for &step in &outcome.skipped {
        output.note(format!("{} {} was not started", style::change("skipped:"), plan.steps[step].address));
    }
    if !plan.is_empty() {
        output.line(sentence(plan, outcome, elapsed, calls.values().sum()));
    }
    if !outputs.is_empty() {
        output.line("\nOutputs:");
        let width = outputs.keys().map(String::len).max().unwrap_or(0);
        for (name, found) in outputs {
            output.line(format!("  {name:width$} = {}", value::inline(&value::shown(found))));
        }
    }
}

fn show_failure(address: &str, error: &StepError, output: &Output) {
    output.note(format!("{} {}: {error}", style::error("failed:"), style::strong(address)));
    if let Some(hint) = step_hint(error, address) {
        output.note(format!("  {} {hint}", style::hint("help:")));
    }
}

/// `Done: 3 created, 1 deleted in 4.2 s with 31 calls.`
fn sentence(plan: &Plan, outcome: &Outcome, elapsed: Duration, calls: u64) -> String {
    let count = |is: fn(Action) -> bool| outcome.done.iter().filter(|step| is(plan.steps[**step].action)).count();
    let done = [
        (count(|action| matches!(action, Action::Create { replaces: false })), "created"),
        (count(|action| matches!(action, Action::Create { replaces: true })), "replaced"),
        (count(|action| action == Action::Update), "updated"),
        (count(|action| action == Action::Adopt), "imported"),
        (count(|action| matches!(action, Action::Delete { replaced: false, .. })), "deleted"),
        (count(|action| action == Action::Forget), "let go of"),
    ];
    let moved = (!plan.moves.is_empty()).then(|| format!("{} moved", plan.moves.len()));
    let done: Vec<String> = done
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .chain(moved)
        .collect();
    let done = if done.is_empty() { "nothing done".to_owned() } else { done.join(", ") };
    let head = match (outcome.is_complete(), outcome.stopped) {
        (true, _) => style::good("Done:"),
        (false, true) => style::change("Stopped:"),
        (false, false) => style::error("Incomplete:"),
    };
    let rest = match (outcome.failed.len(), outcome.skipped.len()) {
        (0, 0) => String::new(),
        (failed, skipped) => format!("; {failed} failed, {skipped} not started: apply again to go on from here"),
    };
    format!("{head} {done} in {:.1} s with {calls} calls{rest}.", elapsed.as_secs_f64())
}

fn data(
    plan: &Plan,
    outcome: &Outcome,
    outputs: &BTreeMap<String, Json>,
    elapsed: Duration,
    calls: &BTreeMap<String, u64>,
) -> Json {
    let address = |step: &usize| plan.steps[*step].address.to_string();
    let failed = outcome.failed.iter().map(|(step, error)| {
        let address = address(step);
        json!({ "address": address, "message": error.to_string(), "help": step_hint(error, &address) })
    });
    let done = outcome
        .done
        .iter()
        .map(|step| json!({ "address": address(step), "action": action_name(plan.steps[*step].action) }));
    json!({
        "event": "summary",
        "done": done.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "skipped": outcome.skipped.iter().map(address).collect::<Vec<_>>(),
        "stopped": outcome.stopped,
        "seconds": elapsed.as_secs_f64(),
        "calls": calls,
        "outputs": outputs.iter().map(|(name, found)| (name.clone(), value::shown(found))).collect::<serde_json::Map<_, _>>(),
    })
}
