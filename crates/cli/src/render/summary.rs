//! What came of an apply.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use provision_core::address::Address;
use provision_core::plan::{Plan, Step};
use provision_engine::apply::{Outcome, Skipped, StepError};
use serde_json::{Value as Json, json};

use super::course::Course;
use super::{plan::action_name, style, value};
use crate::again::Again;
use crate::commands::history::Deed;
use crate::hint;
use crate::output::Output;

/// Tells what was done, what failed and what to do next, and the outputs.
pub(crate) fn show(
    plan: &Plan,
    outcome: &Outcome,
    outputs: &BTreeMap<String, Json>,
    elapsed: Duration,
    calls: &BTreeMap<String, u64>,
    (again, output): (&Again, &Output),
) {
    if output.is_json() {
        return output.event(&data(plan, outcome, outputs, elapsed, calls, again));
    }
    for (step, error) in &outcome.failed {
        show_failure(&plan.steps[*step].address, error, again, output);
    }
    for skipped in &outcome.skipped {
        output.note(format!("{} {}", style::change("not started:"), not_started(plan, outcome, skipped)));
    }
    if !plan.is_empty() {
        output.line(sentence(plan, outcome, elapsed, calls.values().sum(), again.verb()));
        Course::past(plan, outcome).floor_line(elapsed).into_iter().for_each(|line| output.line(line));
    }
    if !outputs.is_empty() {
        output.line("\nOutputs:");
        let width = outputs.keys().map(String::len).max().unwrap_or(0);
        for (name, found) in outputs {
            output.line(format!("  {name:width$} = {}", value::inline(&value::shown(found))));
        }
    }
}

fn show_failure(address: &Address, error: &StepError, again: &Again, output: &Output) {
    output.note(format!("{} {}: {error}", style::error("failed:"), style::strong(&address.to_string())));
    if let Some(hint) = hint::of_step(error, address, again) {
        output.note(format!("  {} {}", style::hint("help:"), hint.text));
    }
}

/// `web waits for subnet, which failed`.
fn not_started(plan: &Plan, outcome: &Outcome, skipped: &Skipped) -> String {
    let address = &plan.steps[skipped.step].address;
    let behind = waits_for(plan, skipped);
    match behind.len() {
        0 if outcome.stopped => format!("{address}, because the run was stopped before its turn"),
        0 => format!("{address}, because the run ended before its turn"),
        _ => format!("{address} waits for {}, which failed", behind.join(" and ")),
    }
}

/// The addresses whose failure kept a step from its start.
fn waits_for(plan: &Plan, skipped: &Skipped) -> Vec<String> {
    let addresses: BTreeSet<String> = skipped.behind.iter().map(|&step| plan.steps[step].address.to_string()).collect();
    addresses.into_iter().collect()
}

/// `Done: 3 created, 1 deleted in 4.2 s with 31 calls.`
fn sentence(plan: &Plan, outcome: &Outcome, elapsed: Duration, calls: u64, verb: &str) -> String {
    let names = ["created", "replaced", "updated", "imported", "deleted", "let go of", "moved"];
    let counts = Deed::of("", plan, outcome).counts;
    let done = names.iter().filter_map(|name| Some(format!("{} {name}", counts.get(*name)?)));
    let done: Vec<String> = done.collect();
    let done = if done.is_empty() { "nothing done".to_owned() } else { done.join(", ") };
    let head = match (outcome.is_complete(), outcome.stopped) {
        (true, _) => style::good("Done:"),
        (false, true) => style::change("Stopped:"),
        (false, false) => style::error("Incomplete:"),
    };
    let rest = match (outcome.failed.len(), outcome.skipped.len()) {
        (0, 0) => String::new(),
        (failed, skipped) => format!("; {failed} failed, {skipped} not started: {verb} again to go on from here"),
    };
    format!("{head} {done} in {:.1} s with {calls} calls{rest}.", elapsed.as_secs_f64())
}

fn data(
    plan: &Plan,
    outcome: &Outcome,
    outputs: &BTreeMap<String, Json>,
    elapsed: Duration,
    calls: &BTreeMap<String, u64>,
    again: &Again,
) -> Json {
    let address = |step: &usize| plan.steps[*step].address.to_string();
    let failed = outcome.failed.iter().map(|(step, error)| failure(&plan.steps[*step], error, again));
    let not_started = outcome.skipped.iter();
    let not_started = not_started.map(|it| json!({ "address": address(&it.step), "waits_for": waits_for(plan, it) }));
    let done = outcome
        .done
        .iter()
        .map(|step| json!({ "address": address(step), "action": action_name(plan.steps[*step].action) }));
    let course = Course::past(plan, outcome);
    json!({
        "event": "summary",
        "done": done.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "not_started": not_started.collect::<Vec<_>>(),
        "stopped": outcome.stopped,
        "seconds": elapsed.as_secs_f64(),
        "floor": course.data(),
        "times_the_floor": elapsed.div_duration_f64(course.total().max(Duration::from_millis(1))),
        "calls": calls,
        "outputs": outputs.iter().map(|(name, found)| (name.clone(), value::shown(found))).collect::<serde_json::Map<_, _>>(),
    })
}

/// A failed step, with all that AWS said of it.
fn failure(step: &Step, error: &StepError, again: &Again) -> Json {
    let hint = hint::of_step(error, &step.address, again);
    let mut data = json!({
        "address": step.address,
        "kind": step.kind,
        "action": action_name(step.action),
        "message": error.to_string(),
        "help": hint.as_ref().map(|hint| &hint.text),
    });
    if let Some(data) = data.as_object_mut() {
        data.extend(hint::details(error.cloud(), hint.as_ref()));
    }
    data
}
